#include "CLinuxShims.h"

#include <sys/auxv.h>

// What Swift seeds its hashes with (arc4random(3)); musl and glibc before 2.36 have no such function.
//
// The kernel gives every process 16 random bytes at its start (getauxval(3), AT_RANDOM): no call that a sandbox
// may refuse, and enough for what only spreads entries in a table. Nothing else here asks for random bytes.
void arc4random_buf(void *bytes, size_t count);
void arc4random_buf(void *bytes, size_t count) {
  static uint64_t state;
  if (!state) {
    const void *start = (const void *)getauxval(AT_RANDOM);
    if (start) memcpy(&state, start, sizeof state);
    state |= 1;
  }
  for (unsigned char *next = bytes; count; count--) {
    // splitmix64's step: every seed is another one.
    state += 0x9e3779b97f4a7c15;
    uint64_t mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    *next++ = (unsigned char)(mixed >> 56);
  }
}
