#define _GNU_SOURCE
#include "CLinuxShims.h"

#include <malloc.h>
#include <sys/resource.h>

// malloc(3) for the binary with musl. A command starts with a few small blocks, for which musl's makes and
// unmakes a dozen mappings; here they lie in pages of the program's own, side by side. glibc's cannot be
// exchanged in a static program, and the ordinary build keeps its C library's, as sanitizers need it.
#ifdef NONET_HEAP

// Before each block; 16 bytes, as blocks are aligned to 16.
struct head {
  uint32_t kind;   // the index of its size, or LARGE
  uint32_t state;  // whether somebody has it
  size_t skipped;  // bytes before the head, of a block that is aligned to more; of a free one the next
};
_Static_assert(sizeof(struct head) == 16, "blocks are aligned to 16");

// Sizes of small blocks, heads and all: sixteenths up to 512, then four for each doubling up to 64 KiB.
// Larger ones are mappings of their own.
enum {
  EVEN = 32,
  DOUBLINGS = 7,
  KINDS = EVEN + 4 * DOUBLINGS,
  LARGE = KINDS,
  LARGEST = 512 << DOUBLINGS,
  PIECE = 256 << 10,
  USED = 0x75736564,
  FREE = 0x66726565
};

// All that a start writes to lies in one page, with what the C library has there (Sources/start-order.txt).
static struct {
  char *next, *end; // what is left of the last piece
  struct head *free[KINDS];
  char lock;
} nonet_heap;

// The first piece. Untouched pages of it cost nothing.
static _Alignas(16) char nonet_heap_first[64 << 10];

// Threads take turns (receive.c), so nobody waits here but for who makes a thread.
static void take(char *lock) {
  while (__atomic_test_and_set(lock, __ATOMIC_ACQUIRE)) sched_yield();
}
static void give(char *lock) { __atomic_clear(lock, __ATOMIC_RELEASE); }

static size_t size_of(unsigned kind) {
  if (kind < EVEN) return 16 * (kind + 1);
  unsigned doubling = (kind - EVEN) / 4, quarter = (kind - EVEN) % 4 + 1;
  return ((size_t)512 << doubling) + quarter * ((size_t)128 << doubling);
}

static unsigned kind_for(size_t size) {
  if (size <= 512) return (unsigned)((size + 15) / 16 - 1);
  unsigned doubling = 0;
  while (size > (size_t)1024 << doubling) doubling++;
  return EVEN + 4 * doubling + (unsigned)((size - ((size_t)512 << doubling) - 1) / ((size_t)128 << doubling));
}

static void *new_mapping(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

// What was mapped beforehand, for when nothing can be mapped any more: whole pages, of which those that were
// given back are listed.
struct spare {
  size_t size;
  struct spare *next;
};
static struct {
  char *start, *next, *end;
  struct spare *returned;
  char lock;
} reserve;

static void *from_reserve(size_t size) {
  void *found = NULL;
  take(&reserve.lock);
  struct spare **place = &reserve.returned;
  while (*place && (*place)->size < size) place = &(*place)->next;
  if (*place) {
    found = *place;
    *place = (*place)->next;
  } else if ((size_t)(reserve.end - reserve.next) >= size) {
    found = reserve.next;
    reserve.next += size;
  }
  give(&reserve.lock);
  return found;
}

static void *map(size_t size) {
  void *memory = new_mapping(size);
  return memory ? memory : from_reserve(size);
}

static void unmap(void *memory, size_t size) {
  if ((char *)memory < reserve.start || (char *)memory >= reserve.end) {
    munmap(memory, size);
    return;
  }
  struct spare *spare = memory;
  take(&reserve.lock);
  *spare = (struct spare){size, reserve.returned};
  reserve.returned = spare;
  give(&reserve.lock);
}

static struct head *small(unsigned kind) {
  struct head *head = nonet_heap.free[kind];
  if (head) {
    if (head->state != FREE || head->kind != kind) __builtin_trap();
    nonet_heap.free[kind] = (struct head *)head->skipped;
    return head;
  }
  size_t size = size_of(kind);
  if ((size_t)(nonet_heap.end - nonet_heap.next) < size) {
    int is_first = !nonet_heap.next;
    char *piece = is_first ? nonet_heap_first : map(PIECE);
    if (!piece) return NULL;
    nonet_heap.next = piece;
    nonet_heap.end = piece + (is_first ? sizeof nonet_heap_first : PIECE);
    // A block may be larger than what is left of it, and larger than the first piece.
    return small(kind);
  }
  head = (struct head *)nonet_heap.next;
  nonet_heap.next += size;
  head->kind = kind;
  return head;
}

// A large block is a mapping of whole pages; what is before its head tells how many bytes.
static struct head *large(size_t size) {
  size_t whole = (size + sizeof(struct head) + 4095) & ~(size_t)4095;
  size_t *mapping = map(whole);
  if (!mapping) return NULL;
  *mapping = whole;
  struct head *head = (struct head *)mapping + 1;
  head->kind = LARGE;
  return head;
}

static struct head *block(size_t count) {
  if (count > PTRDIFF_MAX - (1 << 20)) return NULL;
  size_t size = count + sizeof(struct head);
  struct head *head;
  if (size > LARGEST) {
    head = large(size);
  } else {
    take(&nonet_heap.lock);
    head = small(kind_for(size));
    give(&nonet_heap.lock);
  }
  if (!head) return NULL;
  head->state = USED;
  head->skipped = 0;
  return head;
}

static size_t room(const struct head *head) {
  size_t size = head->kind == LARGE ? *(size_t *)(head - 1) - sizeof *head : size_of(head->kind);
  return size - sizeof *head;
}

// The head of a block, and where its bytes are aligned to more than 16, of the whole that it lies in.
static struct head *head_of(void *bytes) {
  struct head *head = (struct head *)bytes - 1;
  if (head->state != USED) __builtin_trap(); // freed already, or never ours
  return head->skipped ? head_of((char *)bytes - head->skipped) : head;
}

void *malloc(size_t count) {
  struct head *head = block(count);
  return head ? head + 1 : (errno = ENOMEM, NULL);
}

void free(void *bytes) {
  if (!bytes) return;
  struct head *head = head_of(bytes);
  if (head->kind == LARGE) {
    int error = errno;
    unmap(head - 1, *(size_t *)(head - 1));
    errno = error;
    return;
  }
  if (head->kind > LARGE) __builtin_trap();
  take(&nonet_heap.lock);
  head->state = FREE;
  head->skipped = (size_t)nonet_heap.free[head->kind];
  nonet_heap.free[head->kind] = head;
  give(&nonet_heap.lock);
}

void *calloc(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return errno = ENOMEM, NULL;
  void *bytes = malloc(total);
  return bytes ? memset(bytes, 0, total) : NULL;
}

void *realloc(void *bytes, size_t count) {
  if (!bytes) return malloc(count);
  struct head *head = head_of(bytes);
  size_t has = room(head) - (size_t)((char *)bytes - (char *)(head + 1));
  if (count <= has) return bytes;
  void *moved = malloc(count);
  if (!moved) return NULL;
  memcpy(moved, bytes, has);
  free(bytes);
  return moved;
}

int posix_memalign(void **bytes, size_t alignment, size_t count) {
  if (alignment & (alignment - 1)) return EINVAL;
  struct head *head = alignment <= 16 ? block(count) : block(count + alignment + sizeof *head);
  if (!head) return ENOMEM;
  char *start = (char *)(head + 1);
  if (alignment > 16) {
    // Room for a head of its own, which leads back to the whole.
    char *aligned = (char *)(((uintptr_t)start + sizeof *head + alignment - 1) & ~(alignment - 1));
    struct head *inner = (struct head *)aligned - 1;
    *inner = (struct head){.kind = LARGE, .state = USED, .skipped = (size_t)(aligned - start)};
    start = aligned;
  }
  *bytes = start;
  return 0;
}

void *aligned_alloc(size_t alignment, size_t count) {
  void *bytes = NULL;
  int error = posix_memalign(&bytes, alignment, count);
  return error ? (errno = error, NULL) : bytes;
}
#endif

void *nonet_reserved_memory(size_t size) {
#ifdef NONET_HEAP
  return from_reserve(size);
#else
  (void)size;
  return NULL;
#endif
}

// The stack has its addresses from here on: to grow is to map.
static void grow_stack(void) {
  volatile char room[128 << 10];
  room[0] = 0;
}

int nonet_reserve_memory(size_t count) {
  grow_stack();
#ifdef NONET_HEAP
  // Limits may be lowered at any time by whoever has the same user (prlimit(2)): what is mapped stays.
  // Some is left to stacks and to what processes share.
  enum { OTHERS = 2 << 20 };
  char *room = new_mapping(count);
  if (!room || munmap(room + count - OTHERS, OTHERS)) return -1;
  reserve.start = reserve.next = room;
  reserve.end = room + count - OTHERS;
  return 0;
#else
#ifdef M_ARENA_MAX
  // One heap for both threads: a second one would take 64 MiB of addresses.
  mallopt(M_ARENA_MAX, 1);
#endif
  struct rlimit addresses, data;
  if (getrlimit(RLIMIT_AS, &addresses) || getrlimit(RLIMIT_DATA, &data)) return -1;
  if (addresses.rlim_cur == RLIM_INFINITY && data.rlim_cur == RLIM_INFINITY) return 0;
#ifdef M_ARENA_MAX
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  void *volatile room = malloc(count); // or the compiler leaves both calls out
  if (!room) return -1;
  free(room); // it stays this process's
  return 0;
#endif
}
