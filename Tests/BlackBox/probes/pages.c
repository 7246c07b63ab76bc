/* Connects with addresses in pages that never come and the like, and then with one that is there.
 *
 *   userfault COUNT    pages that nobody fills (userfaultfd(2))
 *   fuse COUNT FOLDER  a file of a file system that never answers a read; its server ends with this program
 *   orphan COUNT FOLDER  the same, and the server stays
 *   name COUNT FOLDER  names in a file system that never answers a look-up
 *   flush COUNT FOLDER  a file for a socket, of a file system that never answers the close of one
 *   send COUNT FOLDER  the same, to send to and not to connect
 *
 * COUNT threads connect to nowhere; this program listens on `s` and connects to that. Prints what became of
 * the threads, `refused N hanging N`, and `connected`, or `failed ERRNO`, for its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MOST = 8 };
static atomic_int refused, finished;
static char *pages;
static int answers_names = 1, keeps, sends, file = -1; // a file whose close never ends

static void stop(const char *what) {
  perror(what);
  exit(2);
}

static void *attempt(void *page) {
  int one = socket(AF_UNIX, SOCK_STREAM, 0);
  if (file >= 0) {
    int result = sends ? (int)sendto(file, "x", 1, 0, NULL, 0) : connect(file, page, sizeof(struct sockaddr_un));
    if (result && errno == (sends ? ENOTSOCK : EACCES)) refused++;
    else close(dup(file));
  } else if (connect(one, page, sizeof(struct sockaddr_un)) && errno == EACCES) refused++;
  finished++;
  return NULL;
}

static void missing_pages(void) {
  struct uffdio_api api = {.api = UFFD_API};
  int fault = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  if (fault < 0 || ioctl(fault, UFFDIO_API, &api)) stop("userfaultfd");
  pages = mmap(NULL, MOST * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = {.range = {(unsigned long)pages, MOST * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fault, UFFDIO_REGISTER, &range)) stop("UFFDIO_REGISTER");
}

static struct fuse_attr attributes(uint64_t node) {
  return (struct fuse_attr){.ino = node, .nlink = 1, .size = node == 1 ? 0 : MOST * PAGE, .blksize = PAGE,
                            .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0644};
}

static void reply(int device, uint64_t unique, int error, const void *body, size_t size) {
  char bytes[512];
  struct fuse_out_header head = {.len = (uint32_t)(sizeof head + size), .error = error, .unique = unique};
  memcpy(bytes, &head, sizeof head);
  if (size) memcpy(bytes + sizeof head, body, size);
  (void)!write(device, bytes, sizeof head + size);
}

static void serve(int device) {
  static char bytes[1 << 18];
  while (read(device, bytes, sizeof bytes) > 0) {
    struct fuse_in_header *in = (struct fuse_in_header *)bytes;
    struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = PAGE, .max_readahead = 0};
    struct fuse_entry_out entry = {.nodeid = 2, .entry_valid = 60, .attr_valid = 60, .attr = attributes(2)};
    struct fuse_attr_out attr = {.attr_valid = 60, .attr = attributes(in->nodeid)};
    struct fuse_open_out open = {.fh = 1};
    switch (in->opcode) {
      case FUSE_INIT: reply(device, in->unique, 0, &init, sizeof init); break;
      case FUSE_LOOKUP: if (answers_names) reply(device, in->unique, 0, &entry, sizeof entry); break;
      case FUSE_GETATTR: reply(device, in->unique, 0, &attr, sizeof attr); break;
      case FUSE_OPEN: reply(device, in->unique, 0, &open, sizeof open); break;
      case FUSE_FLUSH: if (!keeps) reply(device, in->unique, -ENOSYS, NULL, 0); break;
      case FUSE_READ: case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break;
      default: reply(device, in->unique, -ENOSYS, NULL, 0);
    }
  }
}

static pid_t unanswered_pages(const char *folder, int stays) {
  char options[100], name[200];
  int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (device < 0 || mount("nonet-test", folder, "fuse", 0, options)) stop("fuse");
  pid_t server = fork();
  if (server == 0) {
    if (!stays) prctl(PR_SET_PDEATHSIG, SIGKILL);
    else for (int i = 0; i < 3; i++) close(i);
    serve(device);
    _exit(0);
  }
  close(device);
  if (!answers_names) {
    pages = calloc(MOST, PAGE);
    for (int i = 0; i < MOST; i++) {
      struct sockaddr_un address = {.sun_family = AF_UNIX};
      snprintf(address.sun_path, sizeof address.sun_path, "%s/%d", folder, i);
      memcpy(pages + i * PAGE, &address, sizeof address);
    }
    return server;
  }
  snprintf(name, sizeof name, "%s/file", folder);
  int opened = open(name, O_RDONLY);
  if (opened < 0) stop("open");
  if (keeps) file = opened;
  pages = keeps ? calloc(MOST, PAGE) : mmap(NULL, MOST * PAGE, PROT_READ, MAP_PRIVATE, opened, 0);
  umount2(folder, MNT_DETACH);
  return server;
}

int main(int argc, char **argv) {
  int count = argc > 2 ? atoi(argv[2]) : 0;
  pid_t server = 0;
  if (argc > 1 && !strcmp(argv[1], "name")) answers_names = 0;
  sends = argc > 1 && !strcmp(argv[1], "send");
  keeps = sends || (argc > 1 && !strcmp(argv[1], "flush"));
  if (argc == 3 && !strcmp(argv[1], "userfault")) missing_pages();
  else if (argc == 4) server = unanswered_pages(argv[3], !strcmp(argv[1], "orphan"));
  else return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "s"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), one = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) stop("listen");
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, attempt, pages + i * PAGE);
  }
  for (int i = 0; i < 30 && finished < count; i++) usleep(100000);
  printf("refused %d hanging %d\n", refused, count - finished);
  fflush(stdout);
  int result = connect(one, (struct sockaddr *)&address, sizeof address);
  if (result) printf("failed %d\n", errno);
  else printf("connected\n");
  if (server) printf("server %d\n", server);
  fflush(stdout);
  unlink("s");
  if (!answers_names) umount2(argv[3], MNT_DETACH);
  /* This program's end closes the file, too. */
  if (file >= 0) kill(server, SIGKILL);
  /* At once, as a thread in the kernel may hold this program back. */
  syscall(SYS_exit_group, 0);
}
