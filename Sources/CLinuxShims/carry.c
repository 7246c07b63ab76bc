#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "text.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

// What a socket that takes another one's place has to have of it.

// Newer than some headers: include/uapi/asm-generic/socket.h.
enum {
  TIMESTAMP_NEW = 63,
  TIMESTAMPNS_NEW = 64,
  PREFER_BUSY_POLL = 69,
  BUSY_POLL_BUDGET = 70,
  TXREHASH = 74,
  RCVMARK = 75,
  PASSPIDFD = 76,
  PASSRIGHTS = 83
};

// Options ----------------------------------------------------------------------------------------

// What is the same on both is not set: to set it may need a capability.
static int carry(int from, int to, int level, int option, int divisor) {
  int wanted, given;
  socklen_t size = sizeof wanted;
  if (getsockopt(from, level, option, &wanted, &size) || size != sizeof wanted) return 0;
  size = sizeof given;
  if (getsockopt(to, level, option, &given, &size) || wanted == given) return 0;
  wanted /= divisor;
  return setsockopt(to, level, option, &wanted, sizeof wanted) ? 1 : 0;
}

static int carry_bytes(int from, int to, int option, void *value, void *other, socklen_t size) {
  socklen_t here = size, there = size;
  if (getsockopt(from, SOL_SOCKET, option, value, &here) ||
      getsockopt(to, SOL_SOCKET, option, other, &there) || here != there || !memcmp(value, other, here))
    return 0;
  return setsockopt(to, SOL_SOCKET, option, value, here) ? 1 : 0;
}

// A filter of classic BPF, which the option that attaches it also tells (sk_get_filter in net/core/filter.c);
// with no room for it, the answer is how many instructions there are.
static int carry_filter(int from, int to) {
  struct sock_filter instructions[BPF_MAXINSNS];
  socklen_t count = 0;
  if (getsockopt(from, SOL_SOCKET, SO_ATTACH_FILTER, NULL, &count)) return 1;
  if (!count) return 0;
  if (count > BPF_MAXINSNS ||
      getsockopt(from, SOL_SOCKET, SO_ATTACH_FILTER, instructions, &count))
    return 1;
  struct sock_fprog program = {.len = (unsigned short)count, .filter = instructions};
  return setsockopt(to, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ? 1 : 0;
}

static int carry_all(int from, int to, int level, const int *options, size_t size) {
  int lost = 0;
  for (size_t i = 0; i < size / sizeof *options; i++) lost += carry(from, to, level, options[i], 1);
  return lost;
}

int nonet_carry_options(int from, int to, int family) {
  static const int of_any[] = {
      SO_REUSEADDR, SO_REUSEPORT,   SO_DONTROUTE,     SO_BROADCAST,     SO_KEEPALIVE,
      SO_OOBINLINE, SO_NO_CHECK,    SO_PRIORITY,      SO_PASSCRED,      SO_RCVLOWAT,
      SO_TIMESTAMP, SO_TIMESTAMPNS, TIMESTAMP_NEW,    TIMESTAMPNS_NEW,  SO_TIMESTAMPING,
      SO_PASSSEC,   SO_MARK,        SO_RXQ_OVFL,      SO_WIFI_STATUS,   SO_PEEK_OFF,
      SO_NOFCS,     SO_BUSY_POLL,   PREFER_BUSY_POLL, BUSY_POLL_BUDGET, SO_SELECT_ERR_QUEUE,
      TXREHASH,     RCVMARK,        PASSPIDFD,        PASSRIGHTS};
  static const int of_tcp[] = {
      TCP_NODELAY, TCP_MAXSEG, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT,
      TCP_LINGER2, TCP_QUICKACK, TCP_THIN_LINEAR_TIMEOUTS, TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT};
  static const int of_ip[] = {IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_BIND_ADDRESS_NO_PORT};
  static const int of_ip6[] = {IPV6_TCLASS, IPV6_UNICAST_HOPS, IPV6_MTU_DISCOVER, IPV6_RECVERR, IPV6_V6ONLY};
  int lost = carry_all(from, to, SOL_SOCKET, of_any, sizeof of_any);
  // The kernel takes a size and keeps twice as much (socket(7)).
  lost += carry(from, to, SOL_SOCKET, SO_SNDBUF, 2) + carry(from, to, SOL_SOCKET, SO_RCVBUF, 2);
  struct timeval time, other_time;
  lost += carry_bytes(from, to, SO_RCVTIMEO, &time, &other_time, sizeof time);
  lost += carry_bytes(from, to, SO_SNDTIMEO, &time, &other_time, sizeof time);
  struct linger linger, other_linger;
  lost += carry_bytes(from, to, SO_LINGER, &linger, &other_linger, sizeof linger);
  uint64_t rate, other_rate;
  lost += carry_bytes(from, to, SO_MAX_PACING_RATE, &rate, &other_rate, sizeof rate);
  lost += carry_filter(from, to);
  if (family == AF_INET || family == AF_INET6) {
    lost += carry_all(from, to, IPPROTO_TCP, of_tcp, sizeof of_tcp);
    lost += carry_all(from, to, IPPROTO_IP, of_ip, sizeof of_ip);
  }
  if (family == AF_INET6) lost += carry_all(from, to, IPPROTO_IPV6, of_ip6, sizeof of_ip6);
  return lost;
}

// Copies and sets --------------------------------------------------------------------------------

static int starts_with(const char *text, const char *beginning) {
  return !strncmp(text, beginning, strlen(beginning));
}

// The name of something of a thread in /proc: at most 40 bytes.
static char *name_of(char *to, pid_t thread, const char *what) {
  return nonet_append(nonet_append_number(nonet_append(to, "/proc/"), (unsigned)thread), what);
}

// Reads the number behind a label: 1, or 0 where there is none.
static int read_behind(const char *line, const char *label, int base, uint64_t *number) {
  const char *found = strstr(line, label);
  char *end;
  if (!found) return 0;
  found += strlen(label);
  *number = strtoull(found, &end, base);
  return end != found;
}

// One line of the page of an epoll set (ep_show_fdinfo in fs/eventpoll.c).
static void take_line(const char *line, int set, uint64_t inode, uint64_t system,
                      struct nonet_copies *found) {
  struct nonet_membership one = {.set = set};
  uint64_t number, events, file, device;
  if (!read_behind(line, "tfd:", 10, &number) || !read_behind(line, "events:", 16, &events) ||
      !read_behind(line, "data:", 16, &one.data) || !read_behind(line, "ino:", 16, &file) ||
      !read_behind(line, "sdev:", 16, &device) || file != inode || device != system || number > INT32_MAX)
    return;
  one.number = (int)number;
  one.events = (uint32_t)events;
  if (found->membership_count == NONET_MOST_COPIES) {
    found->lost++;
    return;
  }
  found->memberships[found->membership_count++] = one;
}

static void look_at_set(pid_t thread, int set, uint64_t inode, uint64_t system,
                        struct nonet_copies *found) {
  char path[64], text[4096 + 1];
  nonet_append_number(name_of(path, thread, "/fdinfo/"), (unsigned)set);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    found->lost++;
    return;
  }
  size_t kept = 0;
  for (int rounds = 0;; rounds++) {
    ssize_t count = read(file, text + kept, sizeof text - 1 - kept);
    if (count <= 0) break;
    if (rounds == NONET_MOST_PAGES) {
      found->lost++;
      break;
    }
    kept += (size_t)count;
    text[kept] = 0;
    char *line = text, *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
      *end = 0;
      take_line(line, set, inode, system, found);
    }
    kept = strlen(line);
    memmove(text, line, kept);
    // No line of the kernel's is so long.
    if (kept == sizeof text - 1) break;
  }
  close(file);
}

struct entry {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

static void look_for(pid_t thread, int number, uint64_t inode, uint64_t system,
                     struct nonet_copies *found) {
  char path[64], wanted[64], link[64];
  int sets[NONET_MOST_COPIES], set_count = 0, looked = 0;
  name_of(path, thread, "/fd");
  nonet_append(nonet_append_number(nonet_append(wanted, "socket:["), inode), "]");
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    found->lost++;
    return;
  }
  _Alignas(struct entry) char entries[4096];
  long count;
  while ((count = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
    for (long at = 0; at < count;) {
      struct entry *entry = (struct entry *)(entries + at);
      at += entry->length;
      if (entry->name[0] < '0' || entry->name[0] > '9') continue;
      if (looked++ == NONET_MOST_LOOKED) {
        found->lost++;
        count = 0;
        break;
      }
      ssize_t length = readlinkat(folder, entry->name, link, sizeof link - 1);
      if (length <= 0) continue;
      link[length] = 0;
      int one = atoi(entry->name), is_set = starts_with(link, "anon_inode:[eventpoll]");
      if (!is_set && (one == number || strcmp(link, wanted))) continue;
      int *list = is_set ? sets : found->numbers, *filled = is_set ? &set_count : &found->count;
      if (*filled == NONET_MOST_COPIES)
        found->lost++;
      else
        list[(*filled)++] = one;
    }
    if (!count) break;
  }
  close(folder);
  for (int i = 0; i < set_count; i++) look_at_set(thread, sets[i], inode, system, found);
}

// The kernel notes who names an owner, and asks later whether that one may send it the signal: here a
// supervisor, outside the command's Landlock domain. So nobody is named but the very process, which waits.
static void look_at_signals(pid_t thread, pid_t process, int socket, struct nonet_copies *found) {
  struct f_owner_ex owner = {0};
  int flags = fcntl(socket, F_GETFL), signal = fcntl(socket, F_GETSIG);
  if (flags < 0 || signal < 0 || fcntl(socket, F_GETOWN_EX, &owner)) return;
  if (!owner.pid && !signal && !(flags & O_ASYNC)) return;
  int is_own = (owner.type == F_OWNER_PID && owner.pid == process) ||
               (owner.type == F_OWNER_TID && owner.pid == thread);
  if ((owner.pid && !is_own) || signal == SIGKILL || signal == SIGSTOP) {
    found->lost++;
    return;
  }
  found->wants_signals = !!(flags & O_ASYNC);
  found->signal = signal;
  found->owner_type = owner.type;
  found->owner = owner.pid;
}

int nonet_find_copies(pid_t thread, pid_t process, int number, int socket,
                      struct nonet_copies *found) {
  *found = (struct nonet_copies){.number = number};
  struct stat status;
  if (fstat(socket, &status)) return -1;
  // As the kernel has the device, not as stat(2) tells it.
  uint64_t system = (uint64_t)major(status.st_dev) << 20 | minor(status.st_dev);
  look_at_signals(thread, process, socket, found);
  if (nonet_step_out()) return -1;
  look_for(thread, number, status.st_ino, system, found);
  // Each set once, whatever it holds of the socket.
  for (int i = 0; i < found->membership_count; i++) {
    struct nonet_membership *one = &found->memberships[i];
    one->copy = -1;
    for (int j = 0; j < i && one->copy < 0; j++)
      if (found->memberships[j].set == one->set) one->copy = found->memberships[j].copy;
    if (one->copy < 0) one->copy = nonet_duplicate_of_thread(thread, process, one->set);
    if (one->copy < 0) found->lost++;
  }
  nonet_step_in();
  return 0;
}

void nonet_forget_copies(const struct nonet_copies *found) {
  for (int i = 0; i < found->membership_count; i++) {
    int is_first = 1;
    for (int j = 0; j < i; j++)
      if (found->memberships[j].copy == found->memberships[i].copy) is_first = 0;
    if (is_first && found->memberships[i].copy >= 0) nonet_close_patiently(found->memberships[i].copy);
  }
}

struct joining {
  int socket;
  int highest; // of the numbers that the socket gets
  struct nonet_copies *found;
};

static void join_here(int socket, int highest, struct nonet_copies *found) {
  // Out of the way of the numbers that the socket gets.
  int sets[NONET_MOST_COPIES];
  for (int i = 0; i < found->membership_count; i++)
    sets[i] = fcntl(found->memberships[i].copy, F_DUPFD_CLOEXEC, highest + 1);
  for (int i = 0; i < found->membership_count; i++) {
    const struct nonet_membership *one = &found->memberships[i];
    struct epoll_event event = {.events = one->events, .data.u64 = one->data};
    if (sets[i] < 0 || dup2(socket, one->number) < 0 ||
        epoll_ctl(sets[i], EPOLL_CTL_ADD, one->number, &event))
      found->lost++;
  }
  if (!found->owner && !found->signal && !found->wants_signals) return;
  int number = dup2(socket, found->number);
  struct f_owner_ex owner = {.type = found->owner_type, .pid = found->owner};
  if (number < 0 || (found->owner && fcntl(number, F_SETOWN_EX, &owner)) ||
      (found->signal && fcntl(number, F_SETSIG, found->signal)) ||
      (found->wants_signals && fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_ASYNC)))
    found->lost++;
}

// An epoll set keeps with a file the number by which it was added, and a file's signals tell the number that
// asked for them. So both are done in a table of descriptors where the socket has the command's number.
static void *join(void *argument) {
  const struct joining *joining = argument;
  struct nonet_copies *found = joining->found;
  if (joining->highest >= INT32_MAX - 2 * NONET_MOST_COPIES || unshare(CLONE_FILES)) {
    found->lost++;
    return NULL;
  }
  int socket = fcntl(joining->socket, F_DUPFD_CLOEXEC, joining->highest + 1);
  if (socket < 0)
    found->lost++;
  else
    join_here(socket, joining->highest, found);
  // A thread counts as ended before its table is gone (do_exit in kernel/exit.c), and the table holds the old
  // socket too: as long as it does, that one stays in its sets.
  syscall(SYS_close_range, 0, ~0U, 0);
  return NULL;
}

int nonet_join_sets(int socket, struct nonet_copies *found) {
  int highest = found->number;
  for (int i = 0; i < found->membership_count; i++)
    if (found->memberships[i].number > highest) highest = found->memberships[i].number;
  nonet_raise_descriptor_limit((unsigned long)highest + 2 * NONET_MOST_COPIES + 2);
  struct joining joining = {socket, highest, found};
  pthread_attr_t attributes;
  pthread_t thread;
  // epoll_ctl(2) takes the set's lock, which epoll_wait(2) holds while it writes.
  if (nonet_step_out()) return -1;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  int error = pthread_create(&thread, &attributes, join, &joining);
  if (!error) pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
  nonet_step_in();
  return error ? (errno = error, -1) : 0;
}
