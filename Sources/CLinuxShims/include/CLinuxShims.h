// What Swift cannot say by itself: macros, variadic calls, errno, and what happens in a forked
// child. Nothing here allocates. Functions answer as system calls do: -1 and errno for a failure.
#ifndef CLINUXSHIMS_H
#define CLINUXSHIMS_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
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

// socket(2): an enumeration in one C library and macros in another.
enum nonet_socket_type {
  NONET_STREAM = SOCK_STREAM,
  NONET_DATAGRAM = SOCK_DGRAM,
  NONET_RAW = SOCK_RAW,
  NONET_SEQUENCE = SOCK_SEQPACKET
};

// open(2) is variadic.
static inline int nonet_open_for_reading(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC);
}

static inline int nonet_open_without_waiting(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

// Whether a file is one that the kernel makes up as it is read, and may keep a reader waiting; -1 and errno.
int nonet_is_made_up(int descriptor);

static inline int nonet_open_for_writing(int folder, const char *name, int follows) {
  return openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOCTTY | (follows ? 0 : O_NOFOLLOW));
}

static inline int nonet_create_file(const char *path, mode_t mode) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

// fcntl(2) is variadic too.
static inline int nonet_is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

// Whether execve(2) closes it.
static inline int nonet_closes_on_exec(int descriptor) {
  int flags = fcntl(descriptor, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

// seccomp.c

// prctl(PR_SET_NO_NEW_PRIVS): from here on no execve gives privileges.
int nonet_set_no_new_privs(void);

// seccomp(SECCOMP_SET_MODE_FILTER), which glibc does not wrap. `instructions` is a
// struct sock_filter[count].
int nonet_install_filter(const void *instructions, unsigned short count);

// seccomp(SECCOMP_GET_ACTION_AVAIL), which installs nothing.
int nonet_probe_seccomp_action(uint32_t action);

// tracing.c

// Attaches to a thread by PTRACE_SEIZE and stops it; `signal` is what nonet_let_go has to hand over.
// ETIMEDOUT where it does not stop within five seconds.
int nonet_stop_thread(pid_t thread, int *signal);

// How many instructions a filter of a stopped thread has, which are copied where `instructions` is not
// NULL; 0 is the filter that was installed first. ENOENT behind the last one, EINVAL where there is none.
int nonet_read_filter(pid_t thread, unsigned long index, void *instructions);

// landlock.c

// The Landlock ABI, or -1 where the kernel has none.
int nonet_landlock_abi(void);

// A ruleset without rules: everything that is handled is refused.
int nonet_landlock_create_ruleset(uint64_t handled_files, uint64_t handled_net, uint64_t scoped);
// Adds a rule: the rights are allowed for a file, and for all below it where it is a folder.
int nonet_landlock_allow(int ruleset, uint64_t rights, int file);
int nonet_landlock_restrict_self(int ruleset);

// capabilities.c

// The capabilities that this process may use, as bits.
int nonet_permitted_capabilities(uint64_t *permitted);

// Whether the process began with effective user id 0, as its auxiliary vector says: 1 or 0.
static inline int nonet_is_user_zero(void) { return getauxval(AT_EUID) == 0; }

// Takes capabilities out of the permitted, effective, inheritable and ambient sets, for good once
// NO_NEW_PRIVS is set.
int nonet_drop_capabilities(uint64_t dropped);

// settings.c

// Whether this process may write settings of the kernel that ask for user id 0 alone, or has CAP_SYS_ADMIN where only
// those of /proc are covered or not there: 1, 0, or -1 where that cannot be told.
int nonet_is_settable(void);

// From here on mounts are this process's own.
int nonet_own_mounts(void);

// Makes what is set through a mounted file system read-only: of a procfs its folder `sys`, of others
// all. 0 also for a mount that cannot be reached, or of another kind.
int nonet_close_settings(const char *path);

// Enters the working folder anew, by its name: what has been mounted lies upon it then. ENOENT where it has none.
int nonet_enter_working_folder(void);

// devices.c

// Devices that lead to a network.
enum nonet_device {
  NONET_DEVICE_OTHER,
  NONET_DEVICE_TUN,   // a tun or tap device, attached or not
  NONET_DEVICE_TAP,   // a tap on another interface (macvtap, ipvtap)
  NONET_DEVICE_VHOST, // network or sockets of a virtual machine, by the kernel
  NONET_DEVICE_PPP
};

// What a character device is, by its number; where the number says nothing, it is asked.
enum nonet_device nonet_device_kind(int descriptor, uint64_t device);

// wait.c

// poll(2) for up to four descriptors, which goes on where RLIMIT_NOFILE has become lower than their count.
// Where that cannot be done it is -1 with EINVAL, after a pause. At most one thread waits; all may look, for no time.
int nonet_wait(struct pollfd *requests, int count, int milliseconds);

// What that needs, for this process and for the second holder that it starts next. A run without goes on.
void nonet_prepare_waits(void);
// After a second holder was started: the same for another one.
void nonet_renew_next_wait(void);
// After fork(2): no other thread looks.
void nonet_forget_looks(void);
// In a second holder: takes what was prepared for it, an open descriptor or -1.
int nonet_take_next_wait(void);

// cleaning.c

// Leaves a process behind that removes a folder, and all in it, once this process has ended; nobody is its
// parent who would wait for it.
int nonet_remove_afterwards(const char *folder);

// namespace.c

// How far entering a namespace got.
enum nonet_namespace_step {
  NONET_STEP_MEMORY,
  NONET_STEP_PROC,
  NONET_STEP_PIPE,
  NONET_STEP_FORK,
  NONET_STEP_UNSHARE,
  NONET_STEP_SETGROUPS,
  NONET_STEP_UID_MAP,
  NONET_STEP_GID_MAP,
  NONET_STEP_SOCKET,
  NONET_STEP_LOOPBACK,
  NONET_STEP_DONE
};

// Enters a user namespace with the same ids, and, where wanted, a network namespace whose `lo` is up.
int nonet_enter_namespaces(int has_network, int *step);

// The same in a child that then goes away.
int nonet_probe_namespaces(int has_network, int *step);

// What unshare(2) answers to flags that no kernel has: an errno, EINVAL unless a filter answers first.
int nonet_refusal_of_unknown_unshare(void);

// Whether the root is a mere folder of a mount, as a chroot makes it: 1 or 0.
int nonet_root_is_folder(void);

// proc.c

// Whether a file belongs to a procfs: 1 or 0.
int nonet_is_procfs(int file);

// /proc/self, shown to be the folder of this process; ESRCH where it is not.
int nonet_open_own_folder(void);

// Whether a descriptor was opened with O_PATH, so that it names a file and reads nothing of it: 1 or 0.
int nonet_is_only_name(int descriptor);

// ending.c

// From here on every signal that would end the process writes `words` to standard error and ends it
// with `status` instead, and so does an alarm after some seconds. `words` must stay where they are.
int nonet_end_on_signals(int status, const char *words, size_t length, unsigned seconds);

// heap.c

// Fails with ENOMEM where memory is limited (RLIMIT_AS, RLIMIT_DATA) to less than so many bytes more.
// So many stay mapped, and what is asked for later comes from there once nothing can be mapped any more.
int nonet_reserve_memory(size_t count);

// Whole pages of that, which are not given back; NULL where there are none.
void *nonet_reserved_memory(size_t size);

// execute.c

// execvp(3), whatever C library is linked: files without a first line are the shell's.
int nonet_execute(const char *file, char *const *arguments);

// check.c

// Whether programs of the 32-bit ABI run here: 1 or 0.
int nonet_probe_32bit(void);

// signals.c

// Blocks every signal but SIGKILL and SIGSTOP, and takes the interval timers over from the caller.
int nonet_block_signals(void);

// A signalfd(2) for all of them.
int nonet_read_signals(void);

// Blocks them again in this thread: where the C library makes a thread, it unblocks those that it keeps to
// itself, in both.
void nonet_block_signals_here(void);

// Those signals (32 and 33 of glibc, 32 to 34 of musl) do not end this process where one comes in between.
void nonet_outlive_library_signals(void);

// Keeps what waits already for `nonet_unwatch_signals`, but for news of children of our own.
void nonet_note_waiting_signals(int reader, int has_children);

// Takes all of that back, as the command must find it.
int nonet_unwatch_signals(void);

// Whether this process got the signal for a write of its own that failed.
int nonet_is_own_failure(const struct signalfd_siginfo *signal);

// Sends a signal on, with what it carries where the kernel lets it.
int nonet_pass_signal(pid_t process, const struct signalfd_siginfo *signal);

// Stops this process as the command was stopped, and comes back when it is continued.
void nonet_stop_self(int number);

// fork(2) for a process that continues this one, once it is stopped, as soon as a call waits for an
// answer, or the command is continued by others or has ended. And its end; 0 and less are none.
pid_t nonet_watch_stopped(pid_t command, int listener);
void nonet_end_watcher(pid_t watcher);

// Ends this process by a signal, without a core file while it cannot be dumped.
void nonet_end_by(int number);

// supervise.c

// Becomes the reaper of orphans, and a process that others of the same user may not trace.
int nonet_become_supervisor(int *was_subreaper);
int nonet_set_subreaper(int is_subreaper);

// struct sched_attr in its first form (sched_setattr(2)).
struct nonet_scheduling {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

// What a child needs to confine itself and become the command.
struct nonet_start {
  const void *filter; // a struct sock_filter[filter_count] that answers USER_NOTIF
  unsigned short filter_count;
  uint64_t dropped; // capabilities; 0 where none are
  int has_landlock;
  uint64_t handled_net, scoped;
  int is_subreaper, has_scheduling;
  struct nonet_scheduling scheduling;
  const char *file;
  char *const *arguments;
};

// Notes a scheduling policy that a child would not inherit.
void nonet_note_scheduling(struct nonet_start *start);

// The step at which a child gave up.
enum nonet_stage {
  NONET_STAGE_NONE,
  NONET_STAGE_PARENT,
  NONET_STAGE_SIGNALS,
  NONET_STAGE_CAPABILITIES,
  NONET_STAGE_LANDLOCK,
  NONET_STAGE_FILTER,
  NONET_STAGE_EXEC
};

// Calls that were received and may not be answered yet, one in each: the kernel writes a
// struct seccomp_notif there. Nobody else could answer a call whose receiver has died with it. A slot
// has one thread that writes to it, ever.
enum {
  NONET_MOST_WORKERS = 5,   // of a kind: one that works and those that were left behind
  NONET_SLOT_FIRST = 0,     // what each thread of the supervisor has just received
  NONET_SLOT_SUCCESSOR = NONET_SLOT_FIRST + NONET_MOST_WORKERS, // the same of who goes on for it
  NONET_MOST_SECONDS = 104, // second holders in a run, one after the other
  NONET_SLOT_SECOND = NONET_SLOT_SUCCESSOR + NONET_MOST_WORKERS, // of each of them
  NONET_SLOT_WAITING = NONET_SLOT_SECOND + NONET_MOST_SECONDS,   // and what is answered later
  NONET_SLOTS = NONET_SLOT_WAITING + 64
};
struct nonet_slot {
  uint64_t words[10];
};

// How far the processes of a run are, in memory that all of them see.
struct nonet_progress {
  int listener;  // -1 before there is one
  int failed;    // enum nonet_stage
  int error;
  int second;    // the second holder of the listener; 0 where there is none
  int seconds;   // how many second holders there were
  int successor; // who goes on for the supervisor after its end, where anybody
  int is_over;   // whether the supervisor has written the end of its logs
  struct nonet_slot slots[NONET_SLOTS];
};

struct nonet_progress *nonet_new_progress(void);

static inline struct nonet_slot *nonet_slot_at(struct nonet_progress *progress, int index) {
  return &progress->slots[index];
}

// The child that confines itself and becomes the command; it has begun or failed when this comes back.
// After its filter stands, `listener` is a descriptor of this process too.
pid_t nonet_start_supervised(const struct nonet_start *start, struct nonet_progress *progress);
int nonet_listener(const struct nonet_progress *progress);
int nonet_failed_stage(const struct nonet_progress *progress);

// Lets a process go on untraced with the signal that stopped it; -1 where this one does not trace it.
int nonet_let_go(pid_t traced, int number);

// holder.c

// What a second holder does once the first one has ended; it never comes back.
typedef void nonet_performer(void *context);

// A second holder before there is a listener: a process of its own that shares memory and descriptors
// with this one, which takes no time to make, and touches neither before `handle` can be read.
pid_t nonet_begin_second(struct nonet_progress *progress, int handle, nonet_performer *performer,
                         void *context);

// fork(2) for a process in a session of its own: a second holder, and who goes on after the
// supervisor's end.
pid_t nonet_fork_second(struct nonet_progress *progress);
pid_t nonet_fork_successor(struct nonet_progress *progress);

// Takes a table of descriptors of its own and closes all that are not in `kept`, which is sorted.
int nonet_close_all_but(const int *kept, int count);

// Closes a descriptor that this process was started with.
int nonet_close_inherited(int descriptor);

// pidfd_open(2): a descriptor that can be read once the process has ended.
int nonet_handle(pid_t process);

// Whether a number is that of a thread of this process.
int nonet_is_own_thread(pid_t thread);

// receive.c

struct nonet_notification;
struct nonet_slot;

// Answers one call, or hears of an errno of receiving; returns whether to go on.
typedef int nonet_handler(void *context, const struct nonet_notification *notification, int error);

// Tries again what waits; returns in how many milliseconds it wants to be called again, or -1.
typedef int nonet_retrier(void *context);

// A thread that receives calls into the next of NONET_MOST_WORKERS slots, and takes its turn to let the
// handler answer each; and one that calls the retrier in its turn until that has nothing left.
int nonet_start_receiver(int listener, struct nonet_slot *slots, nonet_handler *handler,
                         void *context);
int nonet_start_retrier(nonet_retrier *retrier, void *context);

// The slot of the thread that receives now; NULL before there is one.
struct nonet_slot *nonet_receiver_slot(void);

// After fork(2), which leaves them behind.
void nonet_forget_workers(void);

// Around what may wait for the command: gives the turn away, and takes it back or does not come back to a
// thread that was left behind. ETIMEDOUT where the calling thread is none of those above, or too many were
// left behind. Neither does anything before there are calls to answer.
int nonet_step_out(void);
void nonet_step_in(void);

// Can be read when a worker steps out of its turn while nobody watches; -1 where there is none.
int nonet_bell(void);

// Looks after the workers, to be called a while after the last time. Tells which has been out of its
// turn ever since, and is left behind now: another one is the caller's to start. `sleeps` tells whether
// the next time can wait for the bell.
enum { NONET_LOST_RECEIVER = 1, NONET_LOST_RETRIER = 2 };
int nonet_look_after_workers(int *sleeps);

// Of all threads one has its turn; all others wait in the kernel.
void nonet_take_turn(void);
void nonet_give_turn(void);

// The same, for who takes it again at once: another thread that waits for it comes first.
void nonet_give_turn_on(void);

// Whether no process is left behind the listener's filter (from Linux 5.9 on): 1 or 0.
int nonet_is_abandoned(int listener);

// Whether calls wait that nobody has received.
int nonet_has_calls(int listener);

// patient.c

// What touches the command's memory, files and descriptors, out of turn.
int nonet_read_memory(pid_t thread, uint64_t address, void *bytes, size_t count);
int nonet_connect_patiently(int socket, const void *address, socklen_t size);

// The beginning of a file of /proc: how many bytes there are.
int nonet_read_patiently(const char *path, void *bytes, size_t count);

// An O_PATH descriptor of a file by a name of this process; links of /proc lead on.
int nonet_pin_here(const char *path);

// How openat2(2) resolves: never over links of /proc, which would be the supervisor's own.
enum nonet_resolve {
  NONET_RESOLVE_PLAIN = 0x02,
  NONET_RESOLVE_BENEATH = 0x0a,
  NONET_RESOLVE_IN_ROOT = 0x12
};

// An O_PATH descriptor of a file: it stays that file whatever becomes of the name.
int nonet_pin(int folder, const char *path, int follows, uint64_t resolve);

// Whether this process may make files in a folder: 0.
int nonet_may_write(int folder);

// Where a pinned link leads: how many bytes there are.
ssize_t nonet_read_link(int link, char *bytes, size_t count);

// A copy of an AF_UNIX socket of streams or packets from a thread's own table, as
// `nonet_duplicate_of_thread` finds it; ENOTSOCK for all else.
int nonet_copy_unix_socket(pid_t thread, pid_t process, int number, int *type);

// The same of a socket of any family; ENOTSOCK for what is none.
int nonet_copy_socket(pid_t thread, pid_t process, int number, int *family, int *type);

int nonet_close_patiently(int descriptor);

// The same for a caller that has stepped out already.
int nonet_copy_socket_stepped_out(pid_t thread, pid_t process, int number, int *family,
                                  int *type);

// The same by a handle, as `nonet_duplicate_by` takes it, with the number that the socket has in sockfs.
int nonet_copy_socket_by(int *handle, pid_t thread, pid_t process, int number, int *family, int *type, uint64_t *inode);

// Where a socket of IPv4 or IPv6 is connected to; no size where it is not.
struct nonet_peer {
  int type;
  socklen_t size;
  uint8_t address[128];
};
int nonet_look_at_peer(pid_t thread, pid_t process, int number, struct nonet_peer *peer);

// kept.c

// Reads /proc/THREAD/status, 0 for this process: its length.
ssize_t nonet_read_status(pid_t thread, char *text, size_t most);

// A handle of a thread for who works out of turn, to be given back; -1 for none yet.
int nonet_take_handle(pid_t thread);
void nonet_keep_handle(pid_t thread, int handle);

// The flags of a thread's descriptor (proc_pid_fdinfo(5)), close-on-exec among them. EBADF where it is not this socket.
int nonet_flags_of_socket(pid_t thread, int number, uint64_t inode);

// status.c

// What is told of a thread's rights.
struct nonet_status {
  pid_t thread, process;
  uint32_t user, group, file_user, file_group;
  int group_count;
  uint64_t capabilities;
  uint64_t filters; // of seccomp; 0 before Linux 5.9
  int is_traced;
  int has_signal; // one waits that is not blocked and has a handler
};

// Reads a text of /proc/PID/status; as many groups as there is room for. ENODATA where something that counts is missing.
int nonet_parse_status(const char *text, size_t size, struct nonet_status *found, uint32_t *groups, int most);

// The same of a thread, 0 for this process. ESRCH where it is gone.
int nonet_status_of(pid_t thread, struct nonet_status *found, uint32_t *groups, int most);

// nowhere.c

// Starts a process in an empty network of its own, which makes sockets there for this one: its number. It
// ends with the thread that calls this, and is no child that is waited for.
pid_t nonet_start_maker(void);

// A socket in that network. ESRCH where that process is gone.
int nonet_make_nowhere(int family, int type, int protocol);

// Starts a process that stays in the network that this one leaves afterwards, and makes sockets there for it.
pid_t nonet_start_outside_maker(void);

struct nonet_ids;

// A TCP socket in that network, not blocking. ESRCH where that process is gone; EPERM where it may not be who is wanted.
// ids: whose a firewall shall take it for (the ids of files alone count); NULL for this process's.
int nonet_make_outside(int family, const struct nonet_ids *ids, const gid_t *groups, int group_count);

// Has the maker make another socket like the last one, for whoever wants one next; waits for nothing.
void nonet_prepare_socket(void);

// In a copy of the process that had a maker: there is none any more.
void nonet_forget_maker(void);

// The call that waits returns a copy of `source` (Linux 5.14).
int nonet_give_descriptor(int listener, uint64_t id, int source, int closes_on_exec);

// internet.c

// What a socket of IPv4 or IPv6 is.
struct nonet_internet {
  int family, type, protocol;
  int state;        // of TCP (tcp_states.h), else 0
  int is_blocking;
  uint64_t network; // in which it was made (SO_NETNS_COOKIE)
  uint64_t inode;
};

// The network of a socket, by a number that no other one has (Linux 5.14).
int nonet_network_of(int socket, uint64_t *cookie);

// A copy of a socket of IPv4 or IPv6 from a thread's own table; ENOTSOCK for all else.
int nonet_copy_internet_socket(pid_t thread, pid_t process, int number, struct nonet_internet *found);

// shutdown(2) on the socket of any kind of a thread that waits still, but on one of the network `outside` that connects.
enum { NONET_STILL_CONNECTING = 1 };
int nonet_shut_down(int listener, uint64_t id, pid_t thread, pid_t process, int number, int how, uint64_t outside);

// Whether a socket of IPv4 or IPv6 has the very address to which it was connected, a whole one of its family; it is
// connected no more then.
int nonet_leaves_itself(int socket, const void *peer);

int nonet_bind_patiently(int socket, const void *address, socklen_t size);

// Takes the errno that waits on a socket (SO_ERROR); 0 for none.
int nonet_socket_error(int socket);

int nonet_is_v6only(int socket);

// Notes what a new TCP socket has in the network in which the command's own are made.
void nonet_note_untouched(int socket, int family);

// Sets on one TCP socket what was set on another one, which was made in that network.
int nonet_carry_patiently(int from, int to, int family);

// notify.c

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
int nonet_receive(int listener, struct nonet_slot *slot, struct nonet_notification *notification);

// Reads what a slot holds: 1 or, where it holds nothing, 0.
int nonet_look(const struct nonet_slot *slot, struct nonet_notification *notification);
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

static inline int nonet_open_log(int folder, const char *name, int follows) {
  int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (follows ? 0 : O_NOFOLLOW);
  return nonet_above_standard(openat(folder, name, flags, 0600));
}

// files.c

// An O_PATH descriptor of what has a name in a folder, of a link itself: it stays that file whatever
// becomes of the name.
int nonet_hold(int folder, const char *name);

// Such a descriptor of a folder in another one, or in AT_FDCWD.
int nonet_open_folder(int folder, const char *name, int follows);

// Opens a file by its name in a folder, at once and without following a link of that name.
int nonet_open_in(int folder, const char *name, int flags, mode_t mode);

// Two files of a folder get each other's name at once (RENAME_EXCHANGE of rename(2)); EINVAL where the file system cannot.
int nonet_exchange(int folder, const char *one, const char *other);

// No command that is run later has the descriptor.
int nonet_close_on_exec(int descriptor);

// Locks a file for as long as any descriptor of this opening lives (fcntl(2), open file description
// locks, Linux 3.15): a process that is killed holds it no longer.
int nonet_lock(int descriptor);

// Whether somebody holds such a lock: 1 or 0; -1 where the file system cannot tell.
int nonet_is_locked(int descriptor);

static inline int nonet_open_at(int folder, const char *path, int is_folder) {
  return openat(folder, path, O_RDONLY | O_CLOEXEC | (is_folder ? O_DIRECTORY : 0));
}

// unix.c

// The number of a process in pidfs, which no other process ever has (Linux 6.9); EOPNOTSUPP before.
int nonet_process_number(pid_t process, uint64_t *number);

// The same of the process that called listen on the socket that this one is connected to.
int nonet_peer_number(int socket, uint64_t *number);

// A pidfd of that process, also after its end from Linux 6.16 on (Linux 6.5).
int nonet_peer_handle(int socket);

// A copy of a descriptor from a thread's own table, or from its process's where the kernel has no
// handles of threads.
int nonet_duplicate_of_thread(pid_t thread, pid_t process, int descriptor);

// The same by a handle of the thread that may be there already, -1 for none; it is the caller's, and may be a new one.
int nonet_duplicate_by(int *handle, pid_t thread, pid_t process, int descriptor);

// Whether a folder is this process's root, in the same mount: 1 or 0.
int nonet_is_own_root(int folder);

// What a file is.
struct nonet_file {
  uint64_t device, inode;
  uint64_t mount; // by which it was found (Linux 5.8), else 0
  uint32_t mode, owner, names;
  // When it was made, which not every file system tells, and when anything about it but its contents
  // was changed last, its names included. Nobody can set these.
  int has_times;
  struct timespec made, changed;
};

// Looks at an open file, without waiting for its file system.
int nonet_look_at(int file, struct nonet_file *found);

// A new AF_UNIX socket, not blocking, with what was set on another one; and how much of that could not be set.
int nonet_unix_socket_like(int model, int type, int *lost);

// Connects to exactly that file.
int nonet_connect_pinned(int socket, int file);

// Puts a copy of `source` in the place of the caller's descriptor `number` (Linux 5.9).
int nonet_put_descriptor(int listener, uint64_t id, int source, int number, int closes_on_exec);

// The call that waits returns 0.
int nonet_succeed(int listener, uint64_t id);

// loopback.c

// Whether this network has an address of IPv6 that glibc counts as one (AI_ADDRCONFIG of getaddrinfo(3)).
int nonet_has_ipv6(void);

// Brings lo up in a new network namespace, with an address of each family by which names resolve as outside, and
// routes for multicast.
int nonet_raise_loopback(int has_ipv6, int *step);

// session.c

// A network of a session has this alias at its lo; with the final NUL it is no longer than this.
enum { NONET_MOST_MARK = 128 };

// Whether lo of this process's network has that alias, and, unless there may be others, is its only interface: 0, or -1;
// ENODATA where it was looked at and has another alias, or none. Only who has CAP_NET_ADMIN over a network sets an alias.
int nonet_network_is_marked(const char *mark, int may_have_others);

// Sets that alias.
int nonet_mark_network(const char *mark);

// The network namespace of a process's thread (ioctl_nsfs(2)), or -1. While it is open no other one gets its number.
int nonet_open_network_of(pid_t process, pid_t thread);

// The user namespace to which a network belongs, where this process's user made it from this process's own one, and the
// network is not this process's own; EPERM for any other, and other errors where that was not found out.
int nonet_users_of_network(int network);

// Enters both, and shows once inside that this process's user and group are mapped onto themselves, and that the
// network is marked so and has no other interface; EPERM otherwise. Nobody in there may look into this process
// before it executes something. After a failure this process may be half-way.
int nonet_enter_network(int network, int users, const char *mark);

// Whether that would be so, found out by a child that then goes away; where there may be other interfaces, whether the
// network is marked, and nothing else.
int nonet_try_network(int network, int users, const char *mark, int may_have_others);

// Keeps others from looking into this process until it executes something.
int nonet_hide_memory(void);

// A folder of this user's that nobody else may open, made where it is not there.
int nonet_open_private_folder(const char *parent, const char *name);

// A regular file in it, made where it is not there; EAGAIN where something else had the name and was removed.
int nonet_open_memory(int folder, const char *name);

// Takes the lock of that file; EWOULDBLOCK where somebody has it, ESTALE where the name is another file's by now.
int nonet_lock_memory(int folder, const char *name, int file);

// Gives the lock back, whoever else has the descriptor, and closes it.
void nonet_unlock_memory(int file);

// Sends a signal to the process of a handle (pidfd_send_signal(2)).
int nonet_signal_handle(int handle, int number);

// carry.c

// Sets on a socket what was set on another one, as setsockopt(2) has it, and answers how much could not be set.
int nonet_carry_options(int from, int to, int family);

// So many copies of a descriptor and so many places in epoll sets are looked for, among so many descriptors,
// and in so many pages about each set.
enum { NONET_MOST_COPIES = 32, NONET_MOST_LOOKED = 4096, NONET_MOST_PAGES = 256 };

// A socket in an epoll set of the command's.
struct nonet_membership {
  int set;    // the set's number there
  int copy;   // a descriptor of it here; -1 where there is none
  int number; // by which the socket is in the set
  uint32_t events;
  uint64_t data;
};

// What of a process leads to a socket besides one descriptor, or is bound to that descriptor.
struct nonet_copies {
  int number; // the descriptor
  int numbers[NONET_MOST_COPIES], count;
  struct nonet_membership memberships[NONET_MOST_COPIES];
  int membership_count;
  // F_SETOWN, F_SETSIG and O_ASYNC of fcntl(2), where any of them was used and may be used for the command.
  int owner_type, signal, wants_signals;
  pid_t owner;
  // How much could not be found out or is not carried over.
  int lost;
};

// Looks for all that, given a copy of the socket; hands out descriptors of the sets.
int nonet_find_copies(pid_t thread, pid_t process, int number, int socket, struct nonet_copies *found);
void nonet_forget_copies(const struct nonet_copies *found);

static inline int nonet_copy_number(const struct nonet_copies *found, int index) {
  return found->numbers[index];
}

// Puts another socket into the same sets under the same numbers, and gives it the same owner.
int nonet_join_sets(int socket, struct nonet_copies *found);

// inplace.c

// Connects a socket that the command has too, without waiting: EAGAIN, EINPROGRESS or EALREADY where it would.
int nonet_connect_in_place(int socket, const void *address, socklen_t size);
int nonet_connect_pinned_in_place(int socket, int file);

// An O_PATH descriptor of the file to which an AF_UNIX socket is bound; for who has CAP_NET_ADMIN in its network
// (SIOCUNIXFILE).
int nonet_file_of_socket(int socket);

// The number of this process's network namespace (Linux 5.14), 0 where the kernel does not tell.
uint64_t nonet_own_network(void);

// relay.c

// A TCP socket bound to an address of IPv4 or of IPv6 alone, which does not block; and one that listens as well.
int nonet_bind_outside(const void *address, socklen_t size);
int nonet_listen_outside(const void *address, socklen_t size);

// A connected socket that does not block; EAGAIN where nobody waits.
int nonet_accept_relayed(int listener);

// A socket of this process's network that connects, or is connected, and does not block.
int nonet_connect_relayed(const void *address, socklen_t size);

// What became of the bytes of one direction.
enum nonet_relayed {
  NONET_RELAY_SOME,
  NONET_RELAY_NOTHING,    // there is none at the moment
  NONET_RELAY_FULL,       // the receiver has no room for more
  NONET_RELAY_END,        // the sender sends no more
  NONET_RELAY_NO_SENDER,  // its connection is broken
  NONET_RELAY_NO_RECEIVER // the receiver's is
};

// Has `to` send what `from` received, up to 64 KiB.
enum nonet_relayed nonet_relay(int from, int to);

void nonet_end_stream(int socket);
// Closes a socket whose streams have both ended; close(2) alone resets it.
void nonet_close_whole(int socket);

enum nonet_watch {
  NONET_WATCH_INPUT = 1,
  NONET_WATCH_ROOM = 2,
  NONET_WATCH_END = 4, // both directions have ended, or the connection is broken; told whatever is waited for
  NONET_WATCH_ERROR = 8
};

struct nonet_watched {
  uint64_t key;
  int events; // of enum nonet_watch
};

// A set of descriptors to wait for (epoll(7)), and the events of each, 0 for an end alone.
int nonet_new_watch(void);
int nonet_watch(int watch, int descriptor, int events, uint64_t key);
void nonet_unwatch(int watch, int descriptor);
int nonet_wait_watched(int watch, struct nonet_watched *found, int most, int milliseconds);

// fork(2) for a process that ends with this one. Each has an end of a pair of sockets: the relay tells by it that it is
// ready, hears the end of the run by the end of what comes, and tells by closing it that nothing listens any more; one
// more byte says that it ends at once.
pid_t nonet_fork_relay(int *supervisor_end, int *relay_end);
void nonet_outlive_parent(void);
int nonet_tell_ready(int relay_end);
int nonet_hear_ready(int supervisor_end);
// Ends the run for the relay: 1 where that ends at once, 0 where it carries on what is on its way, -1 where it says nothing.
int nonet_end_relaying(int supervisor_end, int milliseconds);

// ids.c

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

// folder.c

// Makes a file of a new name, open for reading and writing, for us alone (mkostemp(3)).
int nonet_scratch_file(char *template);

// Goes on in a child, whose standard output is the file `output`; this process only waits, hands on the
// signals that were meant for the command, and comes back with the child's status. 0 in the child, 1 here.
int nonet_stay_beside(int output, int *status);

// memfd_create(2), which only some headers declare without _GNU_SOURCE.
int nonet_memory_file(void);

// Runs a program with other standard streams, and waits; its wait status in `status`. 127 where it cannot be
// run.
int nonet_run_program(char *const *arguments, int input, int output, int *status);

#endif
