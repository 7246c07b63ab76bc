#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { MOST_GROUPS = 1024 };

static struct {
  struct nonet_ids ids;
  gid_t groups[MOST_GROUPS];
  int group_count;
} own;

// By the bare calls: the C library would have every thread of the process change, those too that are
// left behind in a read (patient.c) and never answer.
static int set_groups(const gid_t *groups, int count) {
  return (int)syscall(SYS_setgroups, (size_t)count, groups);
}
static int set_group(gid_t group) { return (int)syscall(SYS_setresgid, -1, group, -1); }
static int set_user(uid_t user) { return (int)syscall(SYS_setresuid, -1, user, -1); }

// setfsuid(2) and setfsgid(2) answer what was, also where nothing changed; -1 is never an id.
static uid_t file_user(void) { return (uid_t)syscall(SYS_setfsuid, -1); }
static gid_t file_group(void) { return (gid_t)syscall(SYS_setfsgid, -1); }

static int set_file_id(long call, unsigned wanted) {
  if ((unsigned)syscall(call, -1) == wanted) return 0;
  syscall(call, wanted);
  if ((unsigned)syscall(call, -1) == wanted) return 0;
  errno = EPERM;
  return -1;
}

static int capabilities(uint64_t *effective, uint64_t *permitted) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data)) return -1;
  *effective = data[0].effective | (uint64_t)data[1].effective << 32;
  *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  return 0;
}

static int set_effective(uint64_t wanted) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data)) return -1;
  data[0].effective = (uint32_t)wanted & data[0].permitted;
  data[1].effective = (uint32_t)(wanted >> 32) & data[1].permitted;
  return (int)syscall(SYS_capset, &header, data);
}

static void sort(gid_t *groups, int count) {
  for (int i = 1; i < count; i++) {
    gid_t one = groups[i];
    int j = i;
    for (; j > 0 && groups[j - 1] > one; j--) groups[j] = groups[j - 1];
    groups[j] = one;
  }
}

int nonet_remember_ids(void) {
  own.ids = (struct nonet_ids){geteuid(), getegid(), file_user(), file_group()};
  own.group_count = getgroups(MOST_GROUPS, own.groups);
  if (own.group_count < 0) return -1;
  sort(own.groups, own.group_count);
  return 0;
}

// Whether groups, sorted as the kernel keeps them (groups_sort in kernel/groups.c), are our own: a
// group that is there twice stands for no other.
static int have_groups(const gid_t *groups, int count) {
  return count == own.group_count &&
         (!count || !memcmp(groups, own.groups, (size_t)count * sizeof *groups));
}

void nonet_restore_ids(void) {
  uint64_t effective, permitted;
  // In this order: the user first, whose capabilities then set back the groups.
  int has_failed = geteuid() != own.ids.user && set_user(own.ids.user);
  has_failed = has_failed || capabilities(&effective, &permitted) ||
               (effective != permitted && set_effective(permitted));
  has_failed = has_failed || (getegid() != own.ids.group && set_group(own.ids.group));
  gid_t groups[MOST_GROUPS];
  int count = getgroups(MOST_GROUPS, groups);
  if (count > 0) sort(groups, count);
  has_failed = has_failed || count < 0 ||
               (!have_groups(groups, count) && set_groups(own.groups, own.group_count));
  has_failed = has_failed || set_file_id(SYS_setfsgid, own.ids.file_group) ||
               set_file_id(SYS_setfsuid, own.ids.file_user);
  // A change of ids may have made the process traceable again (commit_creds in kernel/cred.c).
  has_failed = has_failed || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!has_failed) return;
  // This process must not go on with the ids of another; the listener closes with it.
  static const char words[] = "nonet: the supervisor could not take its own ids back and ends\n";
  (void)!write(STDERR_FILENO, words, sizeof words - 1);
  _exit(125);
}

int nonet_take_ids(const struct nonet_ids *ids, const gid_t *groups, int group_count,
                   uint64_t effective) {
  uint64_t before, permitted;
  if (capabilities(&before, &permitted)) return -1;
  int failed = 0;
  if (!have_groups(groups, group_count)) failed = set_groups(groups, group_count);
  if (!failed && ids->group != own.ids.group) failed = set_group(ids->group);
  if (!failed) failed = set_file_id(SYS_setfsgid, ids->file_group);
  if (!failed && ids->user != own.ids.user) failed = set_user(ids->user);
  // Another effective user has no capabilities in effect, of which setfsuid needs one; the change of
  // ids then takes and gives some of its own (cap_task_fix_setuid), so the wanted ones come last.
  if (!failed && permitted && ids->file_user != ids->user) failed = set_effective(permitted);
  if (!failed) failed = set_file_id(SYS_setfsuid, ids->file_user);
  if (!failed && permitted) failed = set_effective(effective);
  if (!failed) failed = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!failed) return 0;
  int error = errno;
  nonet_restore_ids();
  errno = error;
  return -1;
}
