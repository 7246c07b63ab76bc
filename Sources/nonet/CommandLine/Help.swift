/// The words of `--help` and `--version`.
enum Help {
  static let version = "nonet 0.1.0"

  static let usage = "usage: nonet [OPTION]... [--] COMMAND [ARG]...   (nonet --help says more)"

  static let text = """
    nonet: run a command with no network

    usage: nonet [OPTION]... [--] COMMAND [ARG]...   run COMMAND with no network
           nonet --dump-bpf [OPTION]...              print the filter that would be installed
           nonet --explain [OPTION]...               print what it answers, call by call
           nonet --check [OPTION]...                 say what this machine can confine, and
                                                     whether we are already inside
           nonet --hook HOST [OPTION]...             answer an agent's host: commands run confined
           nonet --report FILE.html --from LOG       make a page of what a log tells
           nonet --help | --version

    No root, no daemon: walls go up (a seccomp filter, a Landlock domain, clean descriptors) and
    COMMAND runs in place of nonet, so status, signals, terminal and descriptors 0-2 are its own.
    Everything that it starts is confined too. Options end at -- or at the first word that is not
    one. --opt VALUE and --opt=VALUE both work.

    what is refused
      --policy NAME|FILE   default  no network; pipes and socket pairs inside go on
                           strict   no sockets of any kind, and fewer ways around
                           unix     no network, but every AF_UNIX socket
                           loopback 127.0.0.1 and ::1 in a network of its own, nothing outside
                           FILE     a policy file: with a '/' in its name or ending in .policy;
                                    - is standard input
      --loopback           short for --policy loopback
      --deny CALL[,CALL]   deny these system calls too; @network and such name groups
      --allow CALL[,CALL]  take denials back; of --deny and --allow the last one wins
      --errno NAME         what a refused request answers: EACCES unless told; EPERM, 1-4095, ...
      --keep-caps NAME[,NAME]
                           as root, keep these capabilities, as NET_ADMIN; a command gives up
                           those by which it reaches a network around sockets
      --unproved           use a filter that is too large to be proven; one that is proven wrong
                           is never used

    how
      --backend NAME       auto (tries the others in this order), seccomp, namespace or python;
                           a name means that one or failure
      --best-effort        where nothing can confine, warn and run all the same
      --offline            tell package tools in their own variables that there is no network, so
                           that they fail at once; what is set already stays

    what was tried (a supervisor stays beside COMMAND; needs the seccomp backend)
      --log FILE           write each attempt as a line of JSON when it happens; - is standard error
      --log-dir DIR        write one JSON document of the run in DIR, complete at every moment; the
                           python backend has this too, in ~/.local/state/nonet unless told
      --report FILE.html   a page about what was tried: when, by whom, where to
      --from LOG           run nothing: the page is about this log; - is standard input
      --hint               when COMMAND fails after an attempt, one line says what was refused
      --observe            refuse nothing, and record what would have been refused: no protection

    what connect may reach all the same (by the supervisor too)
      --allow-unix inside  AF_UNIX sockets on which COMMAND and what it started listen
      --allow-unix PATH    this socket, or the sockets in this folder; may be said repeatedly

    for agents
      --hook HOST          answer what claude-code, codex, gemini-cli or cursor asks before a
                           command: JSON in, JSON out; status 2, which blocks it, for any failure
      --install            instead put that hook, with the other options, into the settings of HOST
      --uninstall          take it out again
      --status             say whether it is in there; 1 if it is not, or differs
      --dry-run            show what --install or --uninstall would change
    As nonet-shell, nonet is a shell: options in $NONET_OPTIONS, the shell in it in $NONET_SHELL.

    what is printed
      --arch ARCH          x86_64, aarch64 or all; this machine's unless told
      --format FORMAT      listing, bpf_asm, raw, hex, c, json, decimal, dot; for --explain and
                           --check listing or json
      -q, --quiet          nothing but errors
      -v, --verbose        every wall as it goes up, and what takes protection away
      -h, --help           this text
          --version        the version

    exit status: the command's own; 125 nonet failed or refused, and the command did not run;
    126 the command could not be run; 127 it was not found. --check: 1 where nothing can confine.
    With --hook every failure is 2.

    examples
      nonet make test                      does the test suite work offline?
      nonet --log-dir logs -q -- npm test  what did it try to reach?
      nonet --loopback pytest              tests that talk to a server of their own
      nonet --offline npm test             npm fails at once where it would try for a minute
      nonet --policy unix psql             a database over its AF_UNIX socket, and nothing else
      nonet --allow-unix "$SSH_AUTH_SOCK" ssh-add -l
      nonet --dump-bpf                     read the filter before you trust it
      nonet --dump-bpf --format raw >f; bwrap --seccomp 3 ... 3<f

    """
}
