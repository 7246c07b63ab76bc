#define _GNU_SOURCE
#include "CLinuxShims.h"

// execvp(3) as glibc has it; musl's does not know scripts without a first line, and looks elsewhere where
// PATH is not set. Nothing but execve(2) is called: a filter may stand already.
static const char *const usual_path = "/bin:/usr/bin";
static const char *const shell = "/bin/sh";

static void run_by_shell(const char *file, char *const *arguments) {
  size_t count = 0;
  while (arguments[count]) count++;
  // The first word gives way to the file, and all others follow with their end.
  const char *words[count + 3];
  words[0] = shell;
  words[1] = file;
  words[2] = NULL;
  for (size_t i = 1; i <= count; i++) words[i + 1] = arguments[i];
  execve(shell, (char *const *)words, nonet_environment());
}

static void run(const char *file, char *const *arguments) {
  execve(file, arguments, nonet_environment());
  if (errno == ENOEXEC) run_by_shell(file, arguments);
}

// Whether the next folder may have what this one has not.
static int goes_on(int error) {
  return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE ||
         error == ENODEV || error == ETIMEDOUT;
}

int nonet_execute(const char *file, char *const *arguments) {
  char path[PATH_MAX + NAME_MAX + 2];
  size_t length = strlen(file);
  if (!length) return errno = ENOENT, -1;
  if (strchr(file, '/')) return run(file, arguments), -1;
  if (length > NAME_MAX) return errno = ENAMETOOLONG, -1;
  const char *folder = getenv("PATH");
  if (!folder) folder = usual_path;
  int was_refused = 0;
  for (const char *end;; folder = end + 1) {
    end = strchrnul(folder, ':');
    size_t size = (size_t)(end - folder);
    // What is longer is no path (and one of no length is the working folder).
    if (size < PATH_MAX) {
      memcpy(path, folder, size);
      if (size) path[size++] = '/';
      memcpy(path + size, file, length + 1);
      run(path, arguments);
      was_refused |= errno == EACCES;
      if (!goes_on(errno)) return -1;
    } else {
      errno = ENOENT;
    }
    if (!*end) break;
  }
  if (was_refused) errno = EACCES;
  return -1;
}
