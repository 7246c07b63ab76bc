#include "CLinuxShims.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// Numbers that Swift repeats because compound macros do not import; here they are held to the
// kernel's headers.
_Static_assert(AUDIT_ARCH_X86_64 == 0xc000003e, "Architecture.auditValue");
_Static_assert(AUDIT_ARCH_I386 == 0x40000003, "Architecture.auditValue");
_Static_assert(AUDIT_ARCH_AARCH64 == 0xc00000b7, "Architecture.auditValue");
_Static_assert(AUDIT_ARCH_ARM == 0x40000028, "Architecture.auditValue");
_Static_assert(SECCOMP_RET_ALLOW == 0x7fff0000, "SeccompReturn");
_Static_assert(SECCOMP_RET_LOG == 0x7ffc0000, "SeccompReturn");
_Static_assert(SECCOMP_RET_ERRNO == 0x00050000, "SeccompReturn");
_Static_assert(SECCOMP_RET_KILL_PROCESS == 0x80000000, "SeccompReturn");
_Static_assert(SECCOMP_RET_USER_NOTIF == 0x7fc00000, "SeccompReturn");
_Static_assert(BPF_MAXINSNS == 4096, "Program.mostInstructions");
_Static_assert(sizeof(struct sock_filter) == 8, "RawInstruction.bytes");
_Static_assert(offsetof(struct sock_filter, k) == 4, "RawInstruction.bytes");
_Static_assert(sizeof(struct seccomp_data) == 64, "SeccompData.size");
_Static_assert(offsetof(struct seccomp_data, args) == 16, "SeccompData.Word");

int nonet_set_no_new_privs(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int nonet_install_filter(const void *instructions, unsigned short count) {
  struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int nonet_probe_seccomp_action(uint32_t action) {
  return (int)syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}
