/* Makes raw system calls and says what came back.
 *
 *   probe LABEL:ABI:NR[:ARG]... ...          each request in a child of its own
 *   probe --inline LABEL:ABI:NR[:ARG]...     one request in the process itself, for a tracer
 *
 * ABI is `native` (the syscall instruction) or `int80` (the i386 entry, from this 64-bit program).
 * NR and ARG are numbers of 64 bits, so that the upper halves of registers are ours to fill;
 * an ARG may also be a word of `resolve` below, for a descriptor, a pointer or a process.
 * Each request answers one line: `LABEL RESULT ERRNO` or `LABEL killed SIGNAL`.
 * Nothing here sends to anything but a socket pair or a path that the caller made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned long word;

/* Static and not position-independent: these addresses fit the 32 bits of `int $0x80`. */
static char zeros[8192] __attribute__((aligned(16)));
static char text[] = "nonet-probe", user[] = "user", letter[] = "x";
static int four = 4;
static struct sockaddr_un address;

static word native(word nr, const word a[6]) {
#if defined(__x86_64__)
  word result = nr;
  register word r10 __asm__("r10") = a[3];
  register word r8 __asm__("r8") = a[4];
  register word r9 __asm__("r9") = a[5];
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register word x8 __asm__("x8") = nr;
  register word x0 __asm__("x0") = a[0];
  register word x1 __asm__("x1") = a[1];
  register word x2 __asm__("x2") = a[2];
  register word x3 __asm__("x3") = a[3];
  register word x4 __asm__("x4") = a[4];
  register word x5 __asm__("x5") = a[5];
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
#endif
}

#if defined(__x86_64__)
/* The registers keep whatever upper halves were asked for; the kernel must look at the lower ones. */
static word int80(word nr, const word a[6]) {
  word result;
  __asm__ volatile("sub $128, %%rsp\n\t"  /* the red zone is the compiler's */
                   "push %%rbp\n\t"
                   "mov 0(%2), %%rbx\n\t"
                   "mov 8(%2), %%rcx\n\t"
                   "mov 16(%2), %%rdx\n\t"
                   "mov 32(%2), %%rdi\n\t"
                   "mov 40(%2), %%rbp\n\t"
                   "mov 24(%2), %%rsi\n\t"
                   "int $0x80\n\t"
                   "pop %%rbp\n\t"
                   "add $128, %%rsp"
                   : "=a"(result)
                   : "0"(nr), "S"(a)
                   : "rbx", "rcx", "rdx", "rdi", "r8", "r9", "r10", "r11", "memory");
  return (word)(long)(int)result;
}
#endif

static int pair(void) {
  int ends[2];
  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ? -1 : ends[0];
}

static int terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) || unlockpt(master)) return -1;
  setsid();
  int slave = open(ptsname(master), O_RDWR);  /* becomes the controlling terminal */
  ioctl(slave, TIOCSCTTY, 0);
  return slave;
}

static int bound(void) {
  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sa_family_t unix_family = AF_UNIX;
  bind(s, (struct sockaddr *)&unix_family, sizeof unix_family);  /* the kernel picks a name */
  return s;
}

static word resolve(const char *name) {
  if (!strcmp(name, "pair")) return (word)(long)pair();
  if (!strcmp(name, "sock")) return (word)(long)socket(AF_UNIX, SOCK_STREAM, 0);
  if (!strcmp(name, "bound")) return (word)(long)bound();
  if (!strcmp(name, "listening")) {
    int s = bound();
    listen(s, 1);
    return (word)(long)s;
  }
  if (!strcmp(name, "tty")) return (word)(long)terminal();
  if (!strcmp(name, "netns")) return (word)(long)open("/proc/self/ns/net", O_RDONLY);
  if (!strcmp(name, "pidfd")) return (word)syscall(SYS_pidfd_open, getpid(), 0);
  if (!strcmp(name, "self")) return (word)getpid();
  if (!strcmp(name, "zeros")) return (word)zeros;
  if (!strcmp(name, "text")) return (word)text;
  if (!strcmp(name, "user")) return (word)user;
  if (!strcmp(name, "letter")) return (word)letter;
  if (!strcmp(name, "four")) return (word)&four;
  if (!strcmp(name, "address")) {
    address.sun_family = AF_UNIX;
    const char *path = getenv("PROBE_UNIX");
    strncpy(address.sun_path, path ? path : "/nonexistent/nonet", sizeof address.sun_path - 1);
    return (word)&address;
  }
  if (!strcmp(name, "family")) {
    address.sun_family = AF_UNIX;
    return (word)&address;
  }
  fprintf(stderr, "probe: no such argument: %s\n", name);
  exit(2);
}

static void perform(char *request) {
  char *rest = request;
  char *label = strsep(&rest, ":"), *abi = strsep(&rest, ":"), *number = strsep(&rest, ":");
  word nr = strtoul(number, NULL, 0), a[6] = {0};
  for (int i = 0; rest && i < 6; i++) {
    char *end, *field = strsep(&rest, ":");
    a[i] = strtoul(field, &end, 0);
    if (*end) a[i] = resolve(field);
  }
  word got;
#if defined(__x86_64__)
  got = abi[0] == 'i' ? int80(nr, a) : native(nr, a);
#else
  (void)abi;
  got = native(nr, a);
#endif
  long value = (long)got;
  int failed = value < 0 && value >= -4095;
  char line[200];
  int n = snprintf(line, sizeof line, "%s %ld %d\n", label, failed ? -1 : value, failed ? (int)-value : 0);
  _exit(write(1, line, (size_t)n) != n);
}

int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "--inline")) perform(argv[2]);
  for (int i = 1; i < argc; i++) {
    char label[64];
    snprintf(label, sizeof label, "%.*s", (int)strcspn(argv[i], ":"), argv[i]);
    pid_t child = fork();
    if (child == 0) {
      alarm(5);
      perform(argv[i]);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    if (WIFSIGNALED(status)) {
      printf("%s killed %d\n", label, WTERMSIG(status));
      fflush(stdout);
    } else if (WEXITSTATUS(status)) {
      return WEXITSTATUS(status);
    }
  }
  return 0;
}
