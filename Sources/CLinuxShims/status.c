#define _GNU_SOURCE
#include "CLinuxShims.h"

// What /proc/PID/status tells (proc_pid_status(5)): a line for each fact, a name with a colon and words behind it.

// Skips blanks and reads a number that is a word: what is behind it; NULL where there is none.
static const char *read_word(const char *text, const char *end, unsigned base, uint64_t *number) {
  while (text < end && (*text == ' ' || *text == '\t')) text++;
  const char *begin = text;
  for (*number = 0; text < end; text++) {
    unsigned digit = *text >= 'a' ? (unsigned)(*text - 'a') + 10 : (unsigned)(*text - '0');
    if (digit >= base) break;
    *number = *number * base + digit;
  }
  int is_word = text > begin && (text == end || *text == ' ' || *text == '\t');
  return is_word ? text : NULL;
}

// Reads so many numbers: whether they are there.
static int read_words(const char *text, const char *end, unsigned base, uint64_t *numbers, int count) {
  for (int i = 0; i < count && text; i++) text = read_word(text, end, base, &numbers[i]);
  return text != NULL;
}

static int read_groups(const char *text, const char *end, struct nonet_status *found, uint32_t *groups, int most) {
  for (;; found->group_count++) {
    while (text < end && (*text == ' ' || *text == '\t')) text++;
    uint64_t number;
    if (text == end) return 1;
    if (!(text = read_word(text, end, 10, &number))) return 0;
    if (found->group_count < most) groups[found->group_count] = (uint32_t)number;
  }
}

int nonet_parse_status(const char *text, size_t size, struct nonet_status *found, uint32_t *groups, int most) {
  enum { PROCESS = 1, USERS = 2, GROUPS = 4, MORE_GROUPS = 8, RIGHTS = 16, ALL = 31 };
  const char *end = text + size;
  uint64_t numbers[4], waiting = 0, blocked = 0, caught = 0;
  int known = 0;
  *found = (struct nonet_status){0};
  for (const char *next; text < end; text = next) {
    const char *line_end = memchr(text, '\n', (size_t)(end - text));
    if (!line_end) line_end = end;
    next = line_end + (line_end < end);
    const char *words = memchr(text, ':', (size_t)(line_end - text));
    if (!words) continue;
    size_t length = (size_t)(words++ - text);
// Whether the line is that of a name.
#define IS(name) (length == sizeof name - 1 && !memcmp(text, name, sizeof name - 1))
#define READ(base, count) read_words(words, line_end, base, numbers, count)
    if (IS("Pid")) {
      if (READ(10, 1)) found->thread = (pid_t)numbers[0];
    } else if (IS("Tgid")) {
      if (!READ(10, 1)) continue;
      found->process = (pid_t)numbers[0];
      known |= PROCESS;
    } else if (IS("TracerPid")) {
      found->is_traced = !READ(10, 1) || numbers[0];
    } else if (IS("Uid")) {
      if (!READ(10, 4)) continue;
      found->user = (uint32_t)numbers[1];
      found->file_user = (uint32_t)numbers[3];
      known |= USERS;
    } else if (IS("Gid")) {
      if (!READ(10, 4)) continue;
      found->group = (uint32_t)numbers[1];
      found->file_group = (uint32_t)numbers[3];
      known |= GROUPS;
    } else if (IS("Groups")) {
      found->group_count = 0;
      if (read_groups(words, line_end, found, groups, most)) known |= MORE_GROUPS;
    } else if (IS("SigPnd") || IS("ShdPnd")) {
      if (READ(16, 1)) waiting |= numbers[0];
    } else if (IS("SigBlk")) {
      blocked = READ(16, 1) ? numbers[0] : ~0ULL;
    } else if (IS("SigCgt")) {
      caught = READ(16, 1) ? numbers[0] : 0;
    } else if (IS("CapEff")) {
      if (!READ(16, 1)) continue;
      found->capabilities = numbers[0];
      known |= RIGHTS;
    } else if (IS("Seccomp_filters")) {
      found->filters = READ(10, 1) ? numbers[0] : 0;
    }
#undef READ
#undef IS
  }
  found->has_signal = (waiting & ~blocked & caught) != 0;
  return known == ALL ? 0 : (errno = ENODATA, -1);
}

int nonet_status_of(pid_t thread, struct nonet_status *found, uint32_t *groups, int most) {
  // The kernel writes it in one go. Hundreds of groups make it longer than is usual; one that is longer than this is
  // not served.
  char text[16 << 10];
  ssize_t count = nonet_read_status(thread, text, sizeof text);
  if (count < 0) return -1;
  if (count == sizeof text) return errno = E2BIG, -1;
  if (nonet_parse_status(text, (size_t)count, found, groups, most)) return -1;
  return !thread || found->thread == thread ? 0 : (errno = ESRCH, -1);
}
