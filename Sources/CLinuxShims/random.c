#include "CLinuxShims.h"

#include <sys/random.h>

// What Swift seeds its hashes with (arc4random(3)); musl and glibc before 2.36 have no such function.
#ifdef __GLIBC_PREREQ
#define HAS_RANDOM __GLIBC_PREREQ(2, 36)
#else
#define HAS_RANDOM 0
#endif
#if !HAS_RANDOM
void arc4random_buf(void *bytes, size_t count) {
  for (char *next = bytes; count;) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0 && errno != EINTR) _exit(125);
    if (got < 0) continue;
    next += got;
    count -= (size_t)got;
  }
}
#endif
