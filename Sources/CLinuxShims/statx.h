// statx(2), which not every C library has; as include/uapi/linux/stat.h has it.
#ifndef STATX_H
#define STATX_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct nonet_statx_time {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t unused;
};

struct nonet_statx {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t names, user, group;
  uint16_t mode, unused;
  uint64_t inode, size, blocks, attributes_mask;
  struct nonet_statx_time accessed, made, changed, modified;
  uint32_t special_major, special_minor, device_major, device_minor;
  uint64_t mount; // Linux 5.8
  uint64_t later[13];
};

_Static_assert(sizeof(struct nonet_statx) == 0x100, "struct statx");

enum {
  NONET_STATX_CHANGED = 0x80,
  NONET_STATX_INODE = 0x100,
  NONET_STATX_BASIC = 0x7ff,
  NONET_STATX_MADE = 0x800,
  NONET_STATX_MOUNT = 0x1000,
  NONET_STATX_IS_MOUNT_ROOT = 0x2000, // of the attributes
  NONET_STATX_EMPTY_PATH = 0x1000,    // of the flags
  NONET_STATX_DO_NOT_SYNC = 0x4000
};

static inline int nonet_statx(int folder, const char *path, int flags, unsigned mask,
                              struct nonet_statx *found) {
  return (int)syscall(SYS_statx, folder, path, flags, mask, found);
}

#endif
