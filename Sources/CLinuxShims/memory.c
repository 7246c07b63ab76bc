#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>

// Reading memory of another process can take for ever: the page may be one that a server of the
// reader's victim has to bring (userfaultfd(2), FUSE), and the kernel waits for it in the middle of
// process_vm_readv(2), where at most SIGKILL is heard.
//
// So a second kernel thread watches. Where a read takes too long, it leaves the first one behind in
// the kernel and goes on in its place: on its stack, with its registers as they were before the call
// and with its thread-local storage, so that the program has one thread as before and does not notice.
// A read that comes to its end after all finds that it is too late, and its thread touches nothing
// but its own place here.

// So many threads are left behind at most; as long as all are, nothing is read.
enum { MOST_LEFT = 4, MOST_BYTES = 4096, TICK = 100 * 1000 * 1000, TICKS = 2 };

// One read. Offsets are known to the assembly below.
static struct place {
  void *stack;
  struct iovec *here, *there;
  long thread;
  uint32_t turn, is_taken, is_first_thread, unused;
  struct iovec here_vector, there_vector;
  uint8_t bytes[MOST_BYTES]; // not the caller's: the kernel may write to it after the caller has gone on
} places[MOST_LEFT];

_Static_assert(offsetof(struct place, stack) == 0 && offsetof(struct place, here) == 8 &&
                   offsetof(struct place, there) == 16 && offsetof(struct place, thread) == 24 &&
                   offsetof(struct place, turn) == 32 && offsetof(struct place, is_taken) == 36 &&
                   offsetof(struct place, is_first_thread) == 40,
               "the assembly below");

// Odd while a read runs. Whoever makes it even goes on: the reader at the end of its call, or the
// watcher.
__attribute__((visibility("hidden"))) uint32_t nonet_read_turn;

static struct place *reading;
static uint32_t is_asleep; // the watcher
static int is_watched, has_left_first_thread;
static uint8_t watcher_stack[16384] __attribute__((aligned(16)));

// Makes the call of a place. Answers as the kernel does, or ETIMEDOUT on another thread.
long nonet_read_in(struct place *place);
// Goes on, on the calling thread, where nonet_read_in of that place was called.
void nonet_go_on_in(struct place *place) __attribute__((noreturn));

// A first thread that is left behind does not end: the command would get the signal that it asked for
// at its parent's end (PR_SET_PDEATHSIG), which is sent at that of a thread.
#if defined __x86_64__
_Static_assert(SYS_process_vm_readv == 310 && SYS_exit == 60 && SYS_pause == 34, "below");
__asm__(".text\n.p2align 4\n"
        ".hidden nonet_read_in\n.globl nonet_read_in\n.type nonet_read_in,@function\n"
        "nonet_read_in:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rdi, %rbx\n"
        "  mov 24(%rbx), %rdi\n  mov 8(%rbx), %rsi\n  mov $1, %edx\n"
        "  mov 16(%rbx), %r10\n  mov $1, %r8d\n  xor %r9d, %r9d\n"
        "  mov $310, %eax\n  syscall\n"
        "  mov %rax, %r12\n"
        "  mov 32(%rbx), %eax\n  lea 1(%rax), %ecx\n"
        "  lock cmpxchg %ecx, nonet_read_turn(%rip)\n"
        "  jne 2f\n"
        "  mov %r12, %rax\n"
        "1: pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n  ret\n"
        // Too late. The stack is another thread's.
        "2: mov 40(%rbx), %ebp\n"
        "  movl $0, 36(%rbx)\n"
        "3: mov $60, %eax\n  mov $34, %ecx\n  xor %edi, %edi\n"
        "  test %ebp, %ebp\n  cmovne %ecx, %eax\n"
        "  syscall\n  jmp 3b\n"
        ".hidden nonet_go_on_in\n.globl nonet_go_on_in\n.type nonet_go_on_in,@function\n"
        "nonet_go_on_in:\n"
        "  mov (%rdi), %rsp\n  mov $-110, %rax\n  jmp 1b\n");
static void *thread_pointer(void) {
  void *pointer;
  __asm__("mov %%fs:0, %0" : "=r"(pointer));
  return pointer;
}
#elif defined __aarch64__
_Static_assert(SYS_process_vm_readv == 270 && SYS_exit == 93 && SYS_ppoll == 73, "below");
__asm__(".text\n.p2align 4\n"
        ".hidden nonet_read_in\n.globl nonet_read_in\n.type nonet_read_in,%function\n"
        "nonet_read_in:\n"
        "  stp x29, x30, [sp, #-160]!\n"
        "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n"
        "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n  stp d8, d9, [sp, #96]\n"
        "  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n  str x9, [x0]\n"
        "  mov x19, x0\n"
        "  ldr x0, [x19, #24]\n  ldr x1, [x19, #8]\n  mov x2, #1\n"
        "  ldr x3, [x19, #16]\n  mov x4, #1\n  mov x5, #0\n"
        "  mov x8, #270\n  svc #0\n"
        "  ldr w1, [x19, #32]\n  add w2, w1, #1\n"
        "  adrp x3, nonet_read_turn\n  add x3, x3, :lo12:nonet_read_turn\n"
        "4: ldaxr w4, [x3]\n  cmp w4, w1\n  b.ne 2f\n"
        "  stlxr w5, w2, [x3]\n  cbnz w5, 4b\n"
        "1: ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n"
        "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n  ldp d8, d9, [sp, #96]\n"
        "  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "  ldp x29, x30, [sp], #160\n  ret\n"
        // Too late. The stack is another thread's.
        "2: clrex\n  ldr w20, [x19, #40]\n"
        "  add x9, x19, #36\n  stlr wzr, [x9]\n"
        "3: mov x0, #0\n  mov x1, #0\n  mov x2, #0\n  mov x3, #0\n  mov x4, #0\n"
        "  mov x8, #93\n  mov x9, #73\n  cmp w20, #0\n  csel x8, x9, x8, ne\n"
        "  svc #0\n  b 3b\n"
        ".hidden nonet_go_on_in\n.globl nonet_go_on_in\n.type nonet_go_on_in,%function\n"
        "nonet_go_on_in:\n"
        "  ldr x9, [x0]\n  mov sp, x9\n  mov x0, #-110\n  b 1b\n");
static void *thread_pointer(void) { return __builtin_thread_pointer(); }
#else
#error "nonet_read_in is written for x86_64 and aarch64"
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

static uint32_t turn(void) { return __atomic_load_n(&nonet_read_turn, __ATOMIC_SEQ_CST); }

static int watch(void *unused) {
  (void)unused;
  for (;;) {
    __atomic_store_n(&is_asleep, 1, __ATOMIC_SEQ_CST);
    if (turn() % 2 == 0) raw(SYS_futex, (long)&is_asleep, FUTEX_WAIT_PRIVATE, 1, 0);
    __atomic_store_n(&is_asleep, 0, __ATOMIC_SEQ_CST);
    // Reads that come one after the other find the watcher awake, which costs them nothing.
    uint32_t before = turn();
    for (int ticks = 0; before % 2;) {
      struct timespec tick = {.tv_nsec = TICK};
      raw(SYS_nanosleep, (long)&tick, 0, 0, 0);
      uint32_t now = turn();
      ticks = now == before ? ticks + 1 : 0;
      before = now;
      if (ticks < TICKS) continue;
      struct place *place = reading;
      if (__atomic_compare_exchange_n(&nonet_read_turn, &now, now + 1, 0, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST))
        nonet_go_on_in(place);
    }
  }
}

static int start_watching(void) {
  int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
              CLONE_SETTLS;
  is_watched = clone(watch, watcher_stack + sizeof watcher_stack, flags, NULL, NULL,
                     thread_pointer(), NULL) > 0;
  return is_watched ? 0 : -1;
}

static struct place *free_place(void) {
  for (int i = 0; i < MOST_LEFT; i++)
    if (!__atomic_load_n(&places[i].is_taken, __ATOMIC_ACQUIRE)) return &places[i];
  return NULL;
}

int nonet_read_memory_bounded(pid_t thread, uint64_t address, void *bytes, size_t count) {
  struct place *place = free_place();
  errno = count > MOST_BYTES ? EINVAL : EAGAIN;
  if (!place || count > MOST_BYTES || (!is_watched && start_watching())) return -1;
  place->here_vector = (struct iovec){.iov_base = place->bytes, .iov_len = count};
  place->there_vector =
      (struct iovec){.iov_base = (void *)(uintptr_t)address, .iov_len = count};
  place->here = &place->here_vector;
  place->there = &place->there_vector;
  place->thread = thread;
  place->turn = nonet_read_turn + 1;
  place->is_taken = 1;
  place->is_first_thread = !has_left_first_thread;
  reading = place;
  __atomic_store_n(&nonet_read_turn, place->turn, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&is_asleep, __ATOMIC_SEQ_CST)) {
    __atomic_store_n(&is_asleep, 0, __ATOMIC_SEQ_CST);
    raw(SYS_futex, (long)&is_asleep, FUTEX_WAKE_PRIVATE, 1, 0);
  }
  long result = nonet_read_in(place);
  if (result == -ETIMEDOUT) {
    // This is the watcher now; its place is taken until the other one comes back.
    has_left_first_thread = 1;
    is_watched = 0;
    errno = ETIMEDOUT;
    return -1;
  }
  __atomic_store_n(&place->is_taken, 0, __ATOMIC_RELEASE);
  errno = result < 0 ? (int)-result : EFAULT;
  if (result != (long)count) return -1;
  memcpy(bytes, place->bytes, count);
  return 0;
}
