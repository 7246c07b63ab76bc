#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

// One thread at a time works; the others wait in the kernel. So nothing that Swift keeps is shared.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static int in_line; // how many wait for their turn

void nonet_take_turn(void) {
  __atomic_add_fetch(&in_line, 1, __ATOMIC_RELAXED);
  pthread_mutex_lock(&turn);
  __atomic_sub_fetch(&in_line, 1, __ATOMIC_RELAXED);
}

void nonet_give_turn(void) { pthread_mutex_unlock(&turn); }

void nonet_give_turn_on(void) {
  nonet_give_turn();
  // Who takes it back at once would be faster than who has to wake up first.
  if (__atomic_load_n(&in_line, __ATOMIC_RELAXED)) nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static int poll_now(int descriptor, short events) {
  struct pollfd request = {.fd = descriptor, .events = events};
  return nonet_wait(&request, 1, 0) == 1 ? request.revents : 0;
}

int nonet_is_abandoned(int listener) { return !!(poll_now(listener, 0) & (POLLHUP | POLLNVAL)); }

int nonet_has_calls(int listener) { return !!(poll_now(listener, POLLIN) & POLLIN); }

// Workers ----------------------------------------------------------------------------------------

enum state { IDLE, OUT_OF_TURN, LEFT_BEHIND };

// A thread that touches the command's memory and files, where the kernel may wait for ever.
struct worker {
  int listener;
  struct nonet_slot *slot;
  nonet_handler *handler;
  nonet_retrier *retrier;
  void *context;
  int is_alive, state;  // enum state
  unsigned steps, seen; // how often it stepped out of its turn, now and at the last look
};

// The last one of each kind is at work; those before it were left behind.
static struct worker receivers[NONET_MOST_WORKERS], retriers[NONET_MOST_WORKERS];
static int receiver_count, retrier_count;
static __thread struct worker *own; // of the calling thread, where it is one

// How many are left behind and still in the kernel.
static int left_behind;

// Whether calls of the command's are answered, by workers if they could be started.
static int is_supervising;

// What the thread waits for that is no worker: one steps out of its turn while nobody watches.
static int bell = -1, is_unwatched = 1;

static struct worker *last(struct worker *kind, int count) { return count ? &kind[count - 1] : NULL; }

struct nonet_slot *nonet_receiver_slot(void) {
  return receiver_count ? receivers[receiver_count - 1].slot : NULL;
}

static void *receive(void *argument) {
  own = argument;
  nonet_block_signals_here();
  for (;;) {
    struct nonet_notification notification;
    int error = nonet_receive(own->listener, own->slot, &notification) ? errno : 0;
    if (error == EINTR) continue;
    // ENOENT: the caller is gone, or, from Linux 6.11 on, everybody is.
    if (error == ENOENT) {
      if (nonet_is_abandoned(own->listener)) return NULL;
      continue;
    }
    nonet_take_turn();
    int goes_on = own->handler(own->context, &notification, error);
    nonet_give_turn();
    if (!goes_on) return NULL;
  }
}

static void *retry(void *argument) {
  own = argument;
  nonet_block_signals_here();
  for (;;) {
    nonet_take_turn();
    int delay = own->retrier(own->context);
    own->is_alive = delay >= 0;
    nonet_give_turn();
    if (delay < 0) return NULL;
    struct timespec time = {.tv_sec = delay / 1000, .tv_nsec = delay % 1000 * 1000 * 1000};
    nanosleep(&time, NULL);
  }
}

static int start(struct worker *worker, void *(*work)(void *)) {
  enum { STACK = 256 << 10 };
  if (bell < 0) {
    // Once: what waits of an ignored signal is dropped.
    nonet_outlive_library_signals();
    bell = nonet_above_standard(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
  if (bell < 0) return -1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  worker->is_alive = 1;
  int error = pthread_create(&thread, &attributes, work, worker);
  // Nothing can be mapped any more: a stack of what was mapped before, or none.
  void *stack = error == EAGAIN ? nonet_reserved_memory(STACK) : NULL;
  if (stack) {
    pthread_attr_setstack(&attributes, stack, STACK);
    error = pthread_create(&thread, &attributes, work, worker);
  }
  nonet_block_signals_here();
  pthread_attr_destroy(&attributes);
  worker->is_alive = !error;
  return error ? (errno = error, -1) : 0;
}

int nonet_start_receiver(int listener, struct nonet_slot *slots, nonet_handler *handler,
                         void *context) {
  is_supervising = 1;
  if (receiver_count == NONET_MOST_WORKERS) return errno = EAGAIN, -1;
  struct worker *worker = &receivers[receiver_count];
  *worker = (struct worker){
      .listener = listener, .slot = slots + receiver_count, .handler = handler, .context = context};
  if (start(worker, receive)) return -1;
  receiver_count++;
  return 0;
}

int nonet_start_retrier(nonet_retrier *retrier, void *context) {
  struct worker *worker = last(retriers, retrier_count);
  if (worker && worker->is_alive && worker->state != LEFT_BEHIND) return 0;
  if (!worker || worker->state == LEFT_BEHIND) {
    if (retrier_count == NONET_MOST_WORKERS) return errno = EAGAIN, -1;
    worker = &retriers[retrier_count++];
  }
  *worker = (struct worker){.retrier = retrier, .context = context};
  return start(worker, retry);
}

void nonet_forget_workers(void) {
  nonet_forget_looks();
  if (bell >= 0) close(bell);
  bell = -1;
  receiver_count = retrier_count = left_behind = is_supervising = 0;
  is_unwatched = 1;
}

// Out of turn ------------------------------------------------------------------------------------

// A page or a file may never come, because its process has to bring it (userfaultfd(2), FUSE) and does
// not. The kernel waits for it in the middle of a call, where at most SIGKILL is heard, and for FUSE not
// even that; and who waits so may hold a lock that others need (of an epoll set, of a socket). So such
// calls are made out of turn, and who waits too long is left behind.
int nonet_step_out(void) {
  // Before there are calls to answer no other process works here, and only files of the user are read.
  if (!is_supervising) return 0;
  // Only a worker can be left behind, and some place must stay for the next one.
  if (!own || __atomic_load_n(&left_behind, __ATOMIC_ACQUIRE) >= NONET_MOST_WORKERS - 1)
    return errno = ETIMEDOUT, -1;
  own->steps++;
  __atomic_store_n(&own->state, OUT_OF_TURN, __ATOMIC_SEQ_CST);
  if (__atomic_exchange_n(&is_unwatched, 0, __ATOMIC_SEQ_CST))
    (void)!write(bell, &(uint64_t){1}, sizeof(uint64_t));
  nonet_give_turn();
  return 0;
}

void nonet_step_in(void) {
  if (!is_supervising) return;
  int error = errno, state = OUT_OF_TURN;
  if (!__atomic_compare_exchange_n(&own->state, &state, IDLE, 0, __ATOMIC_SEQ_CST,
                                   __ATOMIC_SEQ_CST)) {
    // Somebody else has answered the call. Nothing on this thread's stack is ever looked at again.
    __atomic_sub_fetch(&left_behind, 1, __ATOMIC_ACQ_REL);
    for (;;) syscall(SYS_exit, 0);
  }
  nonet_take_turn();
  errno = error;
}

// Looking after workers --------------------------------------------------------------------------

int nonet_bell(void) { return bell; }

static int looks_lost(struct worker *worker, int *sleeps) {
  if (!worker) return 0;
  int state = __atomic_load_n(&worker->state, __ATOMIC_SEQ_CST);
  int is_same = worker->steps == worker->seen;
  worker->seen = worker->steps;
  if (!is_same || state == OUT_OF_TURN) *sleeps = 0;
  return is_same && state == OUT_OF_TURN &&
         __atomic_compare_exchange_n(&worker->state, &state, LEFT_BEHIND, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST);
}

int nonet_look_after_workers(int *sleeps) {
  uint64_t rings;
  while (read(bell, &rings, sizeof rings) > 0) continue;
  *sleeps = 1;
  int lost = (looks_lost(last(receivers, receiver_count), sleeps) ? NONET_LOST_RECEIVER : 0) |
             (looks_lost(last(retriers, retrier_count), sleeps) ? NONET_LOST_RETRIER : 0);
  if (lost & NONET_LOST_RECEIVER) __atomic_add_fetch(&left_behind, 1, __ATOMIC_ACQ_REL);
  if (lost & NONET_LOST_RETRIER) __atomic_add_fetch(&left_behind, 1, __ATOMIC_ACQ_REL);
  if (*sleeps) __atomic_store_n(&is_unwatched, 1, __ATOMIC_SEQ_CST);
  return lost;
}
