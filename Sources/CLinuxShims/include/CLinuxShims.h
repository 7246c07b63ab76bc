// What Swift cannot say by itself: macros, variadic calls and errno. Nothing here allocates.
#ifndef CLINUXSHIMS_H
#define CLINUXSHIMS_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// errno is a macro over a thread's own variable, which no importer can see.
static inline int nonet_errno(void) { return errno; }

// open(2) is variadic.
static inline int nonet_open_for_reading(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC);
}

// prctl(PR_SET_NO_NEW_PRIVS), from here on no execve gives privileges.
int nonet_set_no_new_privs(void);

// seccomp(SECCOMP_SET_MODE_FILTER), which glibc does not wrap. `instructions` is a
// struct sock_filter[count].
int nonet_install_filter(const void *instructions, unsigned short count);

#endif
