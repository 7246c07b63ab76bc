/* AF_UNIX sockets, each attempt by itself: a line `ATTEMPT ERRNO` each, 0 for one that works.
 *   unix serve FOLDER     makes sockets there, and two with abstract names, and stays; returns once they are there
 *   unix outside FOLDER   reaches those; moves and links two of them into the working folder
 *   unix inside           makes sockets in the working folder and reaches them, and does what such a domain may forbid
 *   unix hold COMMAND...  runs the command with a datagram socket as descriptor 9, which `outside` sends from, and an
 *                         AF_UNIX stream as 8, in which a TCP socket waits that `outside` connects to port 8080
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct address {
  struct sockaddr_un un;
  socklen_t size;
};

static void report(const char *attempt, int error) { printf("%s %d\n", attempt, error); }

/* An abstract name where it begins with @. */
static struct address named(const char *name) {
  struct address address = {.un.sun_family = AF_UNIX};
  snprintf(address.un.sun_path, sizeof address.un.sun_path, "%s", name);
  if (*name == '@') address.un.sun_path[0] = 0;
  address.size = offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@');
  return address;
}

static struct address in(const char *folder, const char *name) {
  char path[100];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return named(path);
}

static struct address abstract_in(const char *folder, const char *name) {
  char path[100];
  snprintf(path, sizeof path, "@%s/%s", folder, name);
  return named(path);
}

/* A bound socket that listens where its type can; -1 where something fails. */
static int server(int type, struct address address) {
  int made = socket(AF_UNIX, type, 0);
  if (made < 0 || bind(made, (struct sockaddr *)&address.un, address.size)) return -1;
  if (type != SOCK_DGRAM && listen(made, 16)) return -1;
  return made;
}

static int reach(int from, struct address address) {
  return from < 0 || connect(from, (struct sockaddr *)&address.un, address.size) ? errno : 0;
}

static int connects(int type, struct address address) {
  int from = socket(AF_UNIX, type, 0);
  int error = reach(from, address);
  close(from);
  return error;
}

static int sends(int from, struct address address) {
  return from < 0 || sendto(from, "x", 1, 0, (struct sockaddr *)&address.un, address.size) != 1 ? errno : 0;
}

static int sends_message(int from, struct address address) {
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_name = &address.un, .msg_namelen = address.size, .msg_iov = &part, .msg_iovlen = 1};
  return from < 0 || sendmsg(from, &message, 0) != 1 ? errno : 0;
}

static int datagram(void) { return socket(AF_UNIX, SOCK_DGRAM, 0); }

/* What a child answers, whose changes to itself stay its own. */
static int by_child(int (*attempt)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (!child) _exit(attempt());
  int status = 0;
  return child < 0 || waitpid(child, &status, 0) != child ? errno : WEXITSTATUS(status);
}

static int serve(const char *folder) {
  int ends[2];
  if (pipe(ends)) return 1;
  if (fork()) {
    char byte;
    close(ends[1]);
    return read(ends[0], &byte, 1) == 1 ? 0 : 1;
  }
  setsid();
  mkdir(folder, 0777);
  int made[] = {server(SOCK_STREAM, in(folder, "stream")),      server(SOCK_STREAM, in(folder, "moved")),
                server(SOCK_STREAM, in(folder, "linked")),      server(SOCK_SEQPACKET, in(folder, "seqpacket")),
                server(SOCK_DGRAM, in(folder, "datagram")),     server(SOCK_STREAM, abstract_in(folder, "stream")),
                server(SOCK_DGRAM, abstract_in(folder, "datagram"))};
  for (unsigned i = 0; i < sizeof made / sizeof *made; i++) {
    if (made[i] < 0) return perror(folder), 1;
  }
  char name[100];
  snprintf(name, sizeof name, "%s/link", folder);
  if (symlink("stream", name) || write(ends[1], "", 1) != 1) return perror(name), 1;
  close(ends[0]), close(ends[1]);
  char bytes[8];
  for (;;) {
    if (recv(made[4], bytes, sizeof bytes, 0) < 0) pause();
  }
}

/* A message that has room for a descriptor. */
struct letter {
  char byte;
  struct iovec part;
  char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
  struct msghdr head;
};

static struct cmsghdr *letter(struct letter *letter) {
  letter->part = (struct iovec){&letter->byte, 1};
  letter->head = (struct msghdr){
    .msg_iov = &letter->part, .msg_iovlen = 1, .msg_control = letter->space, .msg_controllen = sizeof letter->space};
  return CMSG_FIRSTHDR(&letter->head);
}

static int hand_over(int to, int descriptor) {
  struct letter one = {0};
  struct cmsghdr *rights = letter(&one);
  *rights = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  return descriptor < 0 || sendmsg(to, &one.head, 0) != 1 ? errno : 0;
}

static int connect_what_was_handed_in(void) {
  struct letter one = {0};
  struct cmsghdr *rights = letter(&one);
  if (recvmsg(8, &one.head, 0) != 1) return errno;
  int handed;
  memcpy(&handed, CMSG_DATA(rights), sizeof handed);
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(8080), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connect(handed, (struct sockaddr *)&there, sizeof there) ? errno : 0;
}

static int outside(const char *folder) {
  // These first, while their numbers can be no other's.
  report("inherited-sendto", sends(9, in(folder, "datagram")));
  report("handed-tcp", connect_what_was_handed_in());
  report("stream", connects(SOCK_STREAM, in(folder, "stream")));
  report("seqpacket", connects(SOCK_SEQPACKET, in(folder, "seqpacket")));
  report("link", connects(SOCK_STREAM, in(folder, "link")));
  report("datagram-connect", connects(SOCK_DGRAM, in(folder, "datagram")));
  report("sendto", sends(datagram(), in(folder, "datagram")));
  report("sendmsg", sends_message(datagram(), in(folder, "datagram")));
  int pair[2] = {-1, -1};
  int made = socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  report("pair-sendto", made ? errno : sends(pair[0], in(folder, "datagram")));
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  int freed = made || connect(pair[1], &none, sizeof none);
  report("pair-freed", freed ? errno : sends(pair[1], in(folder, "datagram")));
  report("abstract-stream", connects(SOCK_STREAM, abstract_in(folder, "stream")));
  report("abstract-sendto", sends(datagram(), abstract_in(folder, "datagram")));
  char name[100];
  snprintf(name, sizeof name, "%s/moved", folder);
  int moved = rename(name, "came-moved");
  report("moved", moved ? errno : connects(SOCK_STREAM, named("came-moved")));
  if (!moved && rename("came-moved", name)) return 1;
  snprintf(name, sizeof name, "%s/linked", folder);
  int linked = link(name, "came-linked");
  report("linked", linked ? errno : connects(SOCK_STREAM, named("came-linked")));
  unlink("came-linked");
  return 0;
}

/* A domain of one's own that handles reaching AF_UNIX sockets (1 << 16), as linux/landlock.h has it. */
static int enter_domain(void) {
  uint64_t attributes[3] = {1 << 16};
  int ruleset = (int)syscall(444, attributes, sizeof attributes, 0);
  return ruleset < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(446, ruleset, 0) ? errno : 0;
}

static int reach_own(void) { return connects(SOCK_STREAM, named("s/stream")); }

static int reach_from_domain(void) {
  int error = enter_domain();
  return error ? error : reach_own();
}

static int serve_in_domain(void) { return enter_domain() || server(SOCK_STREAM, named("s/below")) < 0 ? 1 : (pause(), 1); }

static int reach_below(void) {
  fflush(stdout);
  pid_t child = fork();
  if (!child) _exit(serve_in_domain());
  int error = ENOENT;
  for (int i = 0; i < 500 && (error == ENOENT || error == ECONNREFUSED); i++) {
    usleep(10000);
    error = connects(SOCK_STREAM, named("s/below"));
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return error;
}

static int mount_something(void) {
  return unshare(CLONE_NEWUSER | CLONE_NEWNS) || mount("none", "/tmp", "tmpfs", 0, NULL) ? errno : 0;
}

static int file_between_folders(int is_link) {
  int file = open("s/file", O_CREAT | O_WRONLY, 0600);
  if (file < 0 || close(file)) return errno;
  return (is_link ? link("s/file", "t/other") : rename("s/file", "t/file")) ? errno : 0;
}

static int inside(void) {
  mkdir("s", 0700), mkdir("t", 0700);
  int stream = server(SOCK_STREAM, named("s/stream"));
  report("made", stream < 0 || server(SOCK_SEQPACKET, named("s/seqpacket")) < 0 ? errno : 0);
  report("stream", reach_own());
  report("seqpacket", connects(SOCK_SEQPACKET, named("s/seqpacket")));
  report("child", by_child(reach_own));
  int bound = socket(AF_UNIX, SOCK_STREAM, 0);
  struct address own = named("s/client");
  int error = bind(bound, (struct sockaddr *)&own.un, own.size) ? errno : 0;
  report("bound-first", error ? error : reach(bound, named("s/stream")));
  int watched = socket(AF_UNIX, SOCK_STREAM, 0), set = epoll_create1(0), copy = dup(watched);
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
  error = epoll_ctl(set, EPOLL_CTL_ADD, watched, &event) ? errno : reach(watched, named("s/stream"));
  report("epoll-first", error ? error : epoll_wait(set, &event, 1, 5000) == 1 && event.events == EPOLLOUT ? 0 : ETIME);
  report("copy", write(copy, "x", 1) == 1 ? 0 : errno);
  int pair[2];
  report("pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || write(*pair, "x", 1) != 1 ? errno : 0);
  report("abstract-stream", server(SOCK_STREAM, named("@inside")) < 0 ? errno : connects(SOCK_STREAM, named("@inside")));
  report("moved", rename("s/stream", "t/stream") ? errno : connects(SOCK_STREAM, named("t/stream")));
  report("linked", link("t/stream", "s/stream") ? errno : reach_own());
  report("file-moved", file_between_folders(0));
  report("file-linked", file_between_folders(1));
  report("from-a-domain", by_child(reach_from_domain));
  report("mount", by_child(mount_something));
  report("datagram", server(SOCK_DGRAM, named("s/datagram")) < 0 ? errno : connects(SOCK_DGRAM, named("s/datagram")));
  report("sendto", sends(datagram(), named("s/datagram")));
  report("sendmsg", sends_message(datagram(), named("s/datagram")));
  report("datagram-pair", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || write(*pair, "x", 1) != 1 ? errno : 0);
  report("abstract-sendto",
         server(SOCK_DGRAM, named("@datagram")) < 0 ? errno : sends(datagram(), named("@datagram")));
  report("into-a-domain", reach_below());
  const char *left[] = {"s/stream", "s/seqpacket", "s/client", "s/datagram", "s/file", "s/below", "s",
                        "t/stream", "t/file",      "t/other",  "t"};
  for (unsigned i = 0; i < sizeof left / sizeof *left; i++) remove(left[i]);
  return 0;
}

int main(int argc, char **argv) {
  alarm(60);
  if (argc == 3 && !strcmp(argv[1], "serve")) return alarm(0), serve(argv[2]);
  if (argc == 3 && !strcmp(argv[1], "outside")) return outside(argv[2]);
  if (argc == 2 && !strcmp(argv[1], "inside")) return inside();
  if (argc > 2 && !strcmp(argv[1], "hold")) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || hand_over(*pair, socket(AF_INET, SOCK_STREAM, 0)) ||
        dup2(pair[1], 8) != 8 || dup2(datagram(), 9) != 9)
      return perror("socket"), 1;
    execvp(argv[2], argv + 2);
    perror(argv[2]);
  }
  return 2;
}
