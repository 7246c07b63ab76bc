#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "text.h"

#include <linux/if_arp.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

// Its index in every network namespace (LOOPBACK_IFINDEX of include/net/flow.h).
enum { LO = 1 };

// A message to the kernel about an interface, with room for its alias.
struct request {
  struct nlmsghdr head;
  struct ifinfomsg link;
  char attributes[NONET_MOST_MARK + 8];
};

static int open_netlink(void) {
  return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

// Receives what the kernel itself sent, and nobody else.
static ssize_t receive(int netlink, void *buffer, size_t size) {
  struct sockaddr_nl sender = {0};
  socklen_t length = sizeof sender;
  ssize_t count;
  do count = recvfrom(netlink, buffer, size, 0, (struct sockaddr *)&sender, &length);
  while (count < 0 && errno == EINTR);
  if (count >= 0 && (length < sizeof sender || sender.nl_pid)) return errno = EPROTO, -1;
  return count;
}

// Whether an interface is lo and has that alias.
static int is_marked_lo(struct nlmsghdr *head, const char *mark) {
  struct ifinfomsg *link = NLMSG_DATA(head);
  if (head->nlmsg_len < NLMSG_LENGTH(sizeof *link)) return 0;
  if (link->ifi_index != LO || link->ifi_type != ARPHRD_LOOPBACK || !(link->ifi_flags & IFF_LOOPBACK)) return 0;
  int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof *link));
  for (struct rtattr *one = IFLA_RTA(link); RTA_OK(one, left); one = RTA_NEXT(one, left)) {
    if (one->rta_type != IFLA_IFALIAS) continue;
    size_t size = RTA_PAYLOAD(one), wanted = strlen(mark);
    const char *alias = RTA_DATA(one);
    return (size == wanted || (size == wanted + 1 && !alias[wanted])) && !memcmp(alias, mark, wanted);
  }
  return 0;
}

int nonet_network_is_marked(const char *mark, int may_have_others) {
  _Alignas(struct nlmsghdr) char buffer[32 << 10];
  int netlink = open_netlink();
  if (netlink < 0) return -1;
  struct request request = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof request.link),
                                     .nlmsg_type = RTM_GETLINK,
                                     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
  int found = 0, is_over = 0, error = 0;
  if (send(netlink, &request, request.head.nlmsg_len, 0) < 0) error = errno;
  while (!error && !is_over) {
    ssize_t received = receive(netlink, buffer, sizeof buffer);
    if (received < 0) error = errno;
    if (error) break;
    size_t place = 0, size = (size_t)received;
    // An answer without a message in it never comes.
    if (size < NLMSG_HDRLEN) error = EPROTO;
    while (!error && !is_over && size - place >= NLMSG_HDRLEN) {
      struct nlmsghdr *head = (struct nlmsghdr *)(buffer + place);
      if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > size - place) error = EPROTO;
      else if (head->nlmsg_flags & NLM_F_DUMP_INTR) error = EAGAIN;
      else if (head->nlmsg_type == NLMSG_DONE) is_over = 1;
      else if (head->nlmsg_type != RTM_NEWLINK) error = EPERM;
      else if (is_marked_lo(head, mark)) found = 1;
      else if (!may_have_others) error = EPERM;
      if (!error && !is_over) place += NLMSG_ALIGN(head->nlmsg_len) < size - place ? NLMSG_ALIGN(head->nlmsg_len) : size - place;
    }
  }
  close(netlink);
  if (!error && !found) error = ENODATA;
  errno = error;
  return error ? -1 : 0;
}

int nonet_mark_network(const char *mark) {
  size_t size = strlen(mark) + 1;
  if (size > NONET_MOST_MARK) return errno = EINVAL, -1;
  int netlink = open_netlink();
  if (netlink < 0) return -1;
  struct request request = {.head = {.nlmsg_type = RTM_SETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
                            .link = {.ifi_index = LO}};
  struct rtattr *alias = (struct rtattr *)request.attributes;
  *alias = (struct rtattr){.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = IFLA_IFALIAS};
  memcpy(RTA_DATA(alias), mark, size);
  request.head.nlmsg_len = NLMSG_LENGTH(sizeof request.link) + RTA_LENGTH(size);
  struct {
    struct nlmsghdr head;
    struct nlmsgerr error;
    char rest[sizeof request];
  } answer;
  int error = EPROTO;
  if (send(netlink, &request, request.head.nlmsg_len, 0) < 0) {
    error = errno;
  } else if (receive(netlink, &answer, sizeof answer) >= (ssize_t)NLMSG_LENGTH(sizeof answer.error)) {
    if (answer.head.nlmsg_type == NLMSG_ERROR) error = -answer.error.error;
  }
  close(netlink);
  errno = error;
  return error ? -1 : 0;
}

static int is_same(const struct stat *one, const struct stat *other) {
  return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

// What a file of /proc/PID/ns stands for, or -1.
static int open_namespace(const char *path, int type) {
  struct statfs system;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  if (!fstatfs(file, &system) && system.f_type == NSFS_MAGIC && ioctl(file, NS_GET_NSTYPE) == type) return file;
  close(file);
  errno = EPROTO;
  return -1;
}

int nonet_open_network_of(pid_t process, pid_t thread) {
  char path[80];
  char *end = nonet_append_number(nonet_append(path, "/proc/"), (unsigned long)process);
  nonet_append(nonet_append_number(nonet_append(end, "/task/"), (unsigned long)thread), "/ns/net");
  return open_namespace(path, CLONE_NEWNET);
}

// Whether this process's user made a user namespace from this process's own one: 1 or 0, or -1.
static int is_ours(int users) {
  uid_t owner;
  struct stat here, there;
  if (ioctl(users, NS_GET_OWNER_UID, &owner)) return -1;
  if (owner != geteuid()) return 0;
  // EPERM: the one above is none that this process sees.
  int parent = ioctl(users, NS_GET_PARENT);
  if (parent < 0) return errno == EPERM ? 0 : -1;
  int own = open_namespace("/proc/self/ns/user", CLONE_NEWUSER);
  int failed = own < 0 || fstat(own, &here) || fstat(parent, &there), error = errno;
  if (own >= 0) close(own);
  close(parent);
  if (failed) return errno = error, -1;
  return is_same(&here, &there);
}

int nonet_users_of_network(int network) {
  struct stat own, other;
  int here = open_namespace("/proc/self/ns/net", CLONE_NEWNET);
  if (here < 0) return -1;
  int failed = fstat(here, &own) || fstat(network, &other), error = errno;
  close(here);
  if (failed) return errno = error, -1;
  if (is_same(&own, &other)) return errno = EPERM, -1;
  int users = ioctl(network, NS_GET_USERNS);
  if (users < 0) return -1;
  int ours = is_ours(users);
  if (ours > 0) return users;
  error = ours ? errno : EPERM;
  close(users);
  return errno = error, -1;
}

// Whether an id is mapped onto itself in this process's user namespace. Where there is no map yet, every id is shown as
// one and the same number (/proc/sys/kernel/overflowuid), which may be the user's; once written, a map does not
// change (user_namespaces(7)).
static int is_itself(const char *path, unsigned id) {
  // Up to 340 lines of 33 bytes (map_write and m_show in kernel/user_namespace.c).
  char map[12 << 10];
  size_t length = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t count;
  while ((count = read(file, map + length, sizeof map - length)) > 0) length += (size_t)count;
  close(file);
  if (count < 0 || length == sizeof map) return 0;
  map[length] = 0;
  for (const char *line = map; line && *line;) {
    unsigned inside, outside, ids;
    const char *next = nonet_read_number(line, &inside);
    if (next) next = nonet_read_number(next, &outside);
    if (next) next = nonet_read_number(next, &ids);
    if (next && inside == outside && id >= inside && id - inside < ids) return 1;
    line = strchr(line, '\n');
    if (line) line++;
  }
  return 0;
}

static int enter(int network, int users) {
  // Others who are in that user namespace may not look into this process before it is the command: its memory
  // belongs to the namespace in which it was started (__ptrace_may_access in kernel/ptrace.c). A change of
  // credentials may make it open again, so it is said twice.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) return -1;
  if (setns(users, CLONE_NEWUSER) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) return -1;
  return setns(network, CLONE_NEWNET);
}

int nonet_enter_network(int network, int users, const char *mark) {
  uid_t user = geteuid();
  gid_t group = getegid();
  if (enter(network, users)) return -1;
  // Whoever maps another one's number there has the next command run as user 0, with every capability.
  if (geteuid() != user || getegid() != group || !is_itself("/proc/self/uid_map", user) ||
      !is_itself("/proc/self/gid_map", group))
    return errno = EPERM, -1;
  return nonet_network_is_marked(mark, 0);
}

int nonet_try_network(int network, int users, const char *mark, int may_have_others) {
  volatile int *error = mmap(NULL, sizeof *error, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (error == MAP_FAILED) return -1;
  *error = ECHILD;
  // It sends no SIGCHLD, as in namespace.c.
  pid_t child = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (child == 0) {
    int failed = may_have_others ? enter(network, users) || nonet_network_is_marked(mark, 1)
                                 : nonet_enter_network(network, users, mark);
    *error = failed ? errno : 0;
    _exit(0);
  }
  int found = child < 0 ? errno : 0;
  while (!found && waitpid(child, NULL, __WALL) < 0)
    if (errno != EINTR) found = errno;
  if (!found) found = *error;
  munmap((void *)error, sizeof *error);
  errno = found;
  return found ? -1 : 0;
}

int nonet_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int nonet_open_private_folder(const char *parent, const char *name) {
  struct stat status;
  int above = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above < 0) return -1;
  int failed = mkdirat(above, name, 0700) && errno != EEXIST;
  int folder = failed ? -1 : openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int error = errno;
  close(above);
  if (folder < 0) return errno = error, -1;
  if (!fstat(folder, &status) && status.st_uid == geteuid() && !(status.st_mode & 077)) return folder;
  close(folder);
  return errno = EPERM, -1;
}

int nonet_open_memory(int folder, const char *name) {
  struct stat status;
  int file = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
  if (file >= 0 && !fstat(file, &status) && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
      status.st_nlink == 1)
    return file;
  if (file >= 0) close(file);
  // Whatever else has that name was not made by nonet.
  if (unlinkat(folder, name, 0) && (errno != EISDIR || unlinkat(folder, name, AT_REMOVEDIR))) return -1;
  errno = EAGAIN;
  return -1;
}

int nonet_lock_memory(int folder, const char *name, int file) {
  struct stat held, named;
  if (flock(file, LOCK_EX | LOCK_NB)) return -1;
  if (!fstat(file, &held) && !fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) && is_same(&held, &named)) return 0;
  return errno = ESTALE, -1;
}

void nonet_unlock_memory(int file) {
  flock(file, LOCK_UN);
  close(file);
}

int nonet_signal_handle(int handle, int number) {
  return (int)syscall(SYS_pidfd_send_signal, handle, number, NULL, 0);
}
