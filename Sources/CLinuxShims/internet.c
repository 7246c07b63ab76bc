#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

// Newer than some headers: include/uapi/asm-generic/socket.h.
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static int closed(int descriptor, int result) {
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

int nonet_network_of(int socket, uint64_t *cookie) {
  socklen_t size = sizeof *cookie;
  return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size);
}

// What is asked takes the socket's lock, which a send holds while it reads what it sends.
static int look(int copy, struct nonet_internet *found) {
  struct tcp_info info = {0};
  socklen_t size = sizeof found->protocol;
  if (nonet_network_of(copy, &found->network) ||
      getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &found->protocol, &size))
    return -1;
  found->is_blocking = !(fcntl(copy, F_GETFL) & O_NONBLOCK);
  if (found->protocol != IPPROTO_TCP) return 0;
  size = sizeof info;
  if (getsockopt(copy, IPPROTO_TCP, TCP_INFO, &info, &size)) return -1;
  found->state = info.tcpi_state;
  return 0;
}

int nonet_copy_internet_socket(pid_t thread, pid_t process, int number, struct nonet_internet *found) {
  *found = (struct nonet_internet){0};
  int handle = nonet_take_handle(thread);
  if (nonet_step_out()) return nonet_keep_handle(thread, handle), -1;
  int copy = nonet_copy_socket_by(&handle, thread, process, number, &found->family, &found->type, &found->inode);
  if (copy >= 0 && found->family != AF_INET && found->family != AF_INET6) {
    errno = ENOTSOCK;
    copy = closed(copy, -1);
  }
  if (copy >= 0 && look(copy, found)) copy = closed(copy, -1);
  nonet_step_in();
  nonet_keep_handle(thread, handle);
  return copy;
}

int nonet_shut_down(int listener, uint64_t id, pid_t thread, pid_t process, int number, int how, uint64_t outside) {
  int family, type;
  if (nonet_step_out()) return -1;
  int copy = nonet_copy_socket_stepped_out(thread, process, number, &family, &type), result = -1;
  struct nonet_internet found = {0};
  int is_internet = copy >= 0 && (family == AF_INET || family == AF_INET6);
  if (copy < 0 || (is_internet && look(copy, &found))) {
    result = -1;
  } else if (nonet_is_waiting(listener, id)) {
    // The thread is gone, and the copy may be of somebody outside who has its number now.
    result = -1;
  } else if (is_internet && found.network == outside &&
             (found.state == TCP_SYN_SENT || found.state == TCP_SYN_RECV)) {
    // The kernel would disconnect it, and it could listen or connect elsewhere (inet_shutdown in
    // net/ipv4/af_inet.c). A connect that has begun never begins again, so it stays as safe as it is.
    result = NONET_STILL_CONNECTING;
  } else {
    result = shutdown(copy, how);
  }
  if (copy >= 0) result = closed(copy, result);
  nonet_step_in();
  return result;
}

int nonet_bind_patiently(int socket, const void *address, socklen_t size) {
  if (nonet_step_out()) return -1;
  int result = bind(socket, address, size);
  nonet_step_in();
  return result;
}

static int is_its_own_peer(int socket, const void *peer) {
  struct sockaddr_storage own;
  socklen_t size = sizeof own;
  if (getsockname(socket, (struct sockaddr *)&own, &size)) return 0;
  const struct sockaddr_in *four = (const void *)&own, *other_four = peer;
  const struct sockaddr_in6 *six = (const void *)&own, *other_six = peer;
  // The port has the same place in both.
  if (own.ss_family != other_four->sin_family || four->sin_port != other_four->sin_port) return 0;
  if (own.ss_family == AF_INET) return four->sin_addr.s_addr == other_four->sin_addr.s_addr;
  return !memcmp(&six->sin6_addr, &other_six->sin6_addr, sizeof six->sin6_addr);
}

int nonet_leaves_itself(int socket, const void *peer) {
  if (!is_its_own_peer(socket, peer)) return 0;
  // Closed alone it would keep the port for a minute (TIME_WAIT).
  connect(socket, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
  return 1;
}

int nonet_socket_error(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

int nonet_is_v6only(int socket) {
  int value = 0;
  socklen_t size = sizeof value;
  return !getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) && value;
}

// What clients set before they connect -------------------------------------------------------------

enum { MOST_BYTES = 16 };

struct option {
  int level, name;
  int divisor; // the kernel takes a size of a buffer and keeps twice as much (socket(7))
};

// A row for all, then what one family alone has.
static const struct option options[] = {
    {SOL_SOCKET, SO_KEEPALIVE, 1},       {SOL_SOCKET, SO_REUSEADDR, 1},
    {SOL_SOCKET, SO_OOBINLINE, 1},       {SOL_SOCKET, SO_SNDBUF, 2},
    {SOL_SOCKET, SO_RCVBUF, 2},          {SOL_SOCKET, SO_RCVLOWAT, 1},
    {SOL_SOCKET, SO_PRIORITY, 1},        {SOL_SOCKET, SO_TIMESTAMP, 1},
    {SOL_SOCKET, SO_TIMESTAMPNS, 1},     {SOL_SOCKET, SO_ZEROCOPY, 1},
    {SOL_SOCKET, SO_LINGER, 1},          {SOL_SOCKET, SO_RCVTIMEO, 1},
    {SOL_SOCKET, SO_SNDTIMEO, 1},        {IPPROTO_TCP, TCP_NODELAY, 1},
    {IPPROTO_TCP, TCP_MAXSEG, 1},        {IPPROTO_TCP, TCP_CORK, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, 1},      {IPPROTO_TCP, TCP_KEEPINTVL, 1},
    {IPPROTO_TCP, TCP_KEEPCNT, 1},       {IPPROTO_TCP, TCP_SYNCNT, 1},
    {IPPROTO_TCP, TCP_LINGER2, 1},       {IPPROTO_TCP, TCP_QUICKACK, 1},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, 1},  {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1},
    {IPPROTO_TCP, TCP_CONGESTION, 1},    {IPPROTO_IP, IP_TOS, 1},
    {IPPROTO_IP, IP_TTL, 1},             {IPPROTO_IP, IP_RECVERR, 1},
    {IPPROTO_IP, IP_MTU_DISCOVER, 1},    {IPPROTO_IPV6, IPV6_V6ONLY, 1},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1}, {IPPROTO_IPV6, IPV6_TCLASS, 1},
    {IPPROTO_IPV6, IPV6_RECVERR, 1},     {IPPROTO_IPV6, IPV6_MTU_DISCOVER, 1},
};
enum { OPTIONS = sizeof options / sizeof *options };

struct value {
  socklen_t size;
  char bytes[MOST_BYTES];
};

// What a socket has on which nothing was set, where the command's own are made; settings of the network outside may
// differ.
static struct value untouched[2][OPTIONS];

static void get(int socket, const struct option *option, struct value *value) {
  *value = (struct value){.size = MOST_BYTES};
  if (getsockopt(socket, option->level, option->name, value->bytes, &value->size)) value->size = 0;
}

static struct value *untouched_of(int family) { return untouched[family == AF_INET6]; }

void nonet_note_untouched(int socket, int family) {
  for (size_t i = 0; i < OPTIONS; i++) get(socket, &options[i], &untouched_of(family)[i]);
}

int nonet_carry_patiently(int from, int to, int family) {
  if (nonet_step_out()) return -1;
  const struct value *before = untouched_of(family);
  for (size_t i = 0; i < OPTIONS; i++) {
    struct value value;
    if (!before[i].size) continue;
    get(from, &options[i], &value);
    if (!value.size || !memcmp(&value, &before[i], sizeof value)) continue;
    if (options[i].divisor > 1) {
      int number;
      memcpy(&number, value.bytes, sizeof number);
      number /= options[i].divisor;
      memcpy(value.bytes, &number, sizeof number);
    }
    setsockopt(to, options[i].level, options[i].name, value.bytes, value.size);
  }
  nonet_step_in();
  return 0;
}
