#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>

// Newer than some headers; as include/uapi/linux/seccomp.h has them.
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

_Static_assert(SECCOMP_RET_USER_NOTIF == 0x7fc00000, "SeccompReturn.userNotification");

int nonet_wake_synchronously(int listener) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

_Static_assert(sizeof(struct seccomp_notif) == sizeof(struct nonet_slot), "struct nonet_slot");

int nonet_look(const struct nonet_slot *slot, struct nonet_notification *notification) {
  struct seccomp_notif raw;
  memcpy(&raw, slot, sizeof raw);
  if (!raw.id) return 0;
  notification->id = raw.id;
  notification->thread = (pid_t)raw.pid;
  notification->number = (uint32_t)raw.data.nr;
  notification->arch = raw.data.arch;
  for (int i = 0; i < 6; i++) notification->arguments[i] = raw.data.args[i];
  return 1;
}

int nonet_receive(int listener, struct nonet_slot *slot, struct nonet_notification *notification) {
  memset(slot, 0, sizeof *slot); // the kernel takes nothing but zeros
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, slot)) return -1;
  return nonet_look(slot, notification) ? 0 : (errno = ENOENT, -1);
}

int nonet_refuse(int listener, uint64_t id, int number) {
  struct seccomp_notif_resp answer = {.id = id, .error = -number};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int nonet_continue(int listener, uint64_t id) {
  struct seccomp_notif_resp answer = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int nonet_is_waiting(int listener, uint64_t id) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}
