/* Asks about an epoll set whose lock is held: epoll_wait(2) writes into a page that never comes, and whoever reads the
 * set's fdinfo waits for the lock (ep_show_fdinfo).
 *
 *   read  reads it itself, which does not come back
 *   ask  sends a signal by the set as by a pidfd, and connects it as a socket
 *   race SECONDS  the same while another thread puts a pidfd and a socket in its place, again and again
 *
 * Then makes a socket that is refused, and prints `answered ERRNO`; where it reads, only `ready` and before that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int set, place;
static void *page;
static volatile int is_over;
static pid_t paused;

static void stop(const char *what) {
  perror(what);
  exit(2);
}

static void *hold(void *unused) {
  epoll_wait(set, page, 10, -1);
  return unused;
}

static void ask(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "nobody listens"};
  syscall(SYS_pidfd_send_signal, place, SIGKILL, NULL, 0);
  connect(place, (struct sockaddr *)&address, sizeof address);
}

static void *exchange(void *unused) {
  int handle = (int)syscall(SYS_pidfd_open, paused, 0), one = socket(AF_UNIX, SOCK_STREAM, 0);
  while (!is_over) dup2(handle, place), dup2(set, place), dup2(one, place), dup2(set, place);
  return unused;
}

int main(int argc, char **argv) {
  struct uffdio_api api = {.api = UFFD_API};
  int fault = (int)syscall(SYS_userfaultfd, O_CLOEXEC), ready = eventfd(1, 0);
  if (argc < 2) return 2;
  if (fault < 0 || ioctl(fault, UFFDIO_API, &api)) stop("userfaultfd");
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = {.range = {(unsigned long)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fault, UFFDIO_REGISTER, &range)) stop("UFFDIO_REGISTER");
  struct epoll_event event = {.events = EPOLLIN};
  set = epoll_create1(0);
  epoll_ctl(set, EPOLL_CTL_ADD, ready, &event);
  place = dup(set);
  pthread_t thread;
  pthread_create(&thread, NULL, hold, NULL);
  usleep(100000);
  if (!strcmp(argv[1], "read")) {
    char name[40], text[400];
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", set);
    printf("ready\n");
    fflush(stdout);
    return (int)read(open(name, O_RDONLY), text, sizeof text);
  }
  if (!strcmp(argv[1], "race")) {
    paused = fork();
    if (!paused) for (;;) pause();
    pthread_create(&thread, NULL, exchange, NULL);
    for (time_t end = time(NULL) + atoi(argv[2]); time(NULL) < end;) ask();
    is_over = 1;
    kill(paused, SIGKILL); // where no race was won
  } else {
    ask();
  }
  socket(AF_INET, SOCK_STREAM, 0);
  printf("answered %d\n", errno);
  fflush(stdout);
  syscall(SYS_exit_group, 0);
}
