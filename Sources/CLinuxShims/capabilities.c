#include "CLinuxShims.h"

#include <linux/capability.h>
#include <sys/syscall.h>

// capget(2) and capset(2), which the C library does not wrap: 64 bits in two halves.
static int get(struct __user_cap_data_struct data[2]) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  return (int)syscall(SYS_capget, &header, data);
}

int nonet_permitted_capabilities(uint64_t *permitted) {
  struct __user_cap_data_struct data[2];
  if (get(data)) return -1;
  *permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
  return 0;
}

int nonet_drop_capabilities(uint64_t dropped) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (get(data)) return -1;
  for (int half = 0; half < 2; half++) {
    uint32_t kept = ~(uint32_t)(dropped >> (32 * half));
    data[half].permitted &= kept;
    data[half].effective &= kept;
    data[half].inheritable &= kept;
  }
  // What is in neither of two sets leaves the ambient one too (cap_capset in security/commoncap.c).
  return (int)syscall(SYS_capset, &header, data);
}
