#include "CLinuxShims.h"

#include <sys/syscall.h>

// Headers older than the kernel lack the later fields, so the structure and the numbers stand here
// as include/uapi/linux/landlock.h and asm-generic/unistd.h have them.
struct ruleset_attributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net; // from ABI 4
  uint64_t scoped;             // from ABI 6
};

enum { CREATE_RULESET = 444, RESTRICT_SELF = 446, CREATE_RULESET_VERSION = 1 };

int nonet_landlock_abi(void) {
  return (int)syscall(CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
}

int nonet_landlock_create_ruleset(uint64_t handled_net, uint64_t scoped) {
  struct ruleset_attributes attributes = {.handled_access_net = handled_net, .scoped = scoped};
  // An older kernel refuses bytes that it does not know, unless they are zero.
  return (int)syscall(CREATE_RULESET, &attributes, sizeof attributes, 0);
}

int nonet_landlock_restrict_self(int ruleset) {
  return (int)syscall(RESTRICT_SELF, ruleset, 0);
}
