#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "text.h"

#include <linux/magic.h>
#include <sys/vfs.h>

int nonet_is_procfs(int file) {
  struct statfs system;
  return !fstatfs(file, &system) && system.f_type == PROC_SUPER_MAGIC;
}

// The kernel leads /proc/self to the process that asks, by the numbers of the procfs's own pid namespace, and to
// nobody where that one does not see the asker (proc_self_get_link in fs/proc/self.c). What has been
// mounted there instead is told by a pipe that nobody else has: only our own folder shows it.
static int is_own_folder(int folder) {
  char name[32];
  struct stat made, seen;
  int ends[2];
  struct statfs system;
  if (fstatfs(folder, &system)) return 0;
  if (system.f_type != PROC_SUPER_MAGIC) return errno = ESRCH, 0;
  if (pipe2(ends, O_CLOEXEC)) return 0;
  nonet_append_number(nonet_append(name, "fd/"), (unsigned)ends[0]);
  int is_own = !fstat(ends[0], &made) && !fstatat(folder, name, &seen, 0) &&
               made.st_dev == seen.st_dev && made.st_ino == seen.st_ino;
  close(ends[0]);
  close(ends[1]);
  errno = ESRCH;
  return is_own;
}

int nonet_open_own_folder(void) {
  int folder = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || is_own_folder(folder)) return folder;
  int error = errno;
  close(folder);
  errno = error;
  return -1;
}

int nonet_is_only_name(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_PATH) != 0;
}
