// Asks the running kernel what it makes of a seccomp program, so that tests have a second witness.
//
// Why C: a filter cannot be taken off, so every question needs a child, and between fork and the
// child's end nothing may allocate or touch a Swift runtime whose other threads are gone.
#ifndef NONET_TEST_PROBES_H
#define NONET_TEST_PROBES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// How far a child came.
struct probe_report {
  int installed;    // 1 when the kernel took the filter, or none was offered
  int error;        // the errno of the step that failed, of seccomp(2) when the filter was refused
  int signal;       // the signal that ended the child, 0 if it was none
  size_t answered;  // the calls that returned
};

enum { PROBE_CALL_WORDS = 7 };  // a call is its number and six arguments

// Installs `filter`, `length` instructions as bytes, in a child and makes `count` system calls
// there. `answers` receives what the kernel left in the result register. A null filter installs
// nothing. Returns 0, or -errno if there was no child to ask.
int probe_filter(const uint8_t *filter, uint16_t length, const uint64_t *calls, size_t count,
                 int64_t *answers, struct probe_report *report);

// Offers every operation code, as the third instruction of four:
//   st M[k & 15];  ret ALLOW;  code jt jf k;  ret ALLOW
// It is never reached, but checked. `errors` has 65536 places: 0 where accepted, else the errno.
// Returns 0, or -errno if there was no child to ask.
int probe_codes(uint8_t jt, uint8_t jf, uint32_t k, uint8_t *errors);

// What the filter sees as instruction_pointer in calls made by `probe_filter`.
uint64_t probe_instruction_pointer(void);

// The audit value of the architecture that this was compiled for.
uint32_t probe_arch(void);

#endif
