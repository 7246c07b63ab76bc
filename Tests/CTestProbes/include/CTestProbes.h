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

enum { PROBE_WITNESS_WORDS = 8 };  // an entry (below), a number and six arguments

// The ways into the kernel.
enum {
  PROBE_NATIVE = 0,  // syscall, or svc #0
  PROBE_INT80 = 1,   // int $0x80: the i386 table, from a 64-bit program
};

// What a child saw of a call.
enum { PROBE_UNASKED = 0, PROBE_RETURNED = 1, PROBE_KILLED = 2 };
struct probe_outcome {
  int32_t state;
  int32_t value;  // PROBE_RETURNED: 0 where the filter let the call pass, else an errno made negative
};

// Asks for a filter's verdicts without letting any call happen. Below `filter`, `length`
// instructions as bytes, lies one that answers ERRNO 0 to every call. Among equal actions the
// newest filter wins and ERRNO beats ALLOW and LOG (kernel/seccomp.c, seccomp_run_filters): a
// refusal shows as its errno, which is never 0, and what `filter` lets pass as 0. A null `filter`
// shows the lower one alone.
//
// `outcomes` receives what came of each of `count` calls; where the filter kills, a new child goes
// on with the next call. Returns 0, or -errno if there was no child to ask; `report` tells where
// and why it ended early.
int probe_verdicts(const uint8_t *filter, uint16_t length, const uint64_t *calls, size_t count,
                   struct probe_outcome *outcomes, struct probe_report *report);

// What the filter sees as instruction_pointer in calls made by `probe_filter`.
uint64_t probe_instruction_pointer(void);

// The audit value of the architecture that this was compiled for.
uint32_t probe_arch(void);

#endif
