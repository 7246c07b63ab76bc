/* Attempts that a supervisor has to count and to survive.
 *
 *   attempts many PROCESSES THREADS EACH   all at once, each thread EACH connects to 127.PROCESS.THREAD.1
 *   attempts same COUNT                    COUNT connects to 127.0.0.1:9
 *   attempts different COUNT               COUNT connects, each to another address
 *   attempts race COUNT PORT               COUNT connects; another thread changes the address to and
 *                                          from 127.0.0.1:PORT meanwhile
 *   attempts vanish COUNT                  COUNT processes that end while their threads attempt
 *   attempts unreadable                    addresses that cannot be read, in every way
 *   attempts renamed COUNT                 the thread has another name at each attempt
 * Prints the errnos that were seen, one a line: `ERRNO COUNT`; 0 is success.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long *seen; /* by errno, shared by all processes */
static int stream;

static struct sockaddr_in to(uint32_t address, int port) {
  struct sockaddr_in one = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  one.sin_addr.s_addr = htonl(address);
  return one;
}

static void note(long result) {
  int number = result < 0 ? errno : 0;
  __atomic_add_fetch(&seen[number < 200 ? number : 199], 1, __ATOMIC_RELAXED);
}

static void attempt(const void *address, unsigned length) {
  note(syscall(SYS_connect, stream, address, length));
}

enum { MOST = 250 }; /* threads of a process */
static struct job { int process, thread; long each; pthread_barrier_t *gate; } jobs[MOST];

static void *one_of_many(void *argument) {
  struct job *job = argument;
  struct sockaddr_in there = to(127u << 24 | (uint32_t)job->process << 16 | (uint32_t)job->thread << 8 | 1, 80);
  pthread_barrier_wait(job->gate);
  for (long i = 0; i < job->each; i++) attempt(&there, sizeof there);
  return NULL;
}

static void many(int processes, int threads, long each) {
  pthread_barrier_t *gate = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_barrierattr_t shared;
  pthread_barrierattr_init(&shared);
  pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(gate, &shared, (unsigned)(processes * threads));
  for (int p = 0; p < processes; p++) {
    if (fork()) continue;
    pthread_t started[MOST];
    for (int t = 0; t < threads; t++) {
      jobs[t] = (struct job){p, t, each, gate};
      pthread_create(&started[t], NULL, one_of_many, &jobs[t]);
    }
    for (int t = 0; t < threads; t++) pthread_join(started[t], NULL);
    _exit(0);
  }
  while (wait(NULL) > 0) continue;
}

static struct sockaddr_in flipping;
static volatile int going = 1;

static void *flip(void *port) {
  struct sockaddr_in one = to(INADDR_LOOPBACK, *(int *)port), other = to(INADDR_LOOPBACK + 1, 1);
  while (going) {
    memcpy(&flipping, &one, sizeof one);
    memcpy(&flipping, &other, sizeof other);
  }
  return NULL;
}

static void *attempt_on(void *unused) {
  struct sockaddr_in there = to(INADDR_LOOPBACK, 9);
  for (;;) attempt(&there, sizeof there);
  return unused;
}

static void vanish(long count) {
  for (long i = 0; i < count; i++) {
    if (fork() == 0) {
      pthread_t thread;
      for (int t = 0; t < 4; t++) pthread_create(&thread, NULL, attempt_on, NULL);
      usleep(i % 7 * 100);
      if (i & 1) kill(getpid(), SIGKILL);
      _exit(0);
    }
    if (i % 8 == 7)
      while (wait(NULL) > 0) continue;
  }
  while (wait(NULL) > 0) continue;
}

static void unreadable(void) {
  char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sockaddr_in there = to(INADDR_LOOPBACK, 9);
  mprotect(page + 4096, 4096, PROT_NONE);
  memcpy(page + 4096 - sizeof there, &there, sizeof there);
  memcpy(page + 4096 - 8, &there, 8); /* the end lies behind the layer */
  unsigned lengths[] = {0, 1, 2, 3, 7, 8, 16, 127, 128, 129, 4096, 0x7fffffff, 0x80000000, 0xffffffff};
  char *places[] = {NULL, (char *)1, page, page + 4096, page + 4096 - 8, page + 4096 - 1, page + 2 * 4096,
                    (char *)-1, (char *)-4096, (char *)0xffff800000000000, (char *)0x7ffffffff000};
  for (size_t p = 0; p < sizeof places / sizeof *places; p++)
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
      attempt(places[p], lengths[l]);
      note(syscall(SYS_sendmsg, stream, places[p], 0));
      note(syscall(SYS_sendmmsg, stream, places[p], lengths[l], 0));
      note(syscall(SYS_sendto, stream, places[p], lengths[l], 0, places[p], lengths[l]));
    }
}

int main(int argc, char **argv) {
  seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const char *mode = argc > 1 ? argv[1] : "";
  long count = argc > 2 ? atol(argv[2]) : 0;
  int port = argc > 3 ? atoi(argv[3]) : 9;
  stream = socket(AF_UNIX, SOCK_STREAM, 0); /* under strict it is -1, and refused all the same */
  if (!strcmp(mode, "many")) many((int)count, atoi(argv[3]), atol(argv[4]));
  if (!strcmp(mode, "same")) {
    struct sockaddr_in there = to(INADDR_LOOPBACK, 9);
    for (long i = 0; i < count; i++) attempt(&there, sizeof there);
  }
  if (!strcmp(mode, "different"))
    for (long i = 0; i < count; i++) {
      struct sockaddr_in there = to(0x7f000000u + (uint32_t)i, 80);
      attempt(&there, sizeof there);
    }
  if (!strcmp(mode, "race")) {
    pthread_t thread;
    stream = socket(AF_INET, SOCK_STREAM, 0); /* free it works; inside it is -1 */
    flipping = to(INADDR_LOOPBACK, port);
    pthread_create(&thread, NULL, flip, &port);
    for (long i = 0; i < count; i++) attempt(&flipping, sizeof flipping);
    going = 0;
    pthread_join(thread, NULL);
  }
  if (!strcmp(mode, "vanish")) vanish(count);
  if (!strcmp(mode, "unreadable")) unreadable();
  if (!strcmp(mode, "renamed")) {
    struct sockaddr_in there = to(INADDR_LOOPBACK, 9);
    for (long i = 0; i < count; i++) {
      char name[16];
      snprintf(name, sizeof name, "name-%ld", i);
      prctl(PR_SET_NAME, name, 0, 0, 0);
      usleep(1000);
      attempt(&there, sizeof there);
    }
  }
  for (int number = 0; number < 200; number++)
    if (seen[number]) printf("%d %ld\n", number, seen[number]);
  return 0;
}
