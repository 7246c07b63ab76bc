// Short texts with numbers in them: printf(3) and scanf(3) are a fiftieth of the whole binary.
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

// Appends a text, which has room there; returns its end.
static inline char *nonet_append(char *to, const char *text) {
  while ((*to = *text++)) to++;
  return to;
}

// The same of a number in decimal: at most 20 digits.
static inline char *nonet_append_number(char *to, unsigned long number) {
  char digits[20];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count) *to++ = digits[--count];
  *to = 0;
  return to;
}

// Reads a number behind blanks; NULL where there is none.
static inline const char *nonet_read_number(const char *text, unsigned *number) {
  while (*text == ' ' || *text == '\t') text++;
  if (*text < '0' || *text > '9') return NULL;
  for (*number = 0; *text >= '0' && *text <= '9'; text++)
    *number = *number * 10 + (unsigned)(*text - '0');
  return text;
}

#endif
