// What the probes' children have in common.
#ifndef NONET_TEST_CHILD_H
#define NONET_TEST_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

// One system call as it stands.
int64_t probe_raw_call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                       uint64_t f);

// The child must end whatever the test process has done to its signals, leave no core file and
// never outlive a test by long.
void prepare_child(void);

// Memory that parent and child share; the child may lose all other ways to speak.
void *shared(size_t size);

// Waits for a child's end. Returns 0 or -errno.
int wait_for(pid_t child, int *status);

#pragma GCC visibility pop

#endif
