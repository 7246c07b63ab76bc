/* Random system calls that a filter asks its supervisor about, and no others: nothing here does anything.
 *
 *   soak COUNT SEED    COUNT calls with random arguments from four processes with four threads each, which
 *                      come and go; prints `CALL ERRNO COUNT` for every answer
 *
 * Only calls that each preset but loopback always refuses: socket and socketpair of families that no preset
 * allows, connect, pidfd_getfd, io_uring_*, ioctl(TIOCSTI), and socketcall and socket by the i386 and x32 numbers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 4, THREADS = 4, ROUND = 2000, ERRNOS = 140 };
enum { SOCKET, SOCKETPAIR, CONNECT, GETFD, RING, RING_ENTER, RING_REGISTER, TYPING, LOW, LOW_CALL, X32, CALLS };

static const char *NAMES[] = {"socket", "socketpair", "connect", "pidfd_getfd", "io_uring_setup", "io_uring_enter",
                              "io_uring_register", "ioctl", "i386-socket", "i386-socketcall", "x32-socket"};
static long (*seen)[ERRNOS];
static unsigned char *memory; /* three pages, of which the second cannot be read */
static int stream;

static uint64_t next(uint64_t *state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/* A number as hostile programs choose them. */
static long any(uint64_t *state) {
  uint64_t x = next(state);
  switch (x >> 61) {
  case 0: return (long)(x & 31);
  case 1: return (long)(x & 0xffffffff);
  case 2: return (long)x;
  case 3: return -(long)(x & 4095);
  case 4: return (long)(intptr_t)memory + (long)(x & 4095);
  case 5: return (long)(intptr_t)memory + 4096 - (long)(x & 127);
  case 6: return (long)(intptr_t)memory + 4096 + (long)(x & 8191);
  default: return 1L << (x & 63);
  }
}

/* What no preset opens: not AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
static long family(uint64_t *state) {
  for (;;) {
    long one = any(state);
    uint32_t low = (uint32_t)one;
    if (low != 1 && low != 2 && low != 10 && low != 16) return one;
  }
}

#if defined(__x86_64__)
static long int80(long nr, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(nr), "b"(a), "c"(b), "d"(c) : "r8", "r9", "r10", "r11", "memory");
  if ((int)result < 0) return errno = -(int)result, -1;
  return (int)result;
}
#endif

static void call(int which, uint64_t *s) {
  long result = -1, a = any(s), b = any(s), c = any(s), d = any(s), e = any(s);
  long fd = next(s) & 1 ? stream : a;
  switch (which) {
  case SOCKET: result = syscall(SYS_socket, family(s), b, c, d, e); break;
  case SOCKETPAIR: result = syscall(SYS_socketpair, family(s), b, c, d, e); break;
  case CONNECT: {
    uint16_t known[] = {1, 2, 10, 16, 0};
    unsigned char *place = memory + (next(s) & 2047);
    if (next(s) & 1) memcpy(place, &known[next(s) % 5], 2), b = (long)(intptr_t)place;
    result = syscall(SYS_connect, fd, b, next(s) & 1 ? (long)(next(s) % 130) : c, d, e);
    break;
  }
  case GETFD: result = syscall(SYS_pidfd_getfd, a, b, c, d, e); break;
  case RING: result = syscall(SYS_io_uring_setup, a, b, c, d, e); break;
  case RING_ENTER: result = syscall(SYS_io_uring_enter, a, b, c, d, e, 8); break;
  case RING_REGISTER: result = syscall(SYS_io_uring_register, a, b, c, d, e); break;
  case TYPING: result = syscall(SYS_ioctl, a, (c & ~0xffffffffL) | 0x5412, d, e); break;
#if defined(__x86_64__)
  case LOW: result = int80(359, family(s), b, c); break;
  case LOW_CALL: result = int80(102, 1, b, c); break;
  case X32: result = syscall(0x40000000 | SYS_socket, a, b, c, d, e); break;
#endif
  default: errno = 0;
  }
  int number = result < 0 ? errno : 0;
  __atomic_add_fetch(&seen[which][number < ERRNOS ? number : ERRNOS - 1], 1, __ATOMIC_RELAXED);
}

static void *round_of(void *seed) {
#if defined(__x86_64__)
  int known = CALLS;
#else
  int known = LOW;
#endif
  uint64_t state = (uint64_t)(uintptr_t)seed;
  if (next(&state) & 1) prctl(PR_SET_NAME, (char *)&state, 0, 0, 0);
  for (int i = 0; i < ROUND; i++) call((int)(next(&state) % (unsigned)known), &state);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  long rounds = atol(argv[1]) / (PROCESSES * THREADS * ROUND);
  uint64_t seed = strtoull(argv[2], NULL, 10);
  seen = mmap(NULL, sizeof(long[CALLS][ERRNOS]), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memory = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(memory + 4096, 4096, PROT_NONE);
  stream = socket(AF_UNIX, SOCK_STREAM, 0);
  for (int p = 0; p < PROCESSES; p++) {
    if (fork()) continue;
    for (long r = 0; r < rounds; r++) {
      pthread_t started[THREADS];
      for (int i = 0; i < 4096; i++) memory[i] = (unsigned char)next(&seed);
      for (int t = 0; t < THREADS; t++)
        if (pthread_create(&started[t], NULL, round_of, (void *)(uintptr_t)(next(&seed) + (uint64_t)p * 977))) _exit(3);
      for (int t = 0; t < THREADS; t++) pthread_join(started[t], NULL);
    }
    _exit(0);
  }
  int status, worst = 0;
  while (wait(&status) > 0) worst = worst ? worst : status;
  for (int which = 0; which < CALLS; which++)
    for (int number = 0; number < ERRNOS; number++)
      if (seen[which][number]) printf("%s %d %ld\n", NAMES[which], number, seen[which][number]);
  return worst ? 1 : 0;
}
