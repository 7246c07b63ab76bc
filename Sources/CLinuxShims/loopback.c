#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/ioctl.h>

// Its index in every network namespace (LOOPBACK_IFINDEX of include/net/flow.h).
enum { LO = 1 };

int nonet_has_ipv6(void) {
  static const char own[] = "00000000000000000000000000000001";
  char text[4096];
  int file = open("/proc/net/if_inet6", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length < 0 ? 0 : length] = 0;
  for (const char *line = text; line && strlen(line) > 32; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (*line && strncmp(line, own, sizeof own - 1)) return 1;
  }
  return 0;
}

static int raise_lo(void) {
  int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return -1;
  struct ifreq request = {.ifr_name = "lo"};
  int failed = ioctl(probe, SIOCGIFFLAGS, &request);
  request.ifr_flags |= IFF_UP | IFF_MULTICAST;
  if (!failed) failed = ioctl(probe, SIOCSIFFLAGS, &request);
  int error = errno;
  close(probe);
  errno = error;
  return failed ? -2 : 0;
}

// A message to the kernel, with room for what is asked here.
struct request {
  struct nlmsghdr head;
  union {
    struct ifaddrmsg address;
    struct rtmsg route;
  };
  char attributes[64];
};

static void add(struct request *request, unsigned short type, const void *value, size_t size) {
  struct rtattr *attribute = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));
  *attribute = (struct rtattr){.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type};
  memcpy(RTA_DATA(attribute), value, size);
  request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + (unsigned)RTA_LENGTH(size);
}

static void ask(int netlink, struct request *request) {
  char answer[256];
  request->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  if (send(netlink, request, request->head.nlmsg_len, 0) > 0) (void)!recv(netlink, answer, sizeof answer, 0);
}

static void add_address(int netlink, int family, const char *text, unsigned char scope) {
  struct in6_addr address;
  size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof address;
  inet_pton(family, text, &address);
  struct request request = {
      .head = {.nlmsg_len = NLMSG_LENGTH(sizeof request.address), .nlmsg_type = RTM_NEWADDR},
      .address = {.ifa_family = (unsigned char)family,
                  .ifa_prefixlen = (unsigned char)(8 * size),
                  .ifa_scope = scope,
                  .ifa_index = LO}};
  add(&request, IFA_LOCAL, &address, size);
  add(&request, IFA_ADDRESS, &address, size);
  ask(netlink, &request);
}

// In the table of local routes, which programs do not take for ways to somewhere. What is sent by IPv6 comes back
// on lo only where the kernel finds it local (ip6_rt_init_dst in net/ipv6/route.c).
static void add_route(int netlink, int family, const char *text, unsigned char bits) {
  struct in6_addr address;
  int lo = LO;
  inet_pton(family, text, &address);
  struct request request = {
      .head = {.nlmsg_len = NLMSG_LENGTH(sizeof request.route), .nlmsg_type = RTM_NEWROUTE},
      .route = {.rtm_family = (unsigned char)family,
                .rtm_dst_len = bits,
                .rtm_table = RT_TABLE_LOCAL,
                .rtm_protocol = RTPROT_BOOT,
                .rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                .rtm_type = family == AF_INET ? RTN_UNICAST : RTN_LOCAL}};
  add(&request, RTA_DST, &address, family == AF_INET ? 4 : 16);
  add(&request, RTA_OIF, &lo, sizeof lo);
  struct in_addr source = {htonl(INADDR_LOOPBACK)};
  if (family == AF_INET) add(&request, RTA_PREFSRC, &source, sizeof source);
  ask(netlink, &request);
}

int nonet_raise_loopback(int has_ipv6, int *step) {
  *step = NONET_STEP_SOCKET;
  int failed = raise_lo();
  if (failed == -1) return -1;
  *step = NONET_STEP_LOOPBACK;
  if (failed) return -1;
  // Whether it can be brought up is all that is asked.
  if (has_ipv6 < 0) return 0;
  // glibc takes a family for usable where any interface has an address of it beside 127.0.0.1 and ::1. Both of
  // these are nobody's elsewhere. Without them programs still meet on those two, so a failure is none.
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return 0;
  add_address(netlink, AF_INET, "127.0.0.2", RT_SCOPE_HOST);
  add_route(netlink, AF_INET, "224.0.0.0", 4);
  if (has_ipv6) add_address(netlink, AF_INET6, "fe80::1", RT_SCOPE_LINK);
  add_route(netlink, AF_INET6, "ff00::", 8);
  close(netlink);
  return 0;
}
