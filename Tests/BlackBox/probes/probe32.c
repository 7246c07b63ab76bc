/* The same question from a 32-bit ELF program: `probe32 LABEL:NR[:ARG]...`, all numbers decimal.
 *
 * No C library (none is installed for this ABI): clang -m32 -nostdlib -static -fuse-ld=lld, or
 * --target=armv7-linux-gnueabihf for the 32-bit ABI of aarch64.
 * Answers `LABEL RESULT ERRNO` like probe.c. The argument `z` is a pointer to zeros.
 */
typedef unsigned int word;

static char zeros[4096];

#if defined(__i386__)
static int call(word nr, const word a[6]) {
  int result;
  __asm__ volatile("push %%ebp\n\t"
                   "push %%ebx\n\t"
                   "mov 0(%2), %%ebx\n\t"
                   "mov 4(%2), %%ecx\n\t"
                   "mov 8(%2), %%edx\n\t"
                   "mov 16(%2), %%edi\n\t"
                   "mov 20(%2), %%ebp\n\t"
                   "mov 12(%2), %%esi\n\t"
                   "int $0x80\n\t"
                   "pop %%ebx\n\t"
                   "pop %%ebp"
                   : "=a"(result)
                   : "0"(nr), "S"(a)
                   : "ecx", "edx", "edi", "memory");
  return result;
}
#elif defined(__arm__)
static int call(word nr, const word a[6]) {
  register word r7 __asm__("r7") = nr;
  register word r0 __asm__("r0") = a[0];
  register word r1 __asm__("r1") = a[1];
  register word r2 __asm__("r2") = a[2];
  register word r3 __asm__("r3") = a[3];
  register word r4 __asm__("r4") = a[4];
  register word r5 __asm__("r5") = a[5];
  __asm__ volatile("svc 0"
                   : "+r"(r0)
                   : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
                   : "memory");
  return (int)r0;
}
#endif

static int call3(word nr, word x, word y, word z) {
  word a[6] = {x, y, z, 0, 0, 0};
  return call(nr, a);
}

static char *number(char *out, int value) {
  char digits[12];
  int n = 0;
  unsigned left = value < 0 ? -(unsigned)value : (unsigned)value;
  if (value < 0) *out++ = '-';
  do digits[n++] = (char)('0' + left % 10);
  while (left /= 10);
  while (n) *out++ = digits[--n];
  return out;
}

static void perform(const char *s) {
  char line[256], *out = line;
  while (*s && *s != ':' && out < line + 64) *out++ = *s++;
  word v[7] = {0};
  for (int i = 0; *s == ':' && i < 7; i++) {
    s++;
    if (*s == 'z') {
      v[i] = (word)zeros;
      s++;
    }
    for (; *s >= '0' && *s <= '9'; s++) v[i] = v[i] * 10 + (word)(*s - '0');
  }
  int got = call(v[0], v + 1);
  int failed = got < 0 && got >= -4095;
  *out++ = ' ';
  out = number(out, failed ? -1 : got);
  *out++ = ' ';
  out = number(out, failed ? -got : 0);
  *out++ = '\n';
  call3(4, 1, (word)line, (word)(out - line));
}

/* At entry the stack holds argc, argv[0], argv[1] ... */
__attribute__((used)) static void start(word *stack) {
  char **argv = (char **)(stack + 1);
  for (word i = 1; i < stack[0]; i++) perform(argv[i]);
  call3(1, 0, 0, 0);
}

__attribute__((naked)) void _start(void) {
#if defined(__i386__)
  __asm__("mov %esp, %eax\n\t"
          "and $-16, %esp\n\t"
          "sub $12, %esp\n\t"
          "push %eax\n\t"
          "call start");
#elif defined(__arm__)
  __asm__("mov r0, sp\n\t"
          "bic r1, r0, #7\n\t"
          "mov sp, r1\n\t"
          "bl start");
#endif
}
