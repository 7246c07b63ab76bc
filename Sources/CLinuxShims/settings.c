#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>

// Newer than some headers, or in none: include/uapi/linux/magic.h, include/linux/statfs.h (ST_*).
#ifndef BINFMTFS_MAGIC
#define BINFMTFS_MAGIC 0x42494e4d
#endif
#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif
#ifndef CONFIGFS_MAGIC
#define CONFIGFS_MAGIC 0x62656570
#endif
enum { NFSD_MAGIC = 0x6e667364, FLAG_RELATIME = 0x1000 };

int nonet_is_settable(void) {
  if (!access("/proc/sys/kernel/core_pattern", W_OK)) return 1;
  if (errno == EACCES) return 0;
  // This one place may be covered, or be none of this procfs, and others not. Who has CAP_SYS_ADMIN can cover those too.
  uint64_t permitted;
  if (errno != EROFS && errno != ENOENT && errno != ENOTDIR) return -1;
  return nonet_permitted_capabilities(&permitted) ? -1 : permitted >> 21 & 1;
}

int nonet_own_mounts(void) {
  if (unshare(CLONE_NEWNS)) return -1;
  // What others mount later must not come in (mount_namespaces(7)), a procfs for one. In a chroot(2) the root is no
  // mount, and it does.
  if (!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || errno == EINVAL) return 0;
  return -1;
}

// A mount keeps what it was made with: in another user namespace these flags cannot be taken away.
static unsigned long flags_of(const struct statfs *system) {
  unsigned long flags = (unsigned long)system->f_flags;
  unsigned long same = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME;
  unsigned long time = flags & FLAG_RELATIME ? MS_RELATIME : flags & MS_NOATIME ? 0 : MS_STRICTATIME;
  return (flags & same) | time;
}

static int make_readonly(const char *path, const struct statfs *system) {
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | flags_of(system);
  return mount(NULL, path, NULL, flags, NULL);
}

// The settings of a procfs, as a mount of their own. What lies upon them (binfmt_misc, its automounter)
// is left behind, or, where another user namespace has locked it there, taken along and dealt with by
// its own line of the list.
static int cover(const char *mounted, const char *settings, const struct statfs *system) {
  if (mount(NULL, mounted, NULL, MS_SLAVE, NULL)) return -1;
  if (mount(settings, settings, NULL, MS_BIND, NULL)) {
    if (errno != EINVAL) return -1;
    if (mount(settings, settings, NULL, MS_BIND | MS_REC, NULL)) return -1;
    if (mount(NULL, settings, NULL, MS_PRIVATE | MS_REC, NULL)) return -1;
  }
  return make_readonly(settings, system);
}

int nonet_close_settings(const char *path) {
  struct statfs system;
  if (statfs(path, &system)) return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  switch ((unsigned long)system.f_type) {
  case PROC_SUPER_MAGIC: {
    char settings[PATH_MAX];
    size_t length = strcmp(path, "/") ? strlen(path) : 0;
    if (length + sizeof "/sys" > sizeof settings) return errno = ENAMETOOLONG, -1;
    memcpy(settings, path, length);
    memcpy(settings + length, "/sys", sizeof "/sys");
    struct stat status;
    if (stat(settings, &status)) {
      if (errno != ENOENT && errno != ENOTDIR) return -1;
      // One process's part of a procfs, or the settings themselves, mounted alone.
      if (!make_readonly(path, &system)) return 0;
      // EINVAL: no mount any more, since what was here lies below a cover. That is read-only, and so is this.
      return errno == EINVAL && !statfs(path, &system) && system.f_flags & MS_RDONLY ? 0 : -1;
    }
    return cover(path, settings, &system);
  }
  case SYSFS_MAGIC:
  case CGROUP_SUPER_MAGIC:
  case CGROUP2_SUPER_MAGIC:
  case BINFMTFS_MAGIC:
  case DEBUGFS_MAGIC:
  case TRACEFS_MAGIC:
  case CONFIGFS_MAGIC:
  case SECURITYFS_MAGIC:
  case NFSD_MAGIC: return make_readonly(path, &system);
  }
  // Something else lies upon it, and nobody reaches it.
  return 0;
}

// By its name, which leads through the mounts that are read-only now. A folder in mounts that are not this process's
// own has none (getcwd(3): "(unreachable)"), nor has one that was removed or is hidden below a later mount: from there
// ".." can lead to settings that no name leads to. No command runs there.
int nonet_enter_working_folder(void) {
  char path[PATH_MAX];
  return getcwd(path, sizeof path) ? chdir(path) : -1;
}
