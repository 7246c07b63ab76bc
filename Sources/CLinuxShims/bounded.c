#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/futex.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>

// A system call about another process's memory or files can take for ever: the page, or the name, may
// be one that a server of that process has to bring (userfaultfd(2), FUSE), and the kernel waits for it
// in the middle of the call, where at most SIGKILL is heard.
//
// So a second kernel thread watches. Where a call takes too long, it leaves the first one behind in
// the kernel and goes on in its place: on its stack, with its registers as they were before the call
// and with its thread-local storage, so that the program has one thread as before and does not notice.
// A call that comes to its end after all finds that it is too late, and its thread touches nothing
// but its own place here. Ids are a kernel thread's own; the watcher's are those with which it began.

// So many threads are left behind at most; as long as all are, no such call is made.
enum { MOST_LEFT = 4, MOST_BYTES = 4096, TICK = 100 * 1000 * 1000, TICKS = 2 };

// One call. Offsets are known to the assembly below.
static struct place {
  void *stack;
  long number, arguments[6];
  uint32_t turn, is_taken, is_first_thread, makes_descriptor;
  struct iovec here, there;
  struct open_how how;
  uint8_t bytes[MOST_BYTES]; // not the caller's: the kernel may write to it after the caller has gone on
} places[MOST_LEFT];

_Static_assert(offsetof(struct place, stack) == 0 && offsetof(struct place, number) == 8 &&
                   offsetof(struct place, arguments) == 16 && offsetof(struct place, turn) == 64 &&
                   offsetof(struct place, is_taken) == 68 &&
                   offsetof(struct place, is_first_thread) == 72 &&
                   offsetof(struct place, makes_descriptor) == 76,
               "the assembly below");

// Odd while a call runs. Whoever makes it even goes on: the caller at its end, or the watcher.
__attribute__((visibility("hidden"))) uint32_t nonet_call_turn;

static struct place *calling;
static uint32_t is_asleep; // the watcher
static int is_watched, was_watched, has_left_first_thread;
static uint8_t watcher_stack[16384] __attribute__((aligned(16)));

// Makes the call of a place. Answers as the kernel does, or ETIMEDOUT on another thread.
long nonet_call_in(struct place *place);
// Goes on, on the calling thread, where nonet_call_in of that place was called.
void nonet_go_on_in(struct place *place) __attribute__((noreturn));

// Too late, a new descriptor is closed, and the thread ends; but the first one pauses for ever, for at
// its end the command would get the signal that it asked for at its parent's (PR_SET_PDEATHSIG).
#if defined __x86_64__
_Static_assert(SYS_close == 3 && SYS_exit == 60 && SYS_pause == 34, "below");
__asm__(".text\n.p2align 4\n"
        ".hidden nonet_call_in\n.globl nonet_call_in\n.type nonet_call_in,@function\n"
        "nonet_call_in:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rdi, %rbx\n"
        "  mov 8(%rbx), %rax\n"
        "  mov 16(%rbx), %rdi\n  mov 24(%rbx), %rsi\n  mov 32(%rbx), %rdx\n"
        "  mov 40(%rbx), %r10\n  mov 48(%rbx), %r8\n  mov 56(%rbx), %r9\n"
        "  syscall\n"
        "  mov %rax, %r12\n"
        "  mov 64(%rbx), %eax\n  lea 1(%rax), %ecx\n"
        "  lock cmpxchg %ecx, nonet_call_turn(%rip)\n"
        "  jne 2f\n"
        "  mov %r12, %rax\n"
        "1: pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n  ret\n"
        // Too late. The stack is another thread's.
        "2: cmpl $0, 76(%rbx)\n  je 3f\n"
        "  test %r12, %r12\n  js 3f\n"
        "  mov $3, %eax\n  mov %r12, %rdi\n  syscall\n"
        "3: mov 72(%rbx), %ebp\n"
        "  movl $0, 68(%rbx)\n"
        "4: mov $60, %eax\n  mov $34, %ecx\n  xor %edi, %edi\n"
        "  test %ebp, %ebp\n  cmovne %ecx, %eax\n"
        "  syscall\n  jmp 4b\n"
        ".hidden nonet_go_on_in\n.globl nonet_go_on_in\n.type nonet_go_on_in,@function\n"
        "nonet_go_on_in:\n"
        "  mov (%rdi), %rsp\n  mov $-110, %rax\n  jmp 1b\n");
static void *thread_pointer(void) {
  void *pointer;
  __asm__("mov %%fs:0, %0" : "=r"(pointer));
  return pointer;
}
#elif defined __aarch64__
_Static_assert(SYS_close == 57 && SYS_exit == 93 && SYS_ppoll == 73, "below");
__asm__(".text\n.p2align 4\n"
        ".hidden nonet_call_in\n.globl nonet_call_in\n.type nonet_call_in,%function\n"
        "nonet_call_in:\n"
        "  stp x29, x30, [sp, #-160]!\n"
        "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n"
        "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n  stp d8, d9, [sp, #96]\n"
        "  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n  str x9, [x0]\n"
        "  mov x19, x0\n"
        "  ldr x8, [x19, #8]\n  ldp x0, x1, [x19, #16]\n"
        "  ldp x2, x3, [x19, #32]\n  ldp x4, x5, [x19, #48]\n"
        "  svc #0\n"
        "  ldr w1, [x19, #64]\n  add w2, w1, #1\n"
        "  adrp x3, nonet_call_turn\n  add x3, x3, :lo12:nonet_call_turn\n"
        "5: ldaxr w4, [x3]\n  cmp w4, w1\n  b.ne 2f\n"
        "  stlxr w5, w2, [x3]\n  cbnz w5, 5b\n"
        "1: ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n"
        "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n  ldp d8, d9, [sp, #96]\n"
        "  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "  ldp x29, x30, [sp], #160\n  ret\n"
        // Too late. The stack is another thread's.
        "2: clrex\n  ldr w9, [x19, #76]\n  cbz w9, 3f\n"
        "  tbnz x0, #63, 3f\n"
        "  mov x8, #57\n  svc #0\n"
        "3: ldr w20, [x19, #72]\n"
        "  add x9, x19, #68\n  stlr wzr, [x9]\n"
        "4: mov x0, #0\n  mov x1, #0\n  mov x2, #0\n  mov x3, #0\n  mov x4, #0\n"
        "  mov x8, #93\n  mov x9, #73\n  cmp w20, #0\n  csel x8, x9, x8, ne\n"
        "  svc #0\n  b 4b\n"
        ".hidden nonet_go_on_in\n.globl nonet_go_on_in\n.type nonet_go_on_in,%function\n"
        "nonet_go_on_in:\n"
        "  ldr x9, [x0]\n  mov sp, x9\n  mov x0, #-110\n  b 1b\n");
static void *thread_pointer(void) { return __builtin_thread_pointer(); }
#else
#error "nonet_call_in is written for x86_64 and aarch64"
#endif

// A system call that leaves errno alone, which the watcher shares with the program.
static long raw(long number, long a, long b, long c, long d) {
#if defined __x86_64__
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#endif
}

static uint32_t turn(void) { return __atomic_load_n(&nonet_call_turn, __ATOMIC_SEQ_CST); }

static int watch(void *unused) {
  (void)unused;
  for (;;) {
    __atomic_store_n(&is_asleep, 1, __ATOMIC_SEQ_CST);
    if (turn() % 2 == 0) raw(SYS_futex, (long)&is_asleep, FUTEX_WAIT_PRIVATE, 1, 0);
    __atomic_store_n(&is_asleep, 0, __ATOMIC_SEQ_CST);
    // Calls that come one after the other find the watcher awake, which costs them nothing.
    uint32_t before = turn();
    for (int ticks = 0; before % 2;) {
      struct timespec tick = {.tv_nsec = TICK};
      raw(SYS_nanosleep, (long)&tick, 0, 0, 0);
      uint32_t now = turn();
      ticks = now == before ? ticks + 1 : 0;
      before = now;
      if (ticks < TICKS) continue;
      struct place *place = calling;
      if (__atomic_compare_exchange_n(&nonet_call_turn, &now, now + 1, 0, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST))
        nonet_go_on_in(place);
    }
  }
}

int nonet_keep_watch(void) {
  if (is_watched) return 0;
  int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
              CLONE_SETTLS;
  is_watched = clone(watch, watcher_stack + sizeof watcher_stack, flags, NULL, NULL,
                     thread_pointer(), NULL) > 0;
  was_watched |= is_watched;
  return is_watched ? 0 : -1;
}

// A place for the next call; NULL with EAGAIN where it would have no watcher or no place.
static struct place *next_place(long number, int makes_descriptor) {
  errno = EAGAIN;
  if (!is_watched) return NULL;
  for (int i = 0; i < MOST_LEFT; i++) {
    struct place *place = &places[i];
    if (__atomic_load_n(&place->is_taken, __ATOMIC_ACQUIRE)) continue;
    place->number = number;
    place->makes_descriptor = (uint32_t)makes_descriptor;
    return place;
  }
  return NULL;
}

static long call(struct place *place, long a, long b, long c, long d, long e) {
  long arguments[] = {a, b, c, d, e, 0};
  memcpy(place->arguments, arguments, sizeof arguments);
  place->turn = nonet_call_turn + 1;
  place->is_taken = 1;
  place->is_first_thread = !has_left_first_thread;
  calling = place;
  __atomic_store_n(&nonet_call_turn, place->turn, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&is_asleep, __ATOMIC_SEQ_CST)) {
    __atomic_store_n(&is_asleep, 0, __ATOMIC_SEQ_CST);
    raw(SYS_futex, (long)&is_asleep, FUTEX_WAKE_PRIVATE, 1, 0);
  }
  long result = nonet_call_in(place);
  if (result == -ETIMEDOUT) {
    // This is the watcher now; the place is taken until the other one comes back.
    has_left_first_thread = 1;
    is_watched = 0;
  } else {
    __atomic_store_n(&place->is_taken, 0, __ATOMIC_RELEASE);
  }
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

int nonet_read_memory_bounded(pid_t thread, uint64_t address, void *bytes, size_t count) {
  errno = EINVAL;
  if (count > MOST_BYTES || nonet_keep_watch()) return -1;
  struct place *place = next_place(SYS_process_vm_readv, 0);
  if (!place) return -1;
  place->here = (struct iovec){.iov_base = place->bytes, .iov_len = count};
  place->there = (struct iovec){.iov_base = (void *)(uintptr_t)address, .iov_len = count};
  long result = call(place, thread, (long)&place->here, 1, (long)&place->there, 1);
  if (result < 0) return -1;
  errno = EFAULT;
  if (result != (long)count) return -1;
  memcpy(bytes, place->bytes, count);
  return 0;
}

int nonet_open_bounded(int folder, const char *path, const struct open_how *how) {
  // Before there is a command, nobody makes this process wait but whoever started it.
  if (!was_watched) return (int)syscall(SYS_openat2, folder, path, how, sizeof *how);
  size_t size = strlen(path) + 1;
  errno = ENAMETOOLONG;
  struct place *place = size > MOST_BYTES ? NULL : next_place(SYS_openat2, 1);
  if (!place) return -1;
  memcpy(place->bytes, path, size);
  place->how = *how;
  return (int)call(place, folder, (long)place->bytes, (long)&place->how, sizeof *how, 0);
}

int nonet_connect_bounded(int socket, const void *address, socklen_t size) {
  if (!was_watched) return connect(socket, address, size);
  struct place *place = next_place(SYS_connect, 0);
  if (!place) return -1;
  memcpy(place->bytes, address, size);
  return (int)call(place, socket, (long)place->bytes, (long)size, 0, 0);
}
