#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

// One thread at a time works; the others wait in the kernel. So nothing that Swift keeps is shared.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void nonet_take_turn(void) { pthread_mutex_lock(&turn); }
void nonet_give_turn(void) { pthread_mutex_unlock(&turn); }

int nonet_is_abandoned(int listener) {
  struct pollfd request = {.fd = listener};
  return poll(&request, 1, 0) == 1 && request.revents & (POLLHUP | POLLNVAL);
}

// Receivers --------------------------------------------------------------------------------------

enum state { IDLE, READING, LEFT_BEHIND };

struct receiver {
  int listener;
  struct nonet_slot *slot;
  nonet_handler *handler;
  void *context;
  pid_t thread;
  int state;      // enum state
  unsigned reads; // how many it has begun
};

static struct receiver receivers[NONET_MOST_RECEIVERS];
static int receiver_count;
static __thread struct receiver *own; // of the calling thread, where it is a receiver

// How many are left behind and still in the kernel.
static int left_behind;

// What the thread that does not receive waits for: somebody begins to read while nobody watches.
static int bell = -1, is_unwatched = 1;

pid_t nonet_receiver(void) {
  if (!receiver_count) return 0;
  return __atomic_load_n(&receivers[receiver_count - 1].thread, __ATOMIC_ACQUIRE);
}

static void *receive(void *argument) {
  own = argument;
  __atomic_store_n(&own->thread, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
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

int nonet_start_receiver(int listener, struct nonet_slot *slots, nonet_handler *handler,
                         void *context) {
  if (receiver_count == NONET_MOST_RECEIVERS) return errno = EAGAIN, -1;
  if (bell < 0) bell = nonet_above_standard(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (bell < 0) return -1;
  struct receiver *receiver = &receivers[receiver_count];
  *receiver = (struct receiver){
      .listener = listener, .slot = slots + receiver_count, .handler = handler, .context = context};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, receive, receiver);
  pthread_attr_destroy(&attributes);
  if (error) return errno = error, -1;
  receiver_count++;
  return 0;
}

void nonet_forget_receivers(void) {
  if (bell >= 0) close(bell);
  bell = -1;
  receiver_count = left_behind = 0;
  is_unwatched = 1;
}

// Reading ----------------------------------------------------------------------------------------

// The memory may be of a page that never comes, because its process has to bring it (userfaultfd(2),
// FUSE) and does not. The kernel waits for it in the middle of the call, where at most SIGKILL is
// heard. So it is read out of turn, and who waits too long is left behind.
int nonet_read_memory(pid_t thread, uint64_t address, void *bytes, size_t count) {
  struct receiver *receiver = own;
  if (!receiver || __atomic_load_n(&left_behind, __ATOMIC_ACQUIRE) >= NONET_MOST_RECEIVERS - 1)
    return -1;
  receiver->reads++;
  __atomic_store_n(&receiver->state, READING, __ATOMIC_SEQ_CST);
  if (__atomic_exchange_n(&is_unwatched, 0, __ATOMIC_SEQ_CST))
    (void)!write(bell, &(uint64_t){1}, sizeof(uint64_t));
  nonet_give_turn();
  struct iovec here = {.iov_base = bytes, .iov_len = count};
  struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = count};
  ssize_t result = process_vm_readv(thread, &here, 1, &there, 1, 0);
  int state = READING;
  if (!__atomic_compare_exchange_n(&receiver->state, &state, IDLE, 0, __ATOMIC_SEQ_CST,
                                   __ATOMIC_SEQ_CST)) {
    // Somebody else has answered the call. Nothing on this thread's stack is ever looked at again.
    __atomic_sub_fetch(&left_behind, 1, __ATOMIC_ACQ_REL);
    for (;;) syscall(SYS_exit, 0);
  }
  nonet_take_turn();
  return result == (ssize_t)count ? 0 : -1;
}

int nonet_bell(void) { return bell; }

int nonet_watch_reads(int *sleeps) {
  static unsigned seen;
  uint64_t rings;
  while (read(bell, &rings, sizeof rings) > 0) continue;
  if (!receiver_count) return *sleeps = 1, 0;
  struct receiver *receiver = &receivers[receiver_count - 1];
  int state = __atomic_load_n(&receiver->state, __ATOMIC_SEQ_CST);
  int is_same = receiver->reads == seen;
  seen = receiver->reads;
  *sleeps = is_same && state == IDLE;
  if (*sleeps) {
    __atomic_store_n(&is_unwatched, 1, __ATOMIC_SEQ_CST);
    // It may have begun in this moment.
    *sleeps = __atomic_load_n(&receiver->state, __ATOMIC_SEQ_CST) == IDLE;
  }
  if (!is_same || state != READING) return 0;
  if (!__atomic_compare_exchange_n(&receiver->state, &state, LEFT_BEHIND, 0, __ATOMIC_SEQ_CST,
                                   __ATOMIC_SEQ_CST))
    return 0;
  __atomic_add_fetch(&left_behind, 1, __ATOMIC_ACQ_REL);
  return 1;
}

struct nonet_slot *nonet_receiver_slot(void) {
  return receiver_count ? receivers[receiver_count - 1].slot : NULL;
}
