/// The words of `--help` and `--version`.
enum Help {
  static let version = "nonet 0.1.0"

  static let usage = "usage: nonet [OPTION]... [--] COMMAND [ARG]...   (nonet --help says more)"

  static let text = """
    nonet: run a command with no network

    usage: nonet [OPTION]... [--] COMMAND [ARG]...   run COMMAND with no network
           nonet --dump-bpf [OPTION]...              print the filter that would be installed
           nonet --explain [OPTION]...               print what it answers, call by call
           nonet --help | --version

    No root, no daemon: a seccomp filter is installed and COMMAND runs in place of nonet, so
    status, signals, terminal and descriptors are its own. Everything it starts is confined too.
    Options end at -- or at the first word that is not one. --opt VALUE and --opt=VALUE both work.

    what is refused
      --policy NAME|FILE   default  no network; pipes and socket pairs inside go on
                           strict   no sockets of any kind, and fewer ways around
                           unix     no network, but every AF_UNIX socket
                           loopback (to dump and explain only, in this version)
                           FILE     a policy file: with a '/' in its name or ending in .policy;
                                    - is standard input
      --deny CALL[,CALL]   deny these system calls too; @network and such name groups
      --allow CALL[,CALL]  take denials back; of --deny and --allow the last one wins
      --errno NAME         what a refused request answers: EACCES unless told; EPERM, 1-4095, ...
      --unproved           use a filter that is too large to be proven; one that is proven wrong
                           is never used
      --backend seccomp    how: auto (the same in this version) or seccomp

    what is printed
      --arch ARCH          x86_64, aarch64 or all; this machine's unless told
      --format FORMAT      listing, bpf_asm, raw, hex, c, json, decimal, dot; for --explain
                           listing or json
      -q, --quiet          nothing but errors
      -v, --verbose        every wall as it goes up

    exit status: the command's own; 125 nonet failed or refused, and the command did not run;
    126 the command could not be run; 127 it was not found.

    examples
      nonet make test                      does the test suite work offline?
      nonet --policy unix psql             a database over its AF_UNIX socket, and nothing else
      nonet --dump-bpf                     read the filter before you trust it
      nonet --dump-bpf --format raw >f; bwrap --seccomp 3 ... 3<f

    """
}
