#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <sys/personality.h>
#include <sys/wait.h>

int nonet_probe_32bit(void) {
  // In a child: where there is no 32-bit entry, trying it is a fault.
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
#if defined(__x86_64__)
    long number = 20; // getpid
    __asm__ volatile("int $0x80" : "+a"(number) : : "memory", "cc", "r8", "r9", "r10", "r11");
    _exit(number == getpid() ? 0 : 1);
#else
    _exit(personality(PER_LINUX32) < 0);
#endif
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
