#ifndef CLINUXSHIMS_H
#define CLINUXSHIMS_H
#include <errno.h>
#include <unistd.h>
static inline int nonet_errno(void) { return errno; }
#endif
