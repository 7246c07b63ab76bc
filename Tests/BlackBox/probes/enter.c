/* Brings itself into a strange state and becomes a command: `enter STATE COMMAND...`.
 *
 * START_PID and START_PPID tell the command who was started.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(const char *what, long result) {
  if (result < 0) {
    fprintf(stderr, "enter: %s: %s\n", what, strerror(errno));
    exit(77);
  }
}

static void plain(void) {}

static void descriptors(void) {
  int ends[2], fd = open("kept", O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK, 0600);
  need("open", fd);
  need("write", write(fd, "words", 5));
  need("lseek", lseek(fd, 2, SEEK_SET));
  need("dup2", dup2(fd, 40));
  need("pipe", pipe2(ends, O_NONBLOCK));
  need("dup2", dup2(ends[1], 200));
  need("close", close(0));
  need("umask", umask(027));
}

static void limits(void) {
  static const struct { int resource; rlim_t soft, hard; } wanted[] = {
    {RLIMIT_NOFILE, 300, 400}, {RLIMIT_CORE, 0, 4096}, {RLIMIT_STACK, 4 << 20, 8 << 20}, {RLIMIT_CPU, 1000, 2000},
    {RLIMIT_FSIZE, 1 << 30, 1 << 30}, {RLIMIT_MEMLOCK, 8192, 65536}, {RLIMIT_NPROC, 5000, 6000}, {RLIMIT_SIGPENDING, 100, 200},
    {RLIMIT_MSGQUEUE, 1000, 2000}, {RLIMIT_AS, 1L << 40, RLIM_INFINITY}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    struct rlimit limit = {wanted[i].soft, wanted[i].hard};
    need("setrlimit", setrlimit(wanted[i].resource, &limit));
  }
}

static void signals(void) {
  for (int number = 1; number <= 64; number += 3) signal(number, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int number = 2; number <= 64; number += 5) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static void child_ignored(void) {
  signal(SIGCHLD, SIG_IGN), signal(SIGPIPE, SIG_IGN), signal(SIGTERM, SIG_IGN);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
}

static void pending(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  static const int numbers[] = {SIGALRM, SIGUSR1, SIGURG, SIGIO, SIGTERM, SIGWINCH, SIGPROF};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) need("kill", kill(getpid(), numbers[i]));
  for (int value = 1; value <= 3; value++) need("sigqueue", sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = value}));
}

static void timers(void) {
  struct itimerval real = {{7, 5}, {1000, 0}}, virtual = {{8, 6}, {2000, 0}}, profiling = {{9, 7}, {3000, 0}};
  need("setitimer", setitimer(ITIMER_REAL, &real, NULL));
  need("setitimer", setitimer(ITIMER_VIRTUAL, &virtual, NULL));
  need("setitimer", setitimer(ITIMER_PROF, &profiling, NULL));
}

static void scheduling(void) {
  struct sched_param none = {0};
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  need("sched_setaffinity", sched_setaffinity(0, sizeof one, &one));
  need("sched_setscheduler", sched_setscheduler(0, SCHED_BATCH, &none));
  need("setpriority", setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 3));
  need("ioprio_set", syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
  need("timerslack", prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0));
}

static void reset_on_fork(void) {
  struct sched_param none = {0};
  need("sched_setscheduler", sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none));
}

static void attributes(void) {
  need("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  need("pdeathsig", prctl(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0));
  need("thp", prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
  need("personality", personality(ADDR_NO_RANDOMIZE | UNAME26));
  int fd = open("/proc/self/coredump_filter", O_WRONLY);
  need("coredump_filter", write(fd, "0x7", 3)), close(fd);
  fd = open("/proc/self/oom_score_adj", O_WRONLY);
  need("oom_score_adj", write(fd, "321", 3)), close(fd);
  need("umask", umask(0123));
}

static void children(void) {
  pid_t ended = fork();
  if (ended == 0) {
    /* Each processor counts pages in lots of its own, so the usage of a small child is sometimes nothing. */
    enum { SIZE = 4 << 20 };
    memset(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, SIZE);
    _exit(0);
  }
  siginfo_t info;
  waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT); /* it has ended, and nobody took note */
}

static void session(void) {
  /* The leader of a new session without a terminal, where this process may become one. */
  if (setsid() < 0) need("setpgid", setpgid(0, 0));
}

static void lock(void) {
  struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = open("locked", O_RDWR | O_CREAT, 0600);
  need("open", fd);
  need("fcntl", fcntl(fd, F_SETLK, &all));
}

static void words(void) {
  static char *odd[] = {"TWICE=1", "PATH=/usr/bin:/bin", "TWICE=2", "=empty name", "no equals sign", "LAST=\xff\xfe", NULL};
  environ = odd;
}

static void removed_folder(void) {
  if (mkdir("gone", 0700) || chdir("gone") || rmdir("../gone")) need("chdir", -1);
}

static void powers(void) {
  /* Bits and groups that root alone sets. */
  need("securebits", prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_SETUID_FIXUP, 0, 0, 0));
  gid_t groups[] = {4, 27, 100};
  need("setgroups", setgroups(3, groups));
  need("capbset", prctl(PR_CAPBSET_DROP, 30, 0, 0, 0));
}

static const struct { const char *name; void (*enter)(void); } STATES[] = {
  {"plain", plain}, {"descriptors", descriptors}, {"limits", limits}, {"signals", signals}, {"child-ignored", child_ignored},
  {"pending", pending}, {"timers", timers}, {"scheduling", scheduling}, {"reset-on-fork", reset_on_fork}, {"attributes", attributes},
  {"children", children}, {"session", session}, {"lock", lock}, {"words", words}, {"removed-folder", removed_folder}, {"powers", powers}};

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++) {
    if (strcmp(argv[1], STATES[i].name)) continue;
    STATES[i].enter();
    char text[20];
    snprintf(text, sizeof text, "%d", getpid());
    setenv("START_PID", text, 1);
    snprintf(text, sizeof text, "%d", getppid());
    setenv("START_PPID", text, 1);
    execv(argv[2], argv + 2);
    need(argv[2], -1);
  }
  return 2;
}
