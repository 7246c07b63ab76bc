#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <pthread.h>
#include <sys/epoll.h>

// poll(2) answers EINVAL to a process that may have fewer files open than it waits for, and everybody with the
// same user may lower that limit at any time (prlimit(2)): a supervisor would never hear again of its command.
// An epoll set that was made before is not asked for the limit (do_sys_poll and do_epoll_wait in the kernel's fs).

// For the one thread that waits, for looks of all threads, and for the second holder that is forked next.
static int waiting = -1, looking = -1, next = -1;
static pthread_mutex_t look = PTHREAD_MUTEX_INITIALIZER;

static int new_set(void) { return nonet_above_standard(epoll_create1(EPOLL_CLOEXEC)); }

void nonet_prepare_waits(void) {
  waiting = new_set();
  looking = new_set();
  next = new_set();
}

void nonet_renew_next_wait(void) {
  if (next >= 0) close(next);
  next = new_set();
}

void nonet_forget_looks(void) { pthread_mutex_init(&look, NULL); }

int nonet_take_next_wait(void) { return waiting = looking = next; }

// What poll(2) says at once of a descriptor that no set takes: a file is always ready, and others are none.
static short unwatched(short events, int error) { return error == EPERM ? events : POLLNVAL; }

static int wait_by(int set, struct pollfd *requests, int count, int milliseconds) {
  enum { MOST = 4 };
  struct epoll_event events[MOST];
  int ready = 0;
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = (unsigned short)requests[i].events, .data.u32 = (unsigned)i};
    requests[i].revents = 0;
    if (requests[i].fd < 0 || !epoll_ctl(set, EPOLL_CTL_ADD, requests[i].fd, &event)) continue;
    requests[i].revents = unwatched(requests[i].events, errno);
    ready++;
  }
  int found = epoll_wait(set, events, MOST, ready ? 0 : milliseconds), error = errno;
  for (int i = 0; i < found; i++) requests[events[i].data.u32].revents = (short)events[i].events;
  for (int i = 0; i < count; i++)
    if (requests[i].fd >= 0) epoll_ctl(set, EPOLL_CTL_DEL, requests[i].fd, NULL);
  errno = error;
  return found < 0 && !ready ? -1 : ready + (found > 0 ? found : 0);
}

int nonet_wait(struct pollfd *requests, int count, int milliseconds) {
  int ready = poll(requests, (nfds_t)count, milliseconds);
  if (ready >= 0 || errno != EINVAL) return ready;
  int is_look = milliseconds == 0, set = is_look ? looking : waiting;
  if (set < 0) {
    // Nobody asks in a circle.
    enum { PAUSE = 100 };
    poll(NULL, 0, is_look ? 0 : PAUSE);
    return errno = EINVAL, -1;
  }
  if (is_look) pthread_mutex_lock(&look);
  ready = wait_by(set, requests, count, milliseconds);
  int error = errno;
  if (is_look) pthread_mutex_unlock(&look);
  errno = error;
  return ready;
}
