/* What `nonet -- cmd` does when everything is known beforehand: the yardstick of start-up time.
 *
 * The same system calls in the same order with the same filter, which `nonet --dump-bpf --format c`
 * wrote into filter.h; no options, no policy, no compiler. Linked as bin/nonet is. With FILTER_ALONE
 * it leaves the other layers out, so that the difference is what they cost.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "filter.h"

#ifndef FILTER_ALONE

/* Whether a descriptor may stay: no socket but AF_UNIX stream and seqpacket, and no io_uring. */
static int may_stay(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status)) return errno == EBADF ? 1 : -1;
  if (S_ISSOCK(status.st_mode)) {
    uint32_t domain, type;
    socklen_t size = sizeof domain;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size)) return 0;
    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size)) return 0;
    return domain == AF_UNIX && (type == SOCK_STREAM || type == SOCK_SEQPACKET);
  }
  if (status.st_mode & S_IFMT) return 1;
  static const char ring[] = "anon_inode:[io_uring]";
  char name[40], target[32];
  snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(name, target, sizeof target);
  return length < 0 ? -1 : (size_t)length != sizeof ring - 1 || memcmp(target, ring, sizeof ring - 1);
}

static int close_descriptors(void) {
  for (int descriptor = 0; descriptor < 3; descriptor++)
    if (may_stay(descriptor) != 1) return -1;
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return -1;
  int found[1024], count = 0, sees_itself = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    int descriptor = atoi(entry->d_name);
    if (descriptor == dirfd(folder)) sees_itself = 1;
    else if (descriptor > 2 && count < 1024) found[count++] = descriptor;
  }
  struct statfs system;
  if (!sees_itself || fstatfs(dirfd(folder), &system) || system.f_type != PROC_SUPER_MAGIC) return -1;
  closedir(folder);
  for (int i = 0; i < count; i++) {
    int answer = may_stay(found[i]);
    if (answer < 0 || (!answer && close(found[i]))) return -1;
  }
  return 0;
}

/* A Landlock domain that cuts abstract sockets and tracing, and nothing else. */
static int enter_domain(void) {
  enum { CREATE = 444, RESTRICT = 446 };
  struct { uint64_t files, net, scoped; } attributes = {0, 0, 1};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
  int ruleset = (int)syscall(CREATE, &attributes, sizeof attributes, 0);
  if (ruleset < 0 || syscall(RESTRICT, ruleset, 0)) return -1;
  return close(ruleset);
}

/* What can this machine do? */
static int probe(void) {
  uint32_t action = SECCOMP_RET_ERRNO;
  if (syscall(444, NULL, 0, 1) < 6) return -1;
  return (int)syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

#endif

int main(int argc, char **argv) {
  if (argc < 2) return 125;
  struct sock_fprog program = {sizeof FILTER / sizeof *FILTER, (struct sock_filter *)FILTER};
#ifdef FILTER_ALONE
  if (setenv("NONET", "default:seccomp", 1)) return 125;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 125;
#else
  if (probe()) return 125;
  if (setenv("NONET", "default:seccomp+landlock+descriptors", 1)) return 125;
  if (close_descriptors() || enter_domain()) return 125;
#endif
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) return 125;
  execvp(argv[1], argv + 1);
  return 127;
}
