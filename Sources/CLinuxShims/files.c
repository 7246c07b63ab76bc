#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <sys/syscall.h>
#include <sys/vfs.h>

int nonet_hold(int folder, const char *name) {
  return nonet_above_standard(openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

int nonet_open_folder(int folder, const char *name, int follows) {
  int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW);
  return nonet_above_standard(openat(folder, name, flags));
}

int nonet_open_in(int folder, const char *name, int flags, mode_t mode) {
  // Without O_NONBLOCK a FIFO of that name would be waited for.
  int always = O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;
  return nonet_above_standard(openat(folder, name, flags | always, mode));
}

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

int nonet_exchange(int folder, const char *one, const char *other) {
  return (int)syscall(SYS_renameat2, folder, one, folder, other, RENAME_EXCHANGE);
}

int nonet_close_on_exec(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

int nonet_lock(int descriptor) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(descriptor, F_OFD_SETLK, &whole);
}

int nonet_is_locked(int descriptor) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(descriptor, F_OFD_GETLK, &whole)) return -1;
  return whole.l_type != F_UNLCK;
}

int nonet_is_made_up(int descriptor) {
  struct statfs system;
  if (fstatfs(descriptor, &system)) return -1;
  // linux/magic.h: PROC_SUPER_MAGIC, TRACEFS_MAGIC and DEBUGFS_MAGIC, whose files have the type of ordinary ones.
  unsigned long type = (unsigned long)system.f_type;
  return type == 0x9fa0 || type == 0x74726163 || type == 0x64626720;
}
