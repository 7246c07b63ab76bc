#define _GNU_SOURCE
#include "CLinuxShims.h"

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
