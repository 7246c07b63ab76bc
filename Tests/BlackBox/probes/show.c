/* Prints all that a process inherits or is given at exec, as `name value`, one a line.
 *
 * Numbers of processes are told as what they are: the process that was started (START_PID), its parent
 * (START_PPID), this process itself, or another.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *relation(long pid) {
  const char *start = getenv("START_PID"), *parent = getenv("START_PPID");
  if (start && pid == atol(start)) return "started";
  if (parent && pid == atol(parent)) return "parent";
  return pid == getpid() ? "self" : pid <= 0 ? "none" : "other";
}

/* /proc/self/status without what is of the moment. */
static void status(void) {
  static const char *const apart[] = {"Name", "State", "Tgid", "Ngid", "Pid", "PPid", "NStgid", "NSpid", "NSpgid", "NSsid", "SigQ",
                                      "voluntary", "nonvoluntary", "Vm", "Rss", "Hugetlb", "FDSize"};
  char text[4096];
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(text, sizeof text, file)) {
    int is_apart = 0;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) is_apart |= !strncmp(text, apart[i], strlen(apart[i]));
    char *colon = strchr(text, ':');
    if (is_apart || !colon) continue;
    *colon = 0;
    for (char *c = colon + 1; *c; c++) if (*c == '\t') *c = ' ';
    printf("status.%s%s", text, colon + 1);
  }
  if (file) fclose(file);
}

static void file(const char *name) {
  char path[60], text[2000] = "";
  snprintf(path, sizeof path, "/proc/self/%s", name);
  FILE *file = fopen(path, "r");
  if (!file) {
    printf("proc.%s absent\n", name);
    return;
  }
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  for (size_t i = 0; i < length; i++) if (text[i] == '\n' || text[i] == '\t' || !text[i]) text[i] = ' ';
  printf("proc.%s %s\n", name, text);
}

static void link_of(const char *name) {
  char path[60], text[400];
  snprintf(path, sizeof path, "/proc/self/%s", name);
  ssize_t length = readlink(path, text, sizeof text - 1);
  printf("link.%s %.*s\n", name, length < 0 ? 6 : (int)length, length < 0 ? "absent" : text);
}

static void descriptors(void) {
  for (int fd = 0; fd < 256; fd++) {
    struct stat s;
    if (fstat(fd, &s)) continue;
    char path[40], text[200] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, text, sizeof text - 1);
    char *number = length > 0 ? strchr(text, '[') : NULL;
    if (number) *number = 0; /* a pipe's or socket's own number */
    printf("fd.%d %s mode=%o fl=%o fd=%d at=%ld\n", fd, text, s.st_mode, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD),
           (long)lseek(fd, 0, SEEK_CUR));
    if (isatty(fd)) printf("tty.%d group=%s session=%s\n", fd, relation(tcgetpgrp(fd)), relation(getsid(0)));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (S_ISREG(s.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && !fcntl(fd, F_GETLK, &lock))
      printf("lock.%d %s\n", fd, lock.l_type == F_UNLCK ? "ours or none" : "somebody else's");
  }
}

static void limits(void) {
  for (int resource = 0; resource < 16; resource++) {
    struct rlimit limit;
    if (!getrlimit(resource, &limit)) printf("limit.%d %lx %lx\n", resource, (long)limit.rlim_cur, (long)limit.rlim_max);
  }
}

static void signals(void) {
  for (int number = 1; number <= 64; number++) {
    struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action;
    if (syscall(SYS_rt_sigaction, number, NULL, &action, 8)) continue;
    printf("signal.%d %s %lx %lx\n", number, action.handler == SIG_DFL ? "default" : action.handler == SIG_IGN ? "ignored" : "handled",
           action.flags, (long)action.mask);
  }
  uint64_t blocked = 0, pending = 0;
  syscall(SYS_rt_sigprocmask, 0, NULL, &blocked, 8);
  syscall(SYS_rt_sigpending, &pending, 8);
  printf("blocked %lx\npending %lx\n", (long)blocked, (long)pending);
  for (int number = 1; number <= 64; number++) {
    if (!(pending >> (number - 1) & 1)) continue;
    sigset_t one;
    siginfo_t info = {0};
    struct timespec none = {0};
    sigemptyset(&one), sigaddset(&one, number);
    for (int i = 0; sigtimedwait(&one, &info, &none) == number; i++)
      printf("pending.%d.%d code=%d value=%d\n", number, i, info.si_code, info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
  }
  stack_t stack;
  sigaltstack(NULL, &stack);
  printf("altstack %d\n", stack.ss_flags);
  for (int which = 0; which < 3; which++) {
    struct itimerval timer;
    getitimer(which, &timer);
    /* By the ten seconds: some time has passed since it was armed. */
    printf("itimer.%d value=%ld interval=%ld.%06ld\n", which, (timer.it_value.tv_sec + 5) / 10, timer.it_interval.tv_sec,
           timer.it_interval.tv_usec);
  }
}

static void scheduling(void) {
  struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; uint32_t low, high; }
    a = {.size = 56};
  syscall(SYS_sched_getattr, 0, &a, 56, 0);
  printf("sched.policy %u\nsched.flags %lx\nsched.nice %d\nsched.priority %u\nsched.runtime %lu\nsched.clamp %u %u\n", a.policy,
         (long)a.flags, a.nice, a.priority, (long)a.runtime, a.low, a.high);
  printf("sched.reset %x\n", sched_getscheduler(0));
  printf("sched.ioprio %lx\n", syscall(SYS_ioprio_get, 1, 0));
  int mode = -1;
  printf("mempolicy %ld %d\n", syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0), mode);
}

static void attributes(void) {
  int value = -1;
  prctl(PR_GET_PDEATHSIG, &value), printf("prctl.pdeathsig %d\n", value);
  prctl(PR_GET_CHILD_SUBREAPER, &value), printf("prctl.subreaper %d\n", value);
  int tsc = -1;
  prctl(PR_GET_TSC, &tsc), printf("prctl.tsc %d\n", tsc);
  static const struct { const char *name; int code; } asked[] = {
    {"dumpable", PR_GET_DUMPABLE}, {"keepcaps", PR_GET_KEEPCAPS}, {"timing", PR_GET_TIMING}, {"securebits", PR_GET_SECUREBITS},
    {"timerslack", PR_GET_TIMERSLACK}, {"nnp", PR_GET_NO_NEW_PRIVS}, {"thp", PR_GET_THP_DISABLE}, {"mce", PR_MCE_KILL_GET},
    {"seccomp", PR_GET_SECCOMP}, {"mdwe", 66}, {"io-flusher", 58}, {"speculation", 52}};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
    printf("prctl.%s %d\n", asked[i].name, prctl(asked[i].code, 0, 0, 0, 0) < 0 ? -errno : prctl(asked[i].code, 0, 0, 0, 0));
  char name[17] = "";
  prctl(PR_GET_NAME, name), printf("prctl.name %s\n", name);
  printf("personality %x\n", personality(0xffffffff));
  mode_t mask = umask(0);
  umask(mask), printf("umask %o\n", mask);
}

static void processes(void) {
  printf("pid %s\nppid %s\ngroup %s\nsession %s\n", relation(getpid()), relation(getppid()), relation(getpgrp()), relation(getsid(0)));
  int child = waitpid(-1, NULL, WNOHANG);
  printf("children %s\n", child < 0 ? "none" : "some");
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  printf("rusage.children %s\n", usage.ru_maxrss ? "some" : "none");
  int threads = 0;
  DIR *folder = opendir("/proc/self/task");
  while (folder && readdir(folder)) threads++;
  printf("threads %d\n", threads - 2);
}

static void words(int argc, char **argv) {
  int count = 0;
  for (char **one = environ; *one; one++) {
    if (!strncmp(*one, "NONET=", 6)) printf("env.NONET %s\n", *one);
    else printf("env.%d %s\n", count++, *one);
  }
  for (int i = 0; i < argc; i++) printf("arg.%d %s\n", i, argv[i]);
  static const int kinds[] = {AT_FLAGS, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE, AT_PAGESZ, AT_CLKTCK, AT_HWCAP, AT_HWCAP2, AT_PHNUM,
                              AT_MINSIGSTKSZ};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) printf("auxv.%d %lx\n", kinds[i], getauxval((unsigned long)kinds[i]));
  printf("auxv.execfn %s\n", (char *)getauxval(AT_EXECFN));
  char folder[500];
  printf("cwd %s\n", getcwd(folder, sizeof folder) ? folder : "gone");
}

int main(int argc, char **argv) {
  static const char *const spaces[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"};
  static const char *const files[] = {"cgroup", "oom_score_adj", "coredump_filter", "loginuid", "sessionid", "setgroups", "uid_map",
                                      "gid_map", "timens_offsets", "comm", "attr/current"};
  setvbuf(stdout, NULL, _IOFBF, 1 << 17);
  descriptors(); /* before anything is opened */
  status(), limits(), signals(), scheduling(), attributes(), processes(), words(argc, argv);
  for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
    char name[30];
    snprintf(name, sizeof name, "ns/%s", spaces[i]);
    link_of(name);
  }
  link_of("exe"), link_of("root");
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) file(files[i]);
  return 0;
}
