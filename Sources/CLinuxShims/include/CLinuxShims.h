// What Swift cannot say by itself: macros, variadic calls, errno, and what happens in a forked
// child. Nothing here allocates. Functions answer as system calls do: -1 and errno for a failure.
#ifndef CLINUXSHIMS_H
#define CLINUXSHIMS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
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

// supervise.c

// Blocks the signals that the supervisor passes on and answers a signalfd(2) for them.
int nonet_watch_signals(void);

// Takes that back, as the command must find it.
int nonet_unwatch_signals(void);

// Stops this process as the command was stopped, and comes back when it is continued.
void nonet_stop_self(int number);

// Becomes the reaper of orphans, and a process that others of the same user may not trace.
int nonet_become_supervisor(int *was_subreaper);
int nonet_set_subreaper(int is_subreaper);

// What a child needs to confine itself and become the command.
struct nonet_start {
  const void *filter; // a struct sock_filter[filter_count] that answers USER_NOTIF
  unsigned short filter_count;
  int has_landlock;
  uint64_t handled_net, scoped;
  const char *file;
  char *const *arguments;
};

// The step at which a child gave up.
enum nonet_stage {
  NONET_STAGE_NONE,
  NONET_STAGE_PARENT,
  NONET_STAGE_SIGNALS,
  NONET_STAGE_LANDLOCK,
  NONET_STAGE_FILTER,
  NONET_STAGE_EXEC
};

// How far the child is, in memory that both see.
struct nonet_progress {
  int listener; // -1 before there is one
  int failed;   // enum nonet_stage
  int error;
};

struct nonet_progress *nonet_new_progress(void);

// The child that confines itself and becomes the command. After its filter stands, `listener` is a
// descriptor of this process too.
pid_t nonet_start_supervised(const struct nonet_start *start, struct nonet_progress *progress);
int nonet_listener(const struct nonet_progress *progress);
int nonet_failed_stage(const struct nonet_progress *progress);

// One call that waits for an answer.
struct nonet_notification {
  uint64_t id;
  pid_t thread;
  uint32_t number;
  uint32_t arch;
  uint64_t arguments[6];
};

// From Linux 6.6 on the supervisor runs at once on the caller's processor, and the caller after it.
int nonet_wake_synchronously(int listener);

// ENOENT from these: the caller is gone.
int nonet_receive(int listener, struct nonet_notification *notification);
int nonet_refuse(int listener, uint64_t id, int number);
int nonet_continue(int listener, uint64_t id);
int nonet_is_waiting(int listener, uint64_t id);

// Raises the soft limit of descriptors, as far as the hard one lets it, and answers it.
int nonet_raise_descriptor_limit(unsigned long wanted);

// The same file away from 0, 1 and 2: where those are closed, a message must not end up in it.
static inline int nonet_above_standard(int descriptor) {
  if (descriptor < 0 || descriptor > 2) return descriptor;
  int above = fcntl(descriptor, F_DUPFD_CLOEXEC, 3), error = errno;
  close(descriptor);
  errno = error;
  return above;
}

static inline int nonet_open_log(const char *path) {
  return nonet_above_standard(
      open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
}

// A new file that takes another one's place once it is whole.
static inline int nonet_create_beside(const char *path) {
  return nonet_above_standard(
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
}

static inline int nonet_open_at(int folder, const char *path, int is_folder) {
  return openat(folder, path, O_RDONLY | O_CLOEXEC | (is_folder ? O_DIRECTORY : 0));
}

// bounded.c

// Has a thread watch over the calls below, which give up after 200 to 300 ms (ETIMEDOUT). EAGAIN from
// them: four that were given up wait in the kernel still, or nobody watches. The thread has the ids
// that this one has now.
int nonet_keep_watch(void);

// Reads at most 4096 bytes of a thread's memory, having somebody watch.
int nonet_read_memory_bounded(pid_t thread, uint64_t address, void *bytes, size_t count);

// openat2(2) and connect(2); without a bound as long as nobody has watched yet.
struct open_how;
int nonet_open_bounded(int folder, const char *path, const struct open_how *how);
int nonet_connect_bounded(int socket, const void *address, socklen_t size);

// unix.c

// The number of a process in pidfs, which no other process ever has (Linux 6.9); EOPNOTSUPP before.
int nonet_process_number(pid_t process, uint64_t *number);

// The same of whoever called listen on the socket that this one is connected to.
int nonet_peer_number(int socket, uint64_t *number);

// A pidfd of that process, also after its end from Linux 6.16 on (Linux 6.5).
int nonet_peer_handle(int socket);

// A copy of a descriptor from a thread's own table, or from its process's where the kernel has no
// handles of threads.
int nonet_duplicate_of_thread(pid_t thread, pid_t process, int descriptor);

// How openat2(2) resolves: never over links of /proc, which would be the supervisor's own.
enum nonet_resolve {
  NONET_RESOLVE_PLAIN = 0x02,
  NONET_RESOLVE_BENEATH = 0x0a,
  NONET_RESOLVE_IN_ROOT = 0x12
};

// An O_PATH descriptor of a file by a name of this process; links of /proc lead on.
int nonet_pin_here(const char *path);

// An O_PATH descriptor of a file: it stays that file whatever becomes of the name.
int nonet_pin(int folder, const char *path, int follows, uint64_t resolve);

// Whether a folder is this process's root, in the same mount: 1 or 0.
int nonet_is_own_root(int folder);

// What a file is.
struct nonet_file {
  uint64_t device, inode;
  uint32_t mode, owner, names;
  // When it was made, which not every file system tells, and when anything about it but its contents
  // was changed last, its names included. Nobody can set these.
  int has_times;
  struct timespec made, changed;
};

// Looks at an open file, without waiting for its file system.
int nonet_look_at(int file, struct nonet_file *found);

// A new AF_UNIX socket, not blocking, with what was set on another one.
int nonet_unix_socket_like(int model, int type);

// Connects to exactly that file.
int nonet_connect_pinned(int socket, int file);

// Puts a copy of `source` in the place of the caller's descriptor `number` (Linux 5.9).
int nonet_put_descriptor(int listener, uint64_t id, int source, int number, int closes_on_exec);

// The call that waits returns 0.
int nonet_succeed(int listener, uint64_t id);

// The ids by which the kernel decides: those that the other end of a socket is told, and those by which
// files are opened (credentials(7)).
struct nonet_ids {
  uid_t user;
  gid_t group;
  uid_t file_user;
  gid_t file_group;
};

// Takes ids, sorted groups and capabilities for a while, keeping the saved ones. After a failure they
// are the old ones; that they are taken back is certain, or the process ends.
int nonet_remember_ids(void);
int nonet_take_ids(const struct nonet_ids *ids, const gid_t *groups, int group_count,
                   uint64_t effective);
void nonet_restore_ids(void);

static inline int nonet_file_flags(int descriptor) { return fcntl(descriptor, F_GETFL); }
static inline int nonet_set_file_flags(int descriptor, int flags) {
  return fcntl(descriptor, F_SETFL, flags);
}

// wait(2)'s macros.
static inline int nonet_stop_signal(int status) { return WIFSTOPPED(status) ? WSTOPSIG(status) : 0; }
static inline int nonet_is_continued(int status) { return WIFCONTINUED(status); }
static inline int nonet_end_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
static inline int nonet_exit_status(int status) { return WEXITSTATUS(status); }

#endif
