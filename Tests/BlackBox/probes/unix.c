/* Connects AF_UNIX sockets in the ways in which a supervisor could be deceived.
 *
 *   address INSIDE OUTSIDE ROUNDS   another thread exchanges the address all the time
 *   swap LINK INSIDE OUTSIDE ROUNDS another thread points LINK now here, now there
 *   write OUTSIDE ROUNDS            another thread writes to the descriptor all the time
 *   swap-fd INSIDE OUTSIDE ROUNDS   another thread puts other sockets in the descriptor's place
 *   int80 PATH                      all by the i386 entry: listens on PATH and connects to it
 *   int80-connect PATH              the i386 entry, to a PATH that others listen on
 *
 * Prints `connected N refused N other N`. Whatever it connects to gets what TOKEN says at once. INSIDE is
 * listened on by this program, OUTSIDE by others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un inside, outside, shared;
static const char *link_path, *token;
static atomic_int is_over, descriptor = -1;
static int connected, refused, other;

static struct sockaddr_un named(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (*path == '@') address.sun_path[0] = 0;
  return address;
}

static socklen_t size_of(const struct sockaddr_un *address) {
  if (address->sun_path[0]) return sizeof *address;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address->sun_path + 1));
}

static void *serve(void *listener) {
  char bytes[64];
  for (;;) {
    int one = accept4((int)(long)listener, NULL, NULL, SOCK_CLOEXEC);
    if (one < 0) return NULL;
    // A descriptor that was exchanged at the wrong moment may stay open; nobody waits for it.
    setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_usec = 200000}, sizeof(struct timeval));
    while (read(one, bytes, sizeof bytes) > 0) {
    }
    close(one);
  }
}

static void listen_inside(const char *path) {
  inside = named(path);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&inside, sizeof inside) || listen(listener, 64)) {
    perror("listen");
    exit(2);
  }
  pthread_t thread;
  pthread_create(&thread, NULL, serve, (void *)(long)listener);
}

static void *exchange(void *unused) {
  (void)unused;
  while (!is_over) {
    shared = outside;
    __asm__ volatile("" ::: "memory"); /* or the compiler sees that nobody reads the first */
    shared = inside;
    __asm__ volatile("" ::: "memory");
  }
  return NULL;
}

static void *swap(void *unused) {
  (void)unused;
  char beside[200];
  snprintf(beside, sizeof beside, "%s.new", link_path);
  for (int i = 0; !is_over; i++) {
    if (symlink(i % 2 ? inside.sun_path : outside.sun_path, beside) == 0) rename(beside, link_path);
  }
  return NULL;
}

static void *keep_writing(void *unused) {
  (void)unused;
  while (!is_over) {
    int number = descriptor;
    if (number >= 0) (void)!write(number, token, strlen(token));
  }
  return NULL;
}

/* Sockets come and go under the number that is being connected. */
static void *replace(void *unused) {
  (void)unused;
  while (!is_over) {
    int number = descriptor, fresh = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fresh < 0) continue;
    if (number >= 0) dup2(fresh, number);
    if (number >= 0) (void)!write(number, token, strlen(token));
    close(fresh);
  }
  return NULL;
}

static void count(int number, int result) {
  if (result == 0) {
    connected++;
    (void)!write(number, token, strlen(token));
  } else if (errno == EACCES) {
    refused++;
  } else {
    other++;
  }
}

static void attack(const struct sockaddr_un *first, const struct sockaddr_un *second, int rounds) {
  for (int i = 0; i < rounds; i++) {
    const struct sockaddr_un *to = second && i % 2 ? second : first;
    int number = socket(AF_UNIX, SOCK_STREAM, 0);
    descriptor = number;
    int result = connect(number, (const struct sockaddr *)to, size_of(to));
    count(number, result);
    descriptor = -1;
    close(number);
  }
}

#ifdef __x86_64__
static long int80(long nr, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c)
                   : "memory", "r8", "r9", "r10", "r11");
  if ((int)result < 0) {
    errno = -(int)result;
    return -1;
  }
  return (int)result;
}

/* The numbers of the i386 ABI; `inside` lies below 4 GiB because the program has fixed addresses. */
static void by_int80(int listens) {
  if (listens) {
    int listener = (int)int80(359, AF_UNIX, SOCK_STREAM, 0);
    if (int80(361, listener, (long)&inside, sizeof inside) || int80(363, listener, 8, 0)) {
      perror("listen");
      exit(2);
    }
    pthread_t thread;
    pthread_create(&thread, NULL, serve, (void *)(long)listener);
  }
  int number = (int)int80(359, AF_UNIX, SOCK_STREAM, 0);
  count(number, (int)int80(362, number, (long)&inside, sizeof inside));
}
#endif

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  token = getenv("TOKEN");
  if (!token) return 2;
  pthread_t thread;
  const char *what = argc > 2 ? argv[1] : "";
  if (!strcmp(what, "address") && argc == 5) {
    listen_inside(argv[2]);
    outside = named(argv[3]);
    shared = inside;
    pthread_create(&thread, NULL, exchange, NULL);
    attack(&shared, NULL, atoi(argv[4]));
  } else if (!strcmp(what, "swap") && argc == 6) {
    link_path = argv[2];
    struct sockaddr_un link = named(argv[2]);
    listen_inside(argv[3]);
    outside = named(argv[4]);
    if (symlink(argv[3], argv[2])) perror("symlink");
    pthread_create(&thread, NULL, swap, NULL);
    attack(&link, NULL, atoi(argv[5]));
  } else if (!strcmp(what, "write") && argc == 4) {
    outside = named(argv[2]);
    pthread_create(&thread, NULL, keep_writing, NULL);
    attack(&outside, NULL, atoi(argv[3]));
  } else if (!strcmp(what, "swap-fd") && argc == 5) {
    listen_inside(argv[2]);
    outside = named(argv[3]);
    pthread_create(&thread, NULL, replace, NULL);
    attack(&inside, &outside, atoi(argv[4]));
#ifdef __x86_64__
  } else if (!strncmp(what, "int80", 5) && argc == 3) {
    inside = named(argv[2]);
    by_int80(what[5] == 0);
    goto out;
#endif
  } else {
    return 2;
  }
  is_over = 1;
  pthread_join(thread, NULL);
#ifdef __x86_64__
out:
#endif
  printf("connected %d refused %d other %d\n", connected, refused, other);
  fflush(stdout);
  _exit(0);
}
