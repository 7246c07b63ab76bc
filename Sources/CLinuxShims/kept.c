#define _GNU_SOURCE
#include "CLinuxShims.h"
#include "text.h"

#include <sys/syscall.h>

// Files of threads that are asked about again and again, kept open: to open one anew takes longer than to read it.
// Each belongs to the very thread for which it was opened, and says so (ESRCH) once that one has ended, whoever has
// its number by then.

// Of each kind: descriptors may be few.
enum { KEPT = 4 };

struct kept {
  pid_t thread;
  int number; // of a descriptor of the thread's
  int file;   // 0 for none
};

static struct {
  pid_t owner; // a copy of this memory has no such files, or leaves them alone
  struct kept statuses[KEPT], handles[KEPT], descriptors[KEPT];
} all;

static struct kept *place(struct kept *kept, pid_t thread, int number) {
  if (all.owner != getpid()) {
    memset(&all, 0, sizeof all);
    all.owner = getpid();
  }
  return &kept[(unsigned)(thread + number) % KEPT];
}

// Takes one out, so that nobody else has it meanwhile: its number; -1 for none.
static int take(struct kept *kept, pid_t thread, int number) {
  struct kept *one = place(kept, thread, number);
  if (!one->file || one->thread != thread || one->number != number) return -1;
  int file = one->file;
  one->file = 0;
  return file;
}

static void keep(struct kept *kept, pid_t thread, int number, int file) {
  if (file <= 0) return;
  int error = errno;
  struct kept *one = place(kept, thread, number);
  if (one->file) close(one->file);
  *one = (struct kept){thread, number, file};
  errno = error;
}

static int open_of(pid_t thread, const char *what, int number) {
  char path[64], *end = nonet_append(path, "/proc/");
  // Its own number may be another one in the /proc that is here.
  end = thread ? nonet_append_number(end, (unsigned)thread) : nonet_append(end, "self");
  end = nonet_append(end, what);
  if (number >= 0) nonet_append_number(end, (unsigned)number);
  return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

// Reads a small file that may be open; -1 where there is none.
static ssize_t read_again(int *file, pid_t thread, const char *what, int number, char *text, size_t most) {
  ssize_t count = *file < 0 ? -1 : pread(*file, text, most, 0);
  if (count > 0) return count;
  if (*file >= 0) close(*file);
  *file = open_of(thread, what, number);
  return *file < 0 ? -1 : pread(*file, text, most, 0);
}

// The number behind a label at the beginning of a line; -1 where there is none.
static long long number_behind(const char *text, const char *label, int base) {
  const char *found = strstr(text, label);
  char *end;
  if (!found) return -1;
  long long number = strtoll(found + strlen(label), &end, base);
  return *end == '\n' ? number : -1;
}

ssize_t nonet_read_status(pid_t thread, char *text, size_t most) {
  int file = take(all.statuses, thread, 0);
  ssize_t count = read_again(&file, thread, "/status", -1, text, most);
  // Ids are told as they are in the user namespace of who opened the file, and this process may enter another one.
  if (thread)
    keep(all.statuses, thread, 0, file);
  else if (file >= 0)
    close(file);
  return count;
}

int nonet_take_handle(pid_t thread) { return take(all.handles, thread, 0); }

void nonet_keep_handle(pid_t thread, int handle) { keep(all.handles, thread, 0, handle); }

int nonet_flags_of_socket(pid_t thread, int number, uint64_t inode) {
  char text[1024];
  if (number < 0) return errno = EBADF, -1;
  int file = take(all.descriptors, thread, number);
  // A socket is told at once. Whatever another thread put in its place may take as long as it wants.
  if (nonet_step_out()) return keep(all.descriptors, thread, number, file), -1;
  ssize_t count = read_again(&file, thread, "/fdinfo/", number, text, sizeof text - 1);
  nonet_step_in();
  keep(all.descriptors, thread, number, file);
  if (count < 0) return -1;
  text[count] = 0;
  // Otherwise the number is another file's by now.
  if (number_behind(text, "\nino:\t", 10) != (long long)inode) return errno = EBADF, -1;
  return (int)number_behind(text, "\nflags:\t", 8);
}
