#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

// Bytes between two TCP sockets, with nothing kept in between: what the one has is looked at, the other one takes as
// much of it as it has room for, and only that much is taken away. What is not taken waits in the kernel, where its
// sender comes to feel it.

static int set(int socket, int level, int name) {
  int value = 1;
  return setsockopt(socket, level, name, &value, sizeof value);
}

// With it to close is to reset (socket(7), SO_LINGER of no time).
static int set_linger(int socket, int is_on) {
  struct linger value = {.l_onoff = is_on, .l_linger = 0};
  return setsockopt(socket, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

static int closed_with_errno(int socket) {
  int error = errno;
  close(socket);
  errno = error;
  return -1;
}

static int new_socket(int family) {
  int made = nonet_above_standard(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (made < 0) return -1;
  // A byte that is sent as urgent stays in its place in the stream, and who vanished is found out one day. Whatever ends
  // this process resets what is not whole: a stream that is cut off must not look as if it had ended. Accepted sockets
  // have these from their listener (sk_clone_lock in net/core/sock.c).
  if (set_linger(made, 1) || set(made, SOL_SOCKET, SO_OOBINLINE) || set(made, SOL_SOCKET, SO_KEEPALIVE) || set(made, IPPROTO_TCP, TCP_NODELAY))
    return closed_with_errno(made);
  return made;
}

int nonet_bind_outside(const void *address, socklen_t size) {
  int family = ((const struct sockaddr *)address)->sa_family;
  int made = new_socket(family);
  if (made < 0) return -1;
  if (set(made, SOL_SOCKET, SO_REUSEADDR) || (family == AF_INET6 && set(made, IPPROTO_IPV6, IPV6_V6ONLY)) ||
      bind(made, address, size))
    return closed_with_errno(made);
  return made;
}

int nonet_listen_outside(const void *address, socklen_t size) {
  enum { BACKLOG = 256 };
  int made = nonet_bind_outside(address, size);
  return made >= 0 && listen(made, BACKLOG) ? closed_with_errno(made) : made;
}

int nonet_accept_relayed(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int nonet_connect_relayed(const void *address, socklen_t size) {
  int made = new_socket(((const struct sockaddr *)address)->sa_family);
  if (made < 0 || !connect(made, address, size) || errno == EINPROGRESS) return made;
  return closed_with_errno(made);
}

enum nonet_relayed nonet_relay(int from, int to) {
  enum { MOST = 64 << 10 };
  static char bytes[MOST];
  ssize_t seen = recv(from, bytes, MOST, MSG_PEEK | MSG_DONTWAIT);
  if (seen == 0) return NONET_RELAY_END;
  if (seen < 0) return errno == EAGAIN || errno == EINTR ? NONET_RELAY_NOTHING : NONET_RELAY_NO_SENDER;
  ssize_t sent = send(to, bytes, (size_t)seen, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? NONET_RELAY_FULL : NONET_RELAY_NO_RECEIVER;
  // Without a place to put them bytes of TCP are thrown away (tcp(7), MSG_TRUNC). They are there: only this process
  // takes any.
  if (recv(from, NULL, (size_t)sent, MSG_TRUNC | MSG_DONTWAIT) != sent) return NONET_RELAY_NO_SENDER;
  return sent < seen ? NONET_RELAY_FULL : NONET_RELAY_SOME;
}

void nonet_end_stream(int socket) { shutdown(socket, SHUT_WR); }

void nonet_close_whole(int socket) {
  set_linger(socket, 0);
  close(socket);
}

// What is waited for -------------------------------------------------------------------------------

int nonet_new_watch(void) { return nonet_above_standard(epoll_create1(EPOLL_CLOEXEC)); }

int nonet_watch(int watch, int descriptor, int events, uint64_t key) {
  struct epoll_event event = {.events = (events & NONET_WATCH_INPUT ? EPOLLIN : 0) | (events & NONET_WATCH_ROOM ? EPOLLOUT : 0),
                              .data.u64 = key};
  if (!epoll_ctl(watch, EPOLL_CTL_MOD, descriptor, &event)) return 0;
  return errno == ENOENT ? epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &event) : -1;
}

void nonet_unwatch(int watch, int descriptor) { epoll_ctl(watch, EPOLL_CTL_DEL, descriptor, NULL); }

int nonet_wait_watched(int watch, struct nonet_watched *found, int most, int milliseconds) {
  enum { MOST = 64 };
  struct epoll_event events[MOST];
  int count = epoll_wait(watch, events, most < MOST ? most : MOST, milliseconds);
  for (int i = 0; i < count; i++) {
    uint32_t told = events[i].events;
    found[i].key = events[i].data.u64;
    found[i].events = (told & EPOLLIN ? NONET_WATCH_INPUT : 0) | (told & EPOLLOUT ? NONET_WATCH_ROOM : 0) |
                      (told & (EPOLLERR | EPOLLHUP) ? NONET_WATCH_END : 0) | (told & EPOLLERR ? NONET_WATCH_ERROR : 0);
  }
  return count;
}

// The process --------------------------------------------------------------------------------------

pid_t nonet_fork_relay(int *supervisor_end, int *relay_end) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return -1;
  ends[0] = nonet_above_standard(ends[0]);
  ends[1] = nonet_above_standard(ends[1]);
  pid_t parent = getpid();
  pid_t relay = ends[0] < 0 || ends[1] < 0 ? -1 : fork();
  if (relay != 0) {
    int error = errno;
    if (ends[1] >= 0) close(ends[1]);
    if (relay < 0 && ends[0] >= 0) close(ends[0]);
    *supervisor_end = ends[0];
    return errno = error, relay;
  }
  close(ends[0]);
  *relay_end = ends[1];
  sigset_t none;
  sigemptyset(&none);
  // In a session of its own no key of the terminal ends it, and nobody of the same user traces it.
  setsid();
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || getppid() != parent ||
      sigprocmask(SIG_SETMASK, &none, NULL))
    _exit(1);
  return 0;
}

void nonet_outlive_parent(void) { prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0); }

int nonet_tell_ready(int relay_end) { return send(relay_end, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -1; }

int nonet_hear_ready(int supervisor_end) {
  char byte;
  ssize_t count;
  while ((count = recv(supervisor_end, &byte, 1, 0)) < 0 && errno == EINTR) {
  }
  if (count == 0) errno = ECHILD;
  return count == 1 ? 0 : -1;
}

int nonet_end_relaying(int supervisor_end, int milliseconds) {
  struct pollfd request = {.fd = supervisor_end, .events = POLLIN};
  char byte;
  shutdown(supervisor_end, SHUT_WR);
  ssize_t count = nonet_wait(&request, 1, milliseconds) == 1 ? recv(supervisor_end, &byte, 1, MSG_DONTWAIT) : -1;
  close(supervisor_end);
  return (int)count;
}
