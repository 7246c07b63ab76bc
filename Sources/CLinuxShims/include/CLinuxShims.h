// What Swift cannot say by itself: macros, variadic calls, errno, and what happens in a forked
// child. Nothing here allocates. Functions answer as system calls do: -1 and errno for a failure.
#ifndef CLINUXSHIMS_H
#define CLINUXSHIMS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

// errno is a macro over a thread's own variable, which no importer can see.
static inline int nonet_errno(void) { return errno; }
static inline void nonet_clear_errno(void) { errno = 0; }

// Every program declares this variable of the C library itself (environ(7)).
static inline char **nonet_environment(void) {
  extern char **environ;
  return environ;
}

// open(2) is variadic.
static inline int nonet_open_for_reading(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC);
}

static inline int nonet_open_for_writing(const char *path) {
  return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

static inline int nonet_create_file(const char *path, mode_t mode) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

// fcntl(2) is variadic too.
static inline int nonet_is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

// seccomp.c

// prctl(PR_SET_NO_NEW_PRIVS): from here on no execve gives privileges.
int nonet_set_no_new_privs(void);

// seccomp(SECCOMP_SET_MODE_FILTER), which glibc does not wrap. `instructions` is a
// struct sock_filter[count].
int nonet_install_filter(const void *instructions, unsigned short count);

// seccomp(SECCOMP_GET_ACTION_AVAIL), which installs nothing.
int nonet_probe_seccomp_action(uint32_t action);

// landlock.c

// The Landlock ABI, or -1 where the kernel has none.
int nonet_landlock_abi(void);

// A ruleset without rules: everything that is handled is refused.
int nonet_landlock_create_ruleset(uint64_t handled_net, uint64_t scoped);
int nonet_landlock_restrict_self(int ruleset);

// namespace.c

// How far entering a namespace got.
enum nonet_namespace_step {
  NONET_STEP_FORK,
  NONET_STEP_UNSHARE,
  NONET_STEP_SETGROUPS,
  NONET_STEP_UID_MAP,
  NONET_STEP_GID_MAP,
  NONET_STEP_LOOPBACK,
  NONET_STEP_DONE
};

// Enters a user namespace with the same ids and a network namespace whose `lo` is up.
int nonet_enter_network_namespace(int *step);

// The same in a child that then goes away.
int nonet_probe_network_namespace(int *step);

// ending.c

// From here on every signal that would end the process writes `words` to standard error and ends it
// with `status` instead, and so does an alarm after some seconds. `words` must stay where they are.
int nonet_end_on_signals(int status, const char *words, size_t length, unsigned seconds);

// check.c

// Whether programs of the 32-bit ABI run here: 1 or 0.
int nonet_probe_32bit(void);

#endif
