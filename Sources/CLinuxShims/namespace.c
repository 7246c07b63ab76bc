#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
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

static int write_file(const char *path, const char *text, size_t length) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  // A map is taken in one write or not at all.
  ssize_t written = write(file, text, length);
  int error = written < 0 ? errno : written == (ssize_t)length ? 0 : EIO;
  close(file);
  errno = error;
  return error ? -1 : 0;
}

// Maps every id that exists here onto itself in the namespace of `process`. Only a process outside
// that has CAP_SETUID may; see user_namespaces(7).
static int write_identity(int process, const char *which) {
  char own[32], target[64], map[4096], identity[4096];
  snprintf(own, sizeof own, "/proc/self/%s", which);
  snprintf(target, sizeof target, "/proc/%d/%s", process, which);
  int file = open(own, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = read(file, map, sizeof map - 1);
  int error = errno;
  close(file);
  if (length < 0) return errno = error, -1;
  map[length] = 0;
  size_t used = 0;
  for (char *line = map; line && *line;) {
    unsigned inside, outside, count;
    if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3)
      used += (size_t)snprintf(identity + used, sizeof identity - used, "%u %u %u\n", inside, inside,
                               count);
    if (used >= sizeof identity) return errno = E2BIG, -1;
    line = strchr(line, '\n');
    if (line) line++;
  }
  return write_file(target, identity, used);
}

// The maps of an ordinary user, who may map nobody but himself.
static int write_own_maps(uid_t user, gid_t group, int *step) {
  char map[64];
  *step = NONET_STEP_SETGROUPS;
  if (write_file("/proc/self/setgroups", "deny", 4)) return -1;
  *step = NONET_STEP_UID_MAP;
  int length = snprintf(map, sizeof map, "%u %u 1\n", user, user);
  if (write_file("/proc/self/uid_map", map, (size_t)length)) return -1;
  *step = NONET_STEP_GID_MAP;
  length = snprintf(map, sizeof map, "%u %u 1\n", group, group);
  return write_file("/proc/self/gid_map", map, (size_t)length);
}

// A child that sends no SIGCHLD: the command that comes after us shall not find one pending, and
// a caller who ignores that signal shall not reap the child before we do.
static pid_t fork_quietly(void) { return (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0); }

static int wait_for(pid_t child) {
  while (waitpid(child, NULL, __WALL) < 0)
    if (errno != EINTR) return -1;
  return 0;
}

// Unshares, and lets a child that stays outside write the maps of all ids.
static int unshare_with_all_ids(int *step) {
  struct report *report = new_report();
  int gate[2];
  *step = NONET_STEP_FORK;
  if (!report || pipe2(gate, O_CLOEXEC)) return -1;
  report->step = NONET_STEP_FORK;
  pid_t parent = getpid();
  pid_t child = fork_quietly();
  if (child < 0) return -1;
  if (child == 0) {
    char byte;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(0);
    report->step = NONET_STEP_UID_MAP;
    int failed = write_identity(parent, "uid_map");
    if (!failed) {
      report->step = NONET_STEP_GID_MAP;
      failed = write_identity(parent, "gid_map");
    }
    report->error = failed ? errno : 0;
    if (!failed) report->step = NONET_STEP_DONE;
    _exit(0);
  }
  *step = NONET_STEP_UNSHARE;
  int failed = unshare(CLONE_NEWUSER | CLONE_NEWNET);
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

static int raise_loopback(void) {
  int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return -1;
  struct ifreq request = {.ifr_name = "lo"};
  int failed = ioctl(probe, SIOCGIFFLAGS, &request);
  request.ifr_flags |= IFF_UP;
  if (!failed) failed = ioctl(probe, SIOCSIFFLAGS, &request);
  int error = errno;
  close(probe);
  errno = error;
  return failed;
}

int nonet_enter_network_namespace(int *step) {
  uid_t user = geteuid();
  gid_t group = getegid();
  if (user == 0) {
    if (unshare_with_all_ids(step)) return -1;
  } else {
    *step = NONET_STEP_UNSHARE;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) return -1;
    if (write_own_maps(user, group, step)) return -1;
  }
  *step = NONET_STEP_LOOPBACK;
  if (raise_loopback()) return -1;
  *step = NONET_STEP_DONE;
  return 0;
}

int nonet_probe_network_namespace(int *step) {
  *step = NONET_STEP_FORK;
  struct report *report = new_report();
  if (!report) return -1;
  report->step = NONET_STEP_FORK;
  pid_t child = fork_quietly();
  if (child < 0) return -1;
  if (child == 0) {
    int reached = NONET_STEP_FORK;
    if (nonet_enter_network_namespace(&reached)) report->error = errno;
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
