#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <pthread.h>
#include <sys/syscall.h>

// One thread at a time works; the others wait in the kernel. So nothing that Swift keeps is shared.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void nonet_take_turn(void) { pthread_mutex_lock(&turn); }
void nonet_give_turn(void) { pthread_mutex_unlock(&turn); }

static pid_t thread_id;

pid_t nonet_receiver(void) { return __atomic_load_n(&thread_id, __ATOMIC_ACQUIRE); }

struct receiver {
  int listener;
  struct nonet_slot *slot;
  nonet_handler *handler;
  void *context;
};

int nonet_is_abandoned(int listener) {
  struct pollfd request = {.fd = listener};
  return poll(&request, 1, 0) == 1 && request.revents & (POLLHUP | POLLNVAL);
}

static void *receive(void *argument) {
  struct receiver receiver = *(struct receiver *)argument;
  free(argument);
  __atomic_store_n(&thread_id, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
  for (;;) {
    struct nonet_notification notification;
    int error = nonet_receive(receiver.listener, receiver.slot, &notification) ? errno : 0;
    if (error == EINTR) continue;
    // ENOENT: the caller is gone, or, from Linux 6.11 on, everybody is.
    if (error == ENOENT) {
      if (nonet_is_abandoned(receiver.listener)) return NULL;
      continue;
    }
    nonet_take_turn();
    int goes_on = receiver.handler(receiver.context, &notification, error);
    nonet_give_turn();
    if (!goes_on) return NULL;
  }
}

int nonet_start_receiver(int listener, struct nonet_slot *slot, nonet_handler *handler,
                         void *context) {
  struct receiver *receiver = malloc(sizeof *receiver);
  if (!receiver) return errno = ENOMEM, -1;
  *receiver = (struct receiver){listener, slot, handler, context};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, receive, receiver);
  pthread_attr_destroy(&attributes);
  if (!error) return 0;
  free(receiver);
  errno = error;
  return -1;
}
