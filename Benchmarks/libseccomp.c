/* What tools do that build their filter by libseccomp when they start: a few rules, then exec. */
#include <errno.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
  if (argc < 2 || !context) return 125;
  static const int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG};
  for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
    if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, families[i]))) return 125;
  static const int calls[] = {SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
                              SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(ptrace),
                              SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(io_uring_setup)};
  for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
    if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EACCES), calls[i], 0)) return 125;
  if (seccomp_load(context)) return 125;
  execvp(argv[1], argv + 1);
  return 127;
}
