/* Waits for signals and says what each carried.
 *
 *   receive    blocks every signal, says `ready PID`, then `NUMBER CODE VALUE` for each that comes, until its
 *              input ends; the value is that of sigqueue(3)
 *
 * By raw system calls: the C library keeps 32 and 33 to itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  uint64_t all = ~0ull;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
  printf("ready %d\n", getpid()), fflush(stdout);
  for (int is_open = 1; ; ) {
    siginfo_t info;
    struct timespec wait = {.tv_nsec = is_open ? 5000000 : 0};
    int number = (int)syscall(SYS_rt_sigtimedwait, &all, &info, &wait, sizeof all);
    if (number > 0) {
      int has_value = info.si_code == SI_QUEUE || info.si_code == SI_MESGQ;
      printf("%d %d %d\n", number, info.si_code, has_value ? info.si_value.sival_int : 0), fflush(stdout);
      continue;
    }
    if (!is_open) return 7;
    struct pollfd input = {0, POLLIN, 0};
    char byte;
    if (poll(&input, 1, 0) == 1 && read(0, &byte, 1) == 0) is_open = 0;
  }
}
