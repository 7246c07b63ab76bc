/* Presses whoever stands over this process: its parent, and the parent's other children that are called nonet.
 *
 *   press ACTION   makes one attempt, prints `ready PID...` (the parent first), waits for a line; does ACTION to
 *                  each of these processes, prints `acted ERRNO...`, makes a second attempt and prints
 *                  `socket ERRNO ERRNO`; waits for a line, and ends with status 7
 *
 * TERM ends it at any time. Static and at fixed addresses: `int $0x80` takes 32 bits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t targets[8];
static int count;

static void find_targets(void) {
  char name[80], comm[32];
  count = 0;
  targets[count++] = getppid();
  snprintf(name, sizeof name, "/proc/%d/task/%d/children", getppid(), getppid());
  FILE *children = fopen(name, "r");
  int child;
  while (children && count < 8 && fscanf(children, "%d", &child) == 1) {
    snprintf(name, sizeof name, "/proc/%d/comm", child);
    FILE *file = fopen(name, "r");
    if (!file) continue;
    if (child != getpid() && fgets(comm, sizeof comm, file) && !strncmp(comm, "nonet", 5)) targets[count++] = child;
    fclose(file);
  }
}

static int answer(long result) { return result < 0 ? errno : 0; }

static int attempt(void) {
  int s = socket(AF_INET, SOCK_STREAM, 0), number = answer(s);
  if (s >= 0) close(s);
  return number;
}

/* --- limits ---------------------------------------------------------------------------------------- */

static int limit(pid_t process, int resource, rlim_t value) {
  struct rlimit wanted = {value, value};
  return answer(syscall(SYS_prlimit64, process, resource, &wanted, NULL));
}

static int no_files(pid_t p) { return limit(p, RLIMIT_NOFILE, 1); }
static int few_files(pid_t p) { return limit(p, RLIMIT_NOFILE, 6); }
static int no_time(pid_t p) { return limit(p, RLIMIT_CPU, 0); }
static int no_size(pid_t p) { return limit(p, RLIMIT_FSIZE, 0); }
static int no_memory(pid_t p) { return limit(p, RLIMIT_AS, 4096); }
static int no_data(pid_t p) { return limit(p, RLIMIT_DATA, 0); }
static int no_stack(pid_t p) { return limit(p, RLIMIT_STACK, 4096); }

#if defined(__x86_64__)
static int limit_i386(pid_t p) {
  static struct rlimit wanted = {1, 1};
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(340L), "b"((long)p), "c"(7L), "d"(&wanted), "S"(0L)
                   : "r8", "r9", "r10", "r11", "memory");
  return (int)result < 0 ? -(int)result : 0;
}

/* The kernel takes 32 bits of the process id. */
static int limit_upper(pid_t p) {
  struct rlimit wanted = {1, 1};
  return answer(syscall(SYS_prlimit64, 1L << 32 | p, RLIMIT_NOFILE, &wanted, NULL));
}
#endif

/* --- the scheduler --------------------------------------------------------------------------------- */

static int affinity(pid_t p) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  return answer(sched_setaffinity(p, sizeof one, &one));
}

static int scheduler(pid_t p) {
  struct sched_param none = {0};
  return answer(sched_setscheduler(p, SCHED_IDLE, &none));
}

static int attributes(pid_t p) {
  struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t times[3]; } idle = {
    .size = 48, .policy = SCHED_BATCH, .nice = 19};
  return answer(syscall(SYS_sched_setattr, p, &idle, 0));
}

static int priority(pid_t p) { return answer(setpriority(PRIO_PROCESS, (id_t)p, 19)); }
static int priority_group(pid_t p) { return answer(getpgid(p) < 2 ? -1 : setpriority(PRIO_PGRP, (id_t)getpgid(p), 19)); }
static int ioprio(pid_t p) { return answer(syscall(SYS_ioprio_set, 1, p, 3 << 13)); }
static int ioprio_group(pid_t p) { return answer(getpgid(p) < 2 ? -1 : syscall(SYS_ioprio_set, 2, getpgid(p), 3 << 13)); }

static int write_to(pid_t p, const char *file, const char *text) {
  char name[60];
  snprintf(name, sizeof name, "/proc/%d/%s", p, file);
  int fd = open(name, O_WRONLY), number = answer(fd < 0 ? -1 : write(fd, text, strlen(text)));
  if (fd >= 0) close(fd);
  return number;
}

static int oom(pid_t p) { return write_to(p, "oom_score_adj", "1000"); }

/* --- signals --------------------------------------------------------------------------------------- */

static int queue(pid_t p, int number) {
  siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};
  return answer(syscall(SYS_rt_sigqueueinfo, p, number, &info));
}

static int by_owner(pid_t p, int number) {
  int ends[2];
  if (pipe(ends)) return errno;
  if (fcntl(ends[0], F_SETOWN, p) || fcntl(ends[0], F_SETSIG, number) || fcntl(ends[0], F_SETFL, O_ASYNC)) return errno;
  return answer(write(ends[1], "x", 1));
}

static int by_descriptor(pid_t p, int number) {
  int fd = (int)syscall(SYS_pidfd_open, p, 0);
  return answer(fd < 0 ? -1 : syscall(SYS_pidfd_send_signal, fd, number, NULL, 0));
}

/* The group's other members, this process aside. */
static int whole_group(pid_t p) {
  pid_t group = getpgid(p);
  if (group < 2) return ESRCH; /* -1 and 1 would be everybody */
  if (group == getpgrp() && setpgid(0, 0)) return errno;
  return answer(kill(-group, SIGKILL));
}

static int kill_it(pid_t p) { return answer(kill(p, SIGKILL)); }
static int stop_it(pid_t p) { return answer(kill(p, SIGSTOP)); }
static int kill_thread(pid_t p) { return answer(syscall(SYS_tgkill, p, p, SIGKILL)); }
static int kill_task(pid_t p) { return answer(syscall(SYS_tkill, p, SIGKILL)); }
static int queue_it(pid_t p) { return queue(p, SIGKILL); }
static int own_it(pid_t p) { return by_owner(p, SIGKILL); }
static int descriptor(pid_t p) { return by_descriptor(p, SIGKILL); }

/* Each signal that ends a process which does not expect it, by each way to send one. */
static int all_signals(pid_t p) {
  int worst = 0;
  for (int number = 1; number <= 64; number++) {
    if (number == SIGKILL || number == SIGSTOP || number == SIGTSTP || number == 32 || number == 33) continue;
    int one = number % 3 == 0 ? queue(p, number) : number % 3 == 1 ? answer(kill(p, number)) : by_descriptor(p, number);
    if (one) worst = one;
  }
  return worst;
}

static int nothing(pid_t p) { return p ? 0 : ESRCH; }

static const struct { const char *name; int (*act)(pid_t); } ACTIONS[] = {
  {"nothing", nothing}, {"nofile-1", no_files}, {"nofile-6", few_files}, {"cpu", no_time}, {"fsize", no_size}, {"as", no_memory},
  {"data", no_data}, {"stack", no_stack},
#if defined(__x86_64__)
  {"nofile-i386", limit_i386}, {"nofile-upper", limit_upper},
#endif
  {"affinity", affinity}, {"scheduler", scheduler}, {"attributes", attributes}, {"priority", priority},
  {"priority-group", priority_group}, {"ioprio", ioprio}, {"ioprio-group", ioprio_group}, {"oom", oom},
  {"kill", kill_it}, {"stop", stop_it}, {"tgkill", kill_thread},
  {"tkill", kill_task}, {"sigqueue", queue_it}, {"setown", own_it}, {"pidfd", descriptor}, {"group", whole_group},
  {"signals", all_signals}};

static void wait_for_line(void) {
  char byte;
  while (read(0, &byte, 1) == 1 && byte != '\n') {}
}

int main(int argc, char **argv) {
  int (*act)(pid_t) = NULL;
  for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++)
    if (argc == 2 && !strcmp(argv[1], ACTIONS[i].name)) act = ACTIONS[i].act;
  if (!act) return 2;
  for (int number = 1; number <= 64; number++)
    if (number != SIGTERM) signal(number, SIG_IGN);
  if (act == all_signals) signal(SIGTERM, SIG_IGN);
  int before = attempt();
  for (int i = 0; i < 40 && count < 2; i++) usleep(5000), find_targets(); /* the second may come a little later */
  printf("ready");
  for (int i = 0; i < count; i++) printf(" %d", targets[i]);
  puts(""), fflush(stdout);
  wait_for_line();
  printf("acted");
  for (int i = count - 1; i >= 0; i--) printf(" %d", act(targets[i]));
  puts(""), fflush(stdout);
  usleep(100000); /* whoever was ended is gone now */
  printf("socket %d %d\n", before, attempt()), fflush(stdout);
  wait_for_line();
  return 7;
}
