/* Takes the place of a supervisor: a filter of its own, with a listener that answers CONTINUE.
 *
 *   attack run PID SECONDS PORT PATH TOKEN   once process PID has ended (0: at once; -PID: at the end of the
 *                                            first second at the latest), for SECONDS: every way to install
 *                                            such a filter; what it opens sends TOKEN to 127.0.0.1:PORT and to
 *                                            the socket PATH
 *   attack install                           filters without a listener, which must stay possible
 *   attack toy COMMAND...                    a supervisor as it must not be: its filter only notifies, its
 *                                            listener is closed when the command ends
 *
 * `run` prints `WAY ERRNO COUNT` for each answer that a way had, 0 where it got a listener, and under
 * `socket` what a plain socket(2) answered meanwhile; 139 where no answer came for four seconds. Static and at fixed addresses: `int $0x80` takes 32 bits.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gone.h"

enum { WAYS = 200, ERRNOS = 140, HUNG = ERRNOS - 1 };

static struct sock_filter asking[] = {
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static struct sock_fprog program = {sizeof asking / sizeof *asking, asking};

static unsigned (*seen)[ERRNOS]; /* by way, shared with the children */
static const char *names[WAYS];
static int port;
static const char *path, *token;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- installing, by each way into the kernel ----------------------------------------------------- */

static long native(unsigned long flags) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

#if defined(__x86_64__)
/* As the 32-bit system call wants it. */
static struct { uint16_t length; uint32_t filter; } low_program;

static long int80(unsigned long flags) {
  long result;
  low_program.length = program.len;
  low_program.filter = (uint32_t)(uintptr_t)asking;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(354L), "b"(1L), "c"(flags), "d"(&low_program)
                   : "r8", "r9", "r10", "r11", "memory");
  if ((int)result < 0) return errno = -(int)result, -1;
  return (int)result;
}

static long x32(unsigned long flags) {
  int80(0); /* fills in the program; the answer does not matter */
  return syscall(0x40000000 | SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &low_program);
}
#endif

/* --- what a listener of one's own opens ----------------------------------------------------------- */

static void proceed(int listener) {
  for (;;) {
    struct seccomp_notif ask = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask)) {
      if (errno == EINTR || errno == ENOENT) continue;
      _exit(1);
    }
    struct seccomp_notif_resp go = {.id = ask.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go);
  }
}

static void send_token(int family, const void *address, socklen_t length) {
  int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s >= 0 && !connect(s, address, length) && write(s, token, strlen(token)) < 0) perror("attack: write");
  if (s >= 0) close(s);
}

static void go_out(int listener) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  strncpy(local.sun_path, path, sizeof local.sun_path - 1);
  pid_t helper = fork();
  if (helper == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    proceed(listener);
  }
  alarm(3);
  send_token(AF_INET, &four, sizeof four);
  send_token(AF_UNIX, &local, sizeof local);
  kill(helper, SIGKILL);
}

/* --- the tries ------------------------------------------------------------------------------------ */

struct try { long (*install)(unsigned long); unsigned long flags; int way; };

static void note(int way, long result) {
  int number = result < 0 ? errno : 0;
  __atomic_add_fetch(&seen[way][number < ERRNOS ? number : ERRNOS - 1], 1, __ATOMIC_RELAXED);
}

static void *attempt(void *argument) {
  const struct try *one = argument;
  long listener = one->install(one->flags);
  note(one->way, listener);
  if (listener > 0) go_out((int)listener);
  return NULL;
}

static void *rest(void *unused) { return pause(), unused; }

/* Each try in a process of its own: one that works changes that process for good. */
static void try_one(struct try one, int threads) {
  pid_t child = fork();
  if (child == 0) {
    pthread_t other;
    signal(SIGALRM, SIG_DFL), alarm(4);
    for (int i = 0; i < threads; i++) pthread_create(&other, NULL, rest, NULL);
    if (threads && !pthread_create(&other, NULL, attempt, &one)) pthread_join(other, NULL);
    else attempt(&one);
    _exit(0);
  }
  int status;
  if (waitpid(child, &status, 0) == child && WIFSIGNALED(status)) errno = HUNG, note(one.way, -1);
}

static long plain_socket(unsigned long unused) {
  long s = socket(AF_INET, SOCK_STREAM, (int)unused);
  return s < 0 ? -1 : 0;
}

static int named(const char *name) {
  for (int i = 0; i < WAYS; i++) {
    if (!names[i]) names[i] = strdup(name);
    if (!strcmp(names[i], name)) return i;
  }
  abort();
}

static void try_all(int is_first) {
  unsigned long listener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  try_one((struct try){native, listener, named("native")}, 0);
  try_one((struct try){native, listener, named("thread")}, 1);
  try_one((struct try){native, listener | 1 | 16, named("tsync")}, 2);
#if defined(__x86_64__)
  try_one((struct try){int80, listener, named("i386")}, 0);
  try_one((struct try){x32, listener, named("x32")}, 0);
#endif
  if (!is_first) return;
  for (int bit = 0; bit < 64; bit++) {
    char name[20];
    if (1UL << bit == listener) continue;
    snprintf(name, sizeof name, "native-%d", bit);
    try_one((struct try){native, listener | 1UL << bit, named(name)}, 0);
#if defined(__x86_64__)
    if (bit >= 32) continue;
    snprintf(name, sizeof name, "i386-%d", bit);
    try_one((struct try){int80, listener | 1UL << bit, named(name)}, 0);
#endif
  }
}

static int run(char **argv) {
  pid_t process = atoi(argv[0]);
  double seconds = atof(argv[1]), start = now();
  port = atoi(argv[2]), path = argv[3], token = argv[4];
  seen = mmap(NULL, sizeof(unsigned[WAYS][ERRNOS]), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (process > 0)
    while (!is_gone(process) && now() < start + 20) usleep(1000);
  if (process < 0)
    while (!is_gone(-process) && now() < start + 1) usleep(1000);
  int plain = named("socket");
  start = now();
  for (int pass = 0; now() < start + seconds; pass++) {
    try_all(pass == 0);
    try_one((struct try){plain_socket, 0, plain}, 0);
    usleep(20000);
  }
  for (int way = 0; way < WAYS && names[way]; way++)
    for (int number = 0; number < ERRNOS; number++)
      if (seen[way][number]) printf("%s %d %u\n", names[way], number, seen[way][number]);
  puts("done");
  return 0;
}

static int install(void) {
  struct sock_filter allowing = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  program = (struct sock_fprog){1, &allowing};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  unsigned long flags[] = {0, SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    printf("flags %lx: %d\n", flags[i], native(flags[i]) ? errno : 0);
  printf("prctl: %d\n", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? errno : 0);
  unsigned action = SECCOMP_RET_USER_NOTIF;
  printf("action: %d\n", syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? errno : 0);
  return 0;
}

static int toy(char **command) {
  int *listener = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), status;
  pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    *listener = (int)native(SECCOMP_FILTER_FLAG_NEW_LISTENER);
    execvp(command[0], command);
    _exit(127);
  }
  while (!*listener) usleep(1000);
  while (waitpid(child, &status, WNOHANG) == 0) {
    struct pollfd call = {*listener, POLLIN, 0};
    struct seccomp_notif ask = {0};
    if (poll(&call, 1, 10) != 1 || ioctl(*listener, SECCOMP_IOCTL_NOTIF_RECV, &ask)) continue;
    struct seccomp_notif_resp refused = {.id = ask.id, .error = -EACCES};
    ioctl(*listener, SECCOMP_IOCTL_NOTIF_SEND, &refused);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  if (argc == 7 && !strcmp(argv[1], "run")) return run(argv + 2);
  if (argc == 2 && !strcmp(argv[1], "install")) return install();
  if (argc > 2 && !strcmp(argv[1], "toy")) return toy(argv + 2);
  return 2;
}
