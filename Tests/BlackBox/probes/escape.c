/* Tries to get out, one way after the other, and says how far it came.
 *
 *   escape NAME...            each way in a child of its own; one line for each:
 *                               NAME sent - 0         a token was sent; whether it arrived, the outside knows
 *                               NAME got - 0          a descriptor or a power that leads outside was obtained
 *                               NAME held STEP ERRNO  refused at that step
 *   escape victim             a process outside: prints its pid, the address of a buffer, a descriptor;
 *                             what appears in the buffer it sends to the listener. Ends with its input.
 *   escape hold CMD [ARG]...  runs CMD with two io_uring, and with TTY as its terminal; stays as its parent
 *
 * Where the outside is stands in the environment (support/outside.py). Tokens go to 127.0.0.1, [::1],
 * and paths, names and processes that the caller made; vsock and packet sockets are only made.
 * Static and not position-independent: addresses must fit the 32 bits of `int $0x80`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/io_uring.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/veth.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENT = 0, GOT = -1 };  /* else the errno of the step that failed */

static char token[64] = "?";
static const char *step = "-";

/* Names the step and gives what it returned: `failed("socket", s = socket(...))`. */
static int failed(const char *name, long result) {
  step = name;
  return result < 0;
}

static const char *text(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static int number(const char *name) {
  const char *value = getenv(name);
  return value && *value ? atoi(value) : -1;
}

static int say(int s) {
  return failed("write", write(s, token, strlen(token))) ? errno : SENT;
}

static struct sockaddr_in outside4(const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(port))};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

/* `abstract` is 1 for a name that begins with NUL. */
static socklen_t unix_address(struct sockaddr_un *a, const char *name, int abstract) {
  size_t length = strlen(name);
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  memcpy(a->sun_path + abstract, name, length);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

/* A connection to the listener outside, and the token through it. */
static int connect4(int s) {
  struct sockaddr_in a = outside4("OUT_TCP");
  if (failed("connect", connect(s, (struct sockaddr *)&a, sizeof a))) return errno;
  return say(s);
}

static int tcp_by(long domain, int protocol) {
  long s;
  if (failed("socket", s = syscall(SYS_socket, domain, SOCK_STREAM, protocol))) return errno;
  return connect4((int)s);
}

/* --- IP, by every way into the kernel ------------------------------------------------------------ */

static int tcp4(void) { return tcp_by(AF_INET, 0); }
static int mptcp(void) { return tcp_by(AF_INET, 262); }
static int upper(void) { return tcp_by(1L << 32 | AF_INET, 0); }

static int tcp6(void) {
  struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number("OUT_TCP6"))};
  a.sin6_addr = in6addr_loopback;
  int s;
  if (failed("socket", s = socket(AF_INET6, SOCK_STREAM, 0))) return errno;
  if (failed("connect", connect(s, (struct sockaddr *)&a, sizeof a))) return errno;
  return say(s);
}

static int udp(void) {
  struct sockaddr_in a = outside4("OUT_UDP");
  int s;
  if (failed("socket", s = socket(AF_INET, SOCK_DGRAM, 0))) return errno;
  return failed("sendto", sendto(s, token, strlen(token), 0, (struct sockaddr *)&a, sizeof a)) ? errno : SENT;
}

/* A UDP packet by hand; its checksum may be 0. */
static int raw(void) {
  struct sockaddr_in a = outside4("OUT_UDP");
  unsigned char packet[80] = {0x12, 0x34};
  size_t length = 8 + strlen(token);
  memcpy(packet + 2, &a.sin_port, 2);
  packet[5] = (unsigned char)length;
  memcpy(packet + 8, token, length - 8);
  a.sin_port = 0;
  int s;
  if (failed("socket", s = socket(AF_INET, SOCK_RAW, IPPROTO_UDP))) return errno;
  return failed("sendto", sendto(s, packet, length, 0, (struct sockaddr *)&a, sizeof a)) ? errno : SENT;
}

#if defined(__x86_64__)
static long int80(long nr, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(nr), "b"(a), "c"(b), "d"(c)
                   : "r8", "r9", "r10", "r11", "memory");
  if ((int)result < 0) return errno = -(int)result, -1;
  return (int)result;
}

static struct sockaddr_in low_address;  /* below 4 GiB, as the token is */

static int i386(void) {
  long s;
  low_address = outside4("OUT_TCP");
  if (failed("socket", s = int80(359, AF_INET, SOCK_STREAM, 0))) return errno;
  if (failed("connect", int80(362, s, (long)&low_address, sizeof low_address))) return errno;
  return failed("write", int80(4, s, (long)token, (long)strlen(token))) ? errno : SENT;
}

static int socketcall(void) {
  static unsigned make[3] = {AF_INET, SOCK_STREAM, 0}, reach[3];
  long s;
  low_address = outside4("OUT_TCP");
  if (failed("socketcall", s = int80(102, 1, (long)make, 0))) return errno;
  reach[0] = (unsigned)s, reach[1] = (unsigned)(long)&low_address, reach[2] = sizeof low_address;
  if (failed("socketcall", int80(102, 3, (long)reach, 0))) return errno;
  return failed("write", int80(4, s, (long)token, (long)strlen(token))) ? errno : SENT;
}

static int x32(void) {
  long s;
  if (failed("socket", s = syscall(0x40000000 | SYS_socket, AF_INET, SOCK_STREAM, 0))) return errno;
  return connect4((int)s);
}
#else
static int foreign(void) { return step = "x86_64", EOPNOTSUPP; }
#define i386 foreign
#define socketcall foreign
#define x32 foreign
#endif

/* --- the same by other hands --------------------------------------------------------------------- */

static void *in_thread(void *answer) {
  *(int *)answer = tcp4();
  return NULL;
}

static int thread(void) {
  pthread_t other;
  int answer;
  if (pthread_create(&other, NULL, in_thread, &answer)) return step = "pthread_create", EAGAIN;
  pthread_join(other, NULL);
  return answer;
}

static int double_fork(void) {
  int ends[2], answer = EPIPE;
  if (failed("pipe", pipe(ends))) return errno;
  if (fork() == 0) {
    if (fork() == 0) {
      setsid();
      answer = tcp4();
      _exit(write(ends[1], &answer, sizeof answer) < 0);
    }
    _exit(0);
  }
  close(ends[1]);
  step = "grandchild";
  while (read(ends[0], &answer, sizeof answer) < 0 && errno == EINTR) {}
  return answer;
}

/* Runs a command that does the sending; it tells no errno, only whether it came through. */
static int by_command(char *const command[]) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 1), dup2(null, 2);
    execvp(command[0], command);
    _exit(127);
  }
  step = command[0];
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SENT : ECHILD;
}

static int bash(void) {
  char *const command[] = {"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$OUT_TCP && printf %s \"$TOKEN\" >&3", NULL};
  return by_command(command);
}

static int again(void) {
  char *const command[] = {(char *)text("OUT_SELF"), "--token", token, "tcp4", NULL};
  return by_command(command);
}

/* A set-uid program of root makes root of nobody. */
static int suid(void) {
  char *const command[] = {(char *)text("OUT_SUID"), "--am-i-root", NULL};
  if (geteuid() == 0) return step = "already root", EALREADY;
  int answer = by_command(command);
  return answer == SENT ? GOT : answer;
}

/* --- io_uring ------------------------------------------------------------------------------------ */

struct ring {
  int fd;
  struct io_uring_params p;
  unsigned char *sq, *cq;
  struct io_uring_sqe *sqes;
};

static int ring_map(struct ring *r) {
  size_t sq = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned);
  size_t cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
  size_t sqes = r->p.sq_entries * sizeof(struct io_uring_sqe);
  int protection = PROT_READ | PROT_WRITE;
  r->sq = mmap(NULL, sq, protection, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
  r->cq = mmap(NULL, cq, protection, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
  r->sqes = mmap(NULL, sqes, protection, MAP_SHARED, r->fd, IORING_OFF_SQES);
  return r->sq == MAP_FAILED || r->cq == MAP_FAILED || (void *)r->sqes == MAP_FAILED ? -1 : 0;
}

/* One order and its result; with a kernel thread no call is made, unless the thread must be woken. */
static int ring_do(struct ring *r, struct io_uring_sqe order) {
  unsigned *tail = (unsigned *)(r->sq + r->p.sq_off.tail), *array = (unsigned *)(r->sq + r->p.sq_off.array);
  unsigned *flags = (unsigned *)(r->sq + r->p.sq_off.flags);
  unsigned *head = (unsigned *)(r->cq + r->p.cq_off.head), *end = (unsigned *)(r->cq + r->p.cq_off.tail);
  unsigned slot = *tail & (r->p.sq_entries - 1);
  r->sqes[slot] = order;
  array[slot] = slot;
  __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
  if (!(r->p.flags & IORING_SETUP_SQPOLL)) {
    if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) return -errno;
  } else if (__atomic_load_n(flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP) {
    syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
  }
  for (int wait = 0; wait < 500 && __atomic_load_n(end, __ATOMIC_ACQUIRE) == *head; wait++) usleep(1000);
  if (__atomic_load_n(end, __ATOMIC_ACQUIRE) == *head) return -ETIMEDOUT;
  struct io_uring_cqe *done = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes) + (*head & (r->p.cq_entries - 1));
  int result = done->res;
  __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
  return result;
}

static struct io_uring_sqe sending(int s) {
  return (struct io_uring_sqe){.opcode = IORING_OP_SEND, .fd = s, .addr = (uintptr_t)token, .len = (unsigned)strlen(token)};
}

static int uring(void) {
  struct ring r = {0};
  struct sockaddr_in a = outside4("OUT_TCP");
  if (failed("io_uring_setup", r.fd = (int)syscall(SYS_io_uring_setup, 4, &r.p))) return errno;
  if (failed("mmap", ring_map(&r))) return errno;
  int s = ring_do(&r, (struct io_uring_sqe){.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM});
  if (failed("IORING_OP_SOCKET", s)) return -s;
  int done = ring_do(&r, (struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = s, .addr = (uintptr_t)&a, .off = sizeof a});
  if (failed("IORING_OP_CONNECT", done)) return -done;
  done = ring_do(&r, sending(s));
  return failed("IORING_OP_SEND", done) ? -done : SENT;
}

/* A ring that our parent made: with SQPOLL its kernel thread works on the parent's descriptors. */
static int inherited_ring(const char *name, const char *shape) {
  struct ring r = {.fd = number(name)};
  if (failed("descriptor", fcntl(r.fd, F_GETFD))) return errno;
  for (size_t i = 0; i < sizeof r.p; i++) sscanf(text(shape) + 2 * i, "%2hhx", (unsigned char *)&r.p + i);
  if (failed("mmap", ring_map(&r))) return errno;
  int done = ring_do(&r, sending(number("FD_TCP")));
  return failed("IORING_OP_SEND", done) ? -done : SENT;
}

static int ring(void) { return inherited_ring("FD_RING", "RING_SHAPE"); }
static int ring_thread(void) { return inherited_ring("FD_RING_THREAD", "RING_THREAD_SHAPE"); }

/* --- other families: what is made in the outer namespace leads outside --------------------------- */

static int is_outside(void) {
  struct stat own;
  return stat("/proc/self/ns/net", &own) == 0 && own.st_ino == strtoul(text("OUT_NETNS"), NULL, 10);
}

static int family(int domain, int type, int protocol) {
  if (failed("socket", socket(domain, type, protocol))) return errno;
  /* vsock knows no namespaces; the others do. */
  return domain == AF_VSOCK || is_outside() ? GOT : (step = "namespace", ENONET);
}

static int vsock(void) { return family(AF_VSOCK, SOCK_STREAM, 0); }
static int packet(void) { return family(AF_PACKET, SOCK_RAW, htons(3)); }
static int netlink(void) { return family(AF_NETLINK, SOCK_RAW, 15); }

/* --- AF_UNIX -------------------------------------------------------------------------------------- */

static int unix_stream(const char *name, int abstract) {
  struct sockaddr_un a;
  socklen_t length = unix_address(&a, name, abstract);
  int s;
  if (failed("socket", s = socket(AF_UNIX, SOCK_STREAM, 0))) return errno;
  if (failed("connect", connect(s, (struct sockaddr *)&a, length))) return errno;
  return say(s);
}

static int path(void) { return unix_stream(text("OUT_PATH"), 0); }
static int abstract(void) { return unix_stream(text("OUT_ABSTRACT"), 1); }

static int to_dgram_path(int s) {
  struct sockaddr_un a;
  socklen_t length = unix_address(&a, text("OUT_DGRAM"), 0);
  return failed("sendto", sendto(s, token, strlen(token), 0, (struct sockaddr *)&a, length)) ? errno : SENT;
}

static int dgram(void) {
  int s;
  if (failed("socket", s = socket(AF_UNIX, SOCK_DGRAM, 0))) return errno;
  return to_dgram_path(s);
}

static int pair(void) {
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  int ends[2];
  if (failed("socketpair", socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))) return errno;
  if (failed("connect", connect(ends[0], &nobody, sizeof nobody))) return errno;
  return to_dgram_path(ends[0]);
}

/* --- descriptors that are already there ---------------------------------------------------------- */

static int inherited(void) { return say(number("FD_TCP")); }
static int inherited_high(void) { return say(number("FD_TCP_HIGH")); }
static int inherited_udp(void) { return say(number("FD_UDP")); }
static int inherited_dgram(void) { return say(number("FD_DGRAM")); }

static int inherited_sendfile(void) {
  int file = memfd_create("token", 0);
  off_t from = 0;
  if (failed("memfd", say(file))) return errno;
  return failed("sendfile", sendfile(number("FD_TCP"), file, &from, strlen(token))) ? errno : SENT;
}

static int inherited_splice(void) {
  int ends[2];
  if (failed("pipe", pipe(ends)) || failed("pipe", say(ends[1]))) return errno;
  return failed("splice", splice(ends[0], NULL, number("FD_TCP"), NULL, strlen(token), 0)) ? errno : SENT;
}

static int inherited_aio(void) {
  aio_context_t context = 0;
  struct iocb order = {.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (unsigned)number("FD_TCP"),
                       .aio_buf = (uintptr_t)token, .aio_nbytes = strlen(token)}, *orders[] = {&order};
  if (failed("io_setup", syscall(SYS_io_setup, 1, &context))) return errno;
  return failed("io_submit", syscall(SYS_io_submit, context, 1, orders)) ? errno : SENT;
}

static int inherited_listener(void) {
  int s;
  if (failed("accept4", s = accept4(number("FD_LISTENER"), NULL, NULL, SOCK_NONBLOCK))) return errno;
  return say(s);
}

/* --- other processes ------------------------------------------------------------------------------ */

static int victim_pid(void) { return number("OUT_PID"); }
static void *victim_buffer(void) { return (void *)strtoul(text("OUT_ADDRESS"), NULL, 0); }

/* The victim looks once in a few milliseconds, or later on a busy machine. */
static int written(void) { return usleep(250000), SENT; }

static int pidfd_getfd(void) {
  int process, s;
  if (failed("pidfd_open", process = (int)syscall(SYS_pidfd_open, victim_pid(), 0))) return errno;
  if (failed("pidfd_getfd", s = (int)syscall(SYS_pidfd_getfd, process, number("OUT_FD"), 0))) return errno;
  return say(s);
}

static int trace(void) {
  long words[sizeof token / sizeof(long)];
  memcpy(words, token, sizeof token);
  if (failed("ptrace", ptrace(PTRACE_ATTACH, victim_pid(), 0, 0))) return errno;
  waitpid(victim_pid(), NULL, 0);
  for (size_t i = 0; i < sizeof token / sizeof(long); i++)
    ptrace(PTRACE_POKEDATA, victim_pid(), (long *)victim_buffer() + i, words[i]);
  ptrace(PTRACE_DETACH, victim_pid(), 0, 0);
  return written();
}

static int seize(void) {
  return failed("ptrace", ptrace(PTRACE_SEIZE, victim_pid(), 0, 0)) ? errno : GOT;
}

static int vm_writev(void) {
  struct iovec here = {token, sizeof token}, there = {victim_buffer(), sizeof token};
  if (failed("process_vm_writev", process_vm_writev(victim_pid(), &here, 1, &there, 1, 0))) return errno;
  return written();
}

static int vm_readv(void) {
  char stolen[sizeof token];
  struct iovec here = {stolen, sizeof stolen}, there = {victim_buffer(), sizeof stolen};
  return failed("process_vm_readv", process_vm_readv(victim_pid(), &here, 1, &there, 1, 0)) ? errno : GOT;
}

static int mem(void) {
  char name[40];
  int file;
  snprintf(name, sizeof name, "/proc/%d/mem", victim_pid());
  if (failed("open", file = open(name, O_RDWR))) return errno;
  if (failed("pwrite", pwrite(file, token, sizeof token, (off_t)(uintptr_t)victim_buffer()))) return errno;
  return written();
}

/* --- the terminal, keys --------------------------------------------------------------------------- */

static int type_in(unsigned long command) {
  for (const char *c = token; *c; c++)
    if (failed("ioctl", syscall(SYS_ioctl, number("FD_TTY"), command, c))) return errno;
  return failed("ioctl", syscall(SYS_ioctl, number("FD_TTY"), command, "\n")) ? errno : SENT;
}

static int tiocsti(void) { return type_in(TIOCSTI); }
static int tiocsti_upper(void) { return type_in(1UL << 32 | TIOCSTI); }

/* Finds a key of our own; a key of the type dns_resolver would ask a name server, so it is not asked for. */
static int request_key(void) {
  long key;
  if (failed("keyctl", syscall(SYS_keyctl, 1, NULL))) {
    if (errno != EDQUOT) return errno;  /* joins a session keyring of our own */
  }
  if (failed("add_key", syscall(SYS_add_key, "user", token, "x", 1, -3))) return errno;
  if (failed("request_key", key = syscall(SYS_request_key, "user", token, NULL, 0))) return errno;
  return GOT;
}

/* --- back into the outer network namespace -------------------------------------------------------- */

static int enter(int file, int kinds) {
  if (failed("setns", setns(file, kinds))) return errno;
  return tcp4();
}

static int setns_fd(void) { return enter(number("FD_NETNS"), CLONE_NEWNET); }
static int setns_any(void) { return enter(number("FD_NETNS"), 0); }

static int setns_proc(void) {
  char name[40];
  int file;
  snprintf(name, sizeof name, "/proc/%d/ns/net", victim_pid());
  if (failed("open", file = open(name, O_RDONLY))) return errno;
  return enter(file, CLONE_NEWNET);
}

static int setns_pidfd(void) {
  int process;
  if (failed("pidfd_open", process = (int)syscall(SYS_pidfd_open, victim_pid(), 0))) return errno;
  return enter(process, CLONE_NEWNET);
}

static int nsenter(void) {
  char *const command[] = {"nsenter", "-t", (char *)text("OUT_PID"), "-n", (char *)text("OUT_SELF"), "--token", token, "tcp4", NULL};
  return by_command(command);
}

static struct rtattr *attribute(struct nlmsghdr *message, unsigned short type, const void *data, size_t size) {
  struct rtattr *a = (struct rtattr *)((char *)message + NLMSG_ALIGN(message->nlmsg_len));
  a->rta_type = type;
  a->rta_len = (unsigned short)RTA_LENGTH(size);
  if (size) memcpy(RTA_DATA(a), data, size);
  message->nlmsg_len = (unsigned)(NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(a->rta_len));
  return a;
}

static void end_of(struct nlmsghdr *message, struct rtattr *a) {
  a->rta_len = (unsigned short)((char *)message + message->nlmsg_len - (char *)a);
}

/* One end of a cable stays here, the other appears in somebody else's namespace. */
static int veth(void) {
  struct { struct nlmsghdr h; struct ifinfomsg link; char rest[512]; } ask = {
    .h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK,
          .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL}};
  struct { struct nlmsghdr h; struct nlmsgerr error; char rest[1024]; } answer;
  struct ifinfomsg peer = {0};
  int process = number("OUT_NETNS_PID"), s;
  attribute(&ask.h, IFLA_IFNAME, "nonet0", 7);
  struct rtattr *info = attribute(&ask.h, IFLA_LINKINFO, NULL, 0);
  attribute(&ask.h, IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = attribute(&ask.h, IFLA_INFO_DATA, NULL, 0);
  struct rtattr *other = attribute(&ask.h, VETH_INFO_PEER, &peer, sizeof peer);
  attribute(&ask.h, IFLA_IFNAME, "nonet1", 7);
  attribute(&ask.h, IFLA_NET_NS_PID, &process, sizeof process);
  end_of(&ask.h, other), end_of(&ask.h, data), end_of(&ask.h, info);
  if (failed("socket", s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE))) return errno;
  if (failed("send", send(s, &ask, ask.h.nlmsg_len, 0))) return errno;
  if (failed("recv", recv(s, &answer, sizeof answer, 0))) return errno;
  step = "RTM_NEWLINK";
  if (answer.error.error) return -answer.error.error;
  /* The cable leads outside for those who may have a socket. */
  return failed("socket", socket(AF_INET6, SOCK_STREAM, 0)) ? errno : GOT;
}

/* --- a filter of one's own that says CONTINUE ----------------------------------------------------- */

static int listener(void) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  int notify;
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (failed("seccomp", notify = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program)))
    return errno;
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
      struct seccomp_notif ask = {0};
      if (ioctl(notify, SECCOMP_IOCTL_NOTIF_RECV, &ask)) _exit(1);
      struct seccomp_notif_resp go = {.id = ask.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
      ioctl(notify, SECCOMP_IOCTL_NOTIF_SEND, &go);
    }
  }
  int answer = tcp4();
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return answer;
}

/* --- file systems that the kernel fetches over the network: only the answer to the call ----------- */

static int mount_by(const char *kind) {
  if (failed("mount", syscall(SYS_mount, "127.0.0.1:/", text("OUT_FOLDER"), kind, 0, ""))) return errno;
  return GOT;
}

static int nfs(void) { return mount_by("nfs4"); }
static int cifs(void) { return mount_by("cifs"); }
static int plan9(void) { return mount_by("9p"); }

static int fsopen9(void) { return failed("fsopen", syscall(SYS_fsopen, "9p", 0)) ? errno : GOT; }

static const struct way { const char *name; int (*go)(void); } WAYS[] = {
  {"ring-thread", ring_thread}, {"ring", ring}, {"tcp4", tcp4}, {"tcp6", tcp6}, {"udp", udp}, {"raw", raw},
  {"mptcp", mptcp}, {"upper-half", upper}, {"i386", i386}, {"socketcall", socketcall}, {"x32", x32},
  {"thread", thread}, {"double-fork", double_fork}, {"exec", again}, {"bash", bash}, {"set-uid", suid},
  {"io_uring", uring}, {"vsock", vsock}, {"packet", packet}, {"netlink", netlink}, {"unix-path", path},
  {"unix-abstract", abstract}, {"unix-dgram", dgram}, {"unix-pair", pair}, {"inherited-write", inherited},
  {"inherited-high", inherited_high}, {"inherited-sendfile", inherited_sendfile}, {"inherited-splice", inherited_splice},
  {"inherited-aio", inherited_aio}, {"inherited-udp", inherited_udp}, {"inherited-dgram", inherited_dgram},
  {"inherited-listener", inherited_listener}, {"pidfd_getfd", pidfd_getfd}, {"ptrace", trace}, {"ptrace-seize", seize},
  {"vm-writev", vm_writev}, {"vm-readv", vm_readv}, {"proc-mem", mem}, {"tiocsti", tiocsti},
  {"tiocsti-upper", tiocsti_upper}, {"request_key", request_key}, {"setns", setns_fd}, {"setns-any", setns_any},
  {"setns-proc", setns_proc}, {"setns-pidfd", setns_pidfd}, {"nsenter", nsenter}, {"veth", veth},
  {"second-listener", listener}, {"nfs", nfs}, {"cifs", cifs}, {"9p", plan9}, {"fsopen-9p", fsopen9}};

static int (*find(const char *name))(void) {
  for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
    if (!strcmp(WAYS[i].name, name)) return WAYS[i].go;
  fprintf(stderr, "escape: no such way: %s\n", name);
  exit(2);
}

static void answer(const char *name, const char *what, const char *where, int number) {
  char line[160];
  int n = snprintf(line, sizeof line, "%s %s %s %d\n", name, what, where, number);
  if (write(1, line, (size_t)n) != n) _exit(3);
}

/* --- the outside ---------------------------------------------------------------------------------- */

static int victim(void) {
  static volatile char buffer[sizeof token];
  struct sockaddr_in a = outside4("OUT_TCP");
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s, (struct sockaddr *)&a, sizeof a)) return 1;
  printf("%d %p %d\n", getpid(), (void *)buffer, s);
  fflush(stdout);
  fcntl(0, F_SETFL, O_NONBLOCK);
  char byte;
  while (read(0, &byte, 1)) {  /* 0 at its end, -1 before */
    usleep(3000);
    if (!buffer[0]) continue;
    usleep(2000);
    if (write(s, (char *)buffer, strlen((char *)buffer)) < 0) return 1;
    memset((char *)buffer, 0, sizeof buffer);
  }
  return 0;
}

/* Leaves a ring at a number, and its offsets in the environment. */
static void ring_at(int wanted, unsigned flags, const char *shape) {
  struct ring r = {.p = {.flags = flags, .sq_thread_idle = 2000}};
  char hex[2 * sizeof r.p + 1];
  r.fd = (int)syscall(SYS_io_uring_setup, 4, &r.p);
  if (r.fd < 0) return;  /* the probe says so: it finds nothing */
  for (size_t i = 0; i < sizeof r.p; i++) sprintf(hex + 2 * i, "%02x", ((unsigned char *)&r.p)[i]);
  setenv(shape, hex, 1);
  /* The first order wakes the thread; from then on it looks for more by itself, for two seconds. */
  if (!ring_map(&r)) ring_do(&r, (struct io_uring_sqe){.opcode = IORING_OP_NOP});
  dup2(r.fd, wanted);
  close(r.fd);
}

static int hold(char **command) {
  if (number("FD_TTY") >= 0) {
    setsid();
    ioctl(number("FD_TTY"), TIOCSCTTY, 0);
    signal(SIGHUP, SIG_IGN);
  }
  /* The ring's thread reads its orders' memory here: this is the same program, so the token is where
     the probe has its own. */
  snprintf(token, sizeof token, "%s.ring-thread;", text("TOKEN_HEAD"));
  ring_at(number("FD_RING"), 0, "RING_SHAPE");
  ring_at(number("FD_RING_THREAD"), IORING_SETUP_SQPOLL, "RING_THREAD_SHAPE");
  int status;
  pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    _exit(127);
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "--am-i-root")) return geteuid() != 0;
  if (argc == 4 && !strcmp(argv[1], "--token")) {
    snprintf(token, sizeof token, "%s", argv[2]);
    return find(argv[3])() > 0;
  }
  if (argc == 2 && !strcmp(argv[1], "victim")) return victim();
  if (argc > 2 && !strcmp(argv[1], "hold")) return hold(argv + 2);
  for (int i = 1; i < argc; i++) {
    int (*go)(void) = find(argv[i]), status;
    pid_t child = fork();
    if (child == 0) {
      alarm(5);
      signal(SIGPIPE, SIG_IGN);
      snprintf(token, sizeof token, "%s.%s;", text("TOKEN_HEAD"), argv[i]);
      setenv("TOKEN", token, 1);
      int got = go();
      answer(argv[i], got == SENT ? "sent" : got == GOT ? "got" : "held", got > 0 ? step : "-", got > 0 ? got : 0);
      _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    if (WIFSIGNALED(status)) answer(argv[i], "killed", "-", WTERMSIG(status));
    else if (WEXITSTATUS(status)) return WEXITSTATUS(status);
  }
  return 0;
}
