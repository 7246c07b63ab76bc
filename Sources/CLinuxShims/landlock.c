#include "CLinuxShims.h"

#include <sys/syscall.h>

// Headers older than the kernel lack the later fields, so the structure and the numbers stand here
// as include/uapi/linux/landlock.h and asm-generic/unistd.h have them.
struct ruleset_attributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net; // from ABI 4
  uint64_t scoped;             // from ABI 6
};

struct path_beneath {
  uint64_t allowed_access;
  int32_t parent_fd;
} __attribute__((packed));

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, CREATE_RULESET_VERSION = 1, PATH_BENEATH = 1 };

int nonet_landlock_abi(void) {
  return (int)syscall(CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
}

int nonet_landlock_create_ruleset(uint64_t handled_files, uint64_t handled_net, uint64_t scoped) {
  struct ruleset_attributes attributes = {
    .handled_access_fs = handled_files, .handled_access_net = handled_net, .scoped = scoped};
  // An older kernel refuses bytes that it does not know, unless they are zero.
  return (int)syscall(CREATE_RULESET, &attributes, sizeof attributes, 0);
}

int nonet_landlock_allow(int ruleset, uint64_t rights, int file) {
  struct path_beneath rule = {.allowed_access = rights, .parent_fd = file};
  return (int)syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0);
}

int nonet_landlock_restrict_self(int ruleset) {
  return (int)syscall(RESTRICT_SELF, ruleset, 0);
}
