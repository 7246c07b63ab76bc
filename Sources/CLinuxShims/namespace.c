#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "statx.h"
#include "text.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// What a child tells its parent, in memory that both see: no pipe can be lost or inherited.
struct report {
  volatile int step;
  volatile int error;
};

static struct report *new_report(void) {
  void *memory =
      mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

// What happens to ids is asked of and written to the folder of this very process, which stays its own
// while names and numbers in /proc may be another's.
static int write_file(int own, const char *name, const char *text, size_t length) {
  int file = openat(own, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return -1;
  // A map is taken in one write or not at all.
  ssize_t written = write(file, text, length);
  int error = written < 0 ? errno : written == (ssize_t)length ? 0 : EIO;
  close(file);
  errno = error;
  return error ? -1 : 0;
}

// A map in text; the kernel takes one of up to a page.
struct map {
  char text[4096];
  size_t length;
};

// A line of a map: so many ids from one number on are those from another on.
static char *append_line(char *to, unsigned inside, unsigned outside, unsigned count) {
  to = nonet_append(nonet_append_number(to, inside), " ");
  to = nonet_append(nonet_append_number(to, outside), " ");
  return nonet_append(nonet_append_number(to, count), "\n");
}

// Every id that exists here, mapped onto itself.
static int read_identity(int own, const char *name, struct map *identity) {
  char map[4096];
  int file = openat(own, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return -1;
  ssize_t length = read(file, map, sizeof map);
  int error = errno;
  close(file);
  if (length < 0) return errno = error, -1;
  if (length == sizeof map) return errno = E2BIG, -1;
  map[length] = 0;
  char *end = identity->text;
  for (char *line = map; line && *line;) {
    enum { LONGEST = 3 * 11 + 1 }; // three numbers, what is behind each, and the end
    if (end + LONGEST > identity->text + sizeof identity->text) return errno = E2BIG, -1;
    unsigned inside, outside, count;
    const char *next = nonet_read_number(line, &inside);
    if (next) next = nonet_read_number(next, &outside);
    if (next && nonet_read_number(next, &count)) end = append_line(end, inside, inside, count);
    line = strchr(line, '\n');
    if (line) line++;
  }
  identity->length = (size_t)(end - identity->text);
  return 0;
}

// The maps of an ordinary user, who may map nobody but himself.
static int write_own_maps(int own, uid_t user, gid_t group, int *step) {
  char map[64];
  *step = NONET_STEP_SETGROUPS;
  if (write_file(own, "setgroups", "deny", 4)) return -1;
  *step = NONET_STEP_UID_MAP;
  if (write_file(own, "uid_map", map, (size_t)(append_line(map, user, user, 1) - map))) return -1;
  *step = NONET_STEP_GID_MAP;
  return write_file(own, "gid_map", map, (size_t)(append_line(map, group, group, 1) - map));
}

// A child that sends no SIGCHLD: the command that comes after us must not find one pending, and
// a caller that ignores that signal must not reap the child before we do.
static pid_t fork_quietly(void) { return (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0); }

static int wait_for(pid_t child) {
  while (waitpid(child, NULL, __WALL) < 0)
    if (errno != EINTR) return -1;
  return 0;
}

// Unshares, and lets a child that stays outside write the maps of all ids: only a process outside that
// has CAP_SETUID and CAP_SETGID may; see user_namespaces(7).
static int unshare_with_all_ids(int own, int namespaces, int *step) {
  struct map users, groups;
  *step = NONET_STEP_UID_MAP;
  if (read_identity(own, "uid_map", &users)) return -1;
  *step = NONET_STEP_GID_MAP;
  if (read_identity(own, "gid_map", &groups)) return -1;
  *step = NONET_STEP_MEMORY;
  struct report *report = new_report();
  if (!report) return -1;
  int gate[2];
  *step = NONET_STEP_PIPE;
  if (pipe2(gate, O_CLOEXEC)) return -1;
  *step = report->step = NONET_STEP_FORK;
  pid_t child = fork_quietly();
  if (child < 0) return -1;
  if (child == 0) {
    char byte;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(0);
    report->step = NONET_STEP_UID_MAP;
    int failed = write_file(own, "uid_map", users.text, users.length);
    if (!failed) {
      report->step = NONET_STEP_GID_MAP;
      failed = write_file(own, "gid_map", groups.text, groups.length);
    }
    report->error = failed ? errno : 0;
    if (!failed) report->step = NONET_STEP_DONE;
    _exit(0);
  }
  *step = NONET_STEP_UNSHARE;
  int failed = unshare(namespaces);
  int error = errno;
  // Without the byte the child leaves as soon as the gate closes. Our own reading end is still open,
  // so that a child that is gone already costs no SIGPIPE.
  if (!failed && write(gate[1], "", 1) != 1) failed = -1, error = errno;
  close(gate[0]);
  close(gate[1]);
  if (wait_for(child)) failed = -1, error = errno;
  if (!failed && report->step != NONET_STEP_DONE) {
    *step = report->step;
    failed = -1, error = report->error ? report->error : ECHILD;
  }
  munmap(report, sizeof *report);
  errno = error;
  return failed ? -1 : 0;
}

static int unshare_with_ids(int own, int namespaces, int *step) {
  uid_t user = geteuid();
  gid_t group = getegid();
  if (user == 0) return unshare_with_all_ids(own, namespaces, step);
  *step = NONET_STEP_UNSHARE;
  if (unshare(namespaces)) return -1;
  return write_own_maps(own, user, group, step);
}

static int enter(int has_network, int is_trial, int *step) {
  *step = NONET_STEP_PROC;
  int own = nonet_open_own_folder();
  if (own < 0) return -1;
  int namespaces = CLONE_NEWUSER | (has_network ? CLONE_NEWNET : 0);
  int has_ipv6 = is_trial ? -1 : has_network && nonet_has_ipv6();
  int failed = unshare_with_ids(own, namespaces, step), error = errno;
  close(own);
  errno = error;
  if (failed || (has_network && nonet_raise_loopback(has_ipv6, step))) return -1;
  *step = NONET_STEP_DONE;
  return 0;
}

int nonet_enter_namespaces(int has_network, int *step) { return enter(has_network, 0, step); }

int nonet_probe_namespaces(int has_network, int *step) {
  *step = NONET_STEP_MEMORY;
  struct report *report = new_report();
  if (!report) return -1;
  *step = report->step = NONET_STEP_FORK;
  pid_t child = fork_quietly();
  if (child < 0) return -1;
  if (child == 0) {
    int reached = NONET_STEP_FORK;
    if (enter(has_network, 1, &reached)) report->error = errno;
    report->step = reached;
    _exit(0);
  }
  if (wait_for(child)) return -1;
  *step = report->step;
  int error = report->error;
  munmap(report, sizeof *report);
  errno = error ? error : ECHILD;
  return *step == NONET_STEP_DONE ? 0 : -1;
}

int nonet_refusal_of_unknown_unshare(void) {
  // Flags from 1 to 0x40 are a signal's number in clone(2) and nothing in unshare(2).
  return unshare(CLONE_NEWUSER | CLONE_NEWNET | 1) ? errno : 0;
}

int nonet_root_is_folder(void) {
  struct nonet_statx root;
  return !nonet_statx(AT_FDCWD, "/", 0, 0, &root) &&
         (root.attributes_mask & ~root.attributes & NONET_STATX_IS_MOUNT_ROOT) != 0;
}
