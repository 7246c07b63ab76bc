// swift-format-ignore-file
// Generated from Table/options.txt by Table/options.awk; do not edit: `make options`.

/// The texts of `-h` and `--help`.
enum HelpText {
  static let version = "nonet 0.1.0"

  static let short = """
    nonet: run a command with no network

      nonet make test                          does the test suite work offline?
      nonet --hint -- npm test                 when it fails: what was refused?
      nonet --log-dir logs -- npm test         what did it try to reach?
      nonet --loopback pytest                  with a server of its own
      nonet --hook claude-code --install       every command of an agent
      nonet --check                            what can this machine confine?
      nonet --dump-bpf                         read the filter before you trust it

    usage: nonet [OPTION]... [--] COMMAND [ARG]...
      --policy NAME|FILE   default, strict, unix, loopback, or a policy or profile
      --loopback           short for --policy loopback: 127.0.0.1 of its own
      --log FILE           append each attempt as JSON; - is standard error
      --report FILE.html   make a page about what was tried, when, by whom
      --hint               when COMMAND fails, say what was refused, if anything
      --allow-unix inside|PATH|env:NAME
                           those made inside; or PATH, a socket or a folder
      --allow-connect ADDR:PORT
                           TCP to exactly this: 127.0.0.1:5432, [::1]:80,443
      -v, --verbose        what protects COMMAND, and what takes protection away

    nonet --help: all options; man nonet: the whole story

    """

  static let full = """
    nonet: run a command with no network

    usage: nonet [OPTION]... [--] COMMAND [ARG]...   run COMMAND with no network
           nonet --dump-bpf [OPTION]...              print the filter that would be installed
           nonet --explain [CALLS] [OPTION]...       print what it answers, call by call
           nonet --check [OPTION]...                 say what this machine can confine, and
                                                     whether we are already inside
           nonet --why TARGET [OPTION]...            say whether a run would let TARGET through
           nonet --hook HOST [OPTION]...             answer an agent's host: commands run confined
           nonet --session NAME --list | --end       show or end what shares that private network
           nonet --report FILE.html --from LOG       make a page of what a log tells
           nonet --print-policy NAME                 print the text of a preset
           nonet --check-policy FILE                 print the errors and warnings of a policy
           nonet --format-policy FILE [--check]      print its canonical form, or look whether it is
           nonet --names KIND                        print the names that values can have
           nonet -h | --help | --version

    No root, no daemon. Layers of protection go up, which the kernel keeps up: a seccomp filter, a
    list of system calls that it refuses; a Landlock domain, which keeps COMMAND from reaching into
    other processes; clean descriptors, so that no open socket is handed on; and, where it is asked
    for, a network namespace, a network with nothing in it. Then COMMAND runs in place of nonet, so
    status, signals, terminal and descriptors 0-2 are its own. Everything that it starts is confined
    too. What confines is called the backend: the seccomp filter with the others beside it, or, where
    a kernel takes no filter, a namespace or a wrapper for Python alone. Only for records and for
    --allow-unix a process of nonet stays beside COMMAND, the supervisor.
    Options end at -- or at the first word that is not one. --opt VALUE and --opt=VALUE both work.

    what is refused
      --policy NAME|FILE   default, strict, unix, loopback, or a policy or profile
                           default  no network; pipes and socket pairs inside go on
                           strict   no sockets of any kind, and fewer ways around
                           unix     no network, but every AF_UNIX socket
                           loopback 127.0.0.1 and ::1 in a network of its own, nothing outside
                           FILE     a policy file: with a '/' in its name or ending in .policy;
                                    ending in .json: a seccomp profile of Docker, Podman or OCI;
                                    - is standard input
      --loopback           short for --policy loopback: 127.0.0.1 of its own
      --merge PROFILE      refuse what that seccomp profile of Docker, Podman or OCI refuses, too
      --deny CALL[,CALL]   deny these system calls too; @network and such name groups
      --allow CALL[,CALL]  take denials back; of --deny and --allow the last one wins
      --errno NAME         what a refused request answers: EACCES unless told; EPERM, 1-4095, ...
      --keep-caps NAME[,NAME]
                           as root, keep these capabilities, as NET_ADMIN
                           a command gives up those by which it reaches a network around sockets
      --allow-signals      let the command signal processes outside, as those of an earlier command
      --unproved           use a filter that is too large to be proven; one proven wrong is never used

    how
      --backend NAME       what confines: auto (the first that works), seccomp, namespace or python
                           auto tries the others in this order; a name means that one or failure
      --best-effort        where nothing can confine, warn and run all the same
      --mounts             let the command mount, where Landlock would hold AF_UNIX sockets
                           as bwrap, podman and nix do; a supervisor does it then, as before Linux 7.1
      --offline            tell package tools, so that they fail at once
                           that there is no network, in their own variables; what is set already stays
      --session NAME       with --loopback: one network for all commands of this NAME
                           it is there from the first of them to the end of its last process;
                           env:VARIABLE takes the name from there; unset means a network of its own

    what was tried (needs the seccomp backend and a supervisor)
      --log FILE           append each attempt as JSON; - is standard error
      --log-dir DIR        write one JSON document of the run in DIR, complete at every moment
                           the python backend has this too, in ~/.local/state/nonet unless told
      --report FILE.html   make a page about what was tried, when, by whom
      --from LOG           run nothing: the page is about this log; - is standard input
      --hint               when COMMAND fails, say what was refused, if anything
      --destinations       let sockets be made, so that what is refused tells where to
                           with --log, --log-dir, --report or --hint: address, port, and names in DNS;
                           every send with sendmsg or sendmmsg takes longer
      --fail-on-attempt[=STATUS]
                           end with STATUS (123) when something was tried
                           though COMMAND ended with 0; what is tried after its end does not count
      --observe            refuse nothing, and record what would have been refused: no protection

    what connect may reach all the same (by the supervisor too)
      --allow-unix inside|PATH|env:NAME
                           those made inside; or PATH, a socket or a folder
                           inside: those AF_UNIX sockets on which COMMAND and what it started listen;
                           env:NAME the socket that a variable names, as env:SSH_AUTH_SOCK;
                           may be said repeatedly
      --allow-connect ADDR:PORT
                           TCP to exactly this: 127.0.0.1:5432, [::1]:80,443
                           an address, or localhost; a port, a list or a range (8000-8010); nothing else
                           opens: no UDP, no names, no other port; may be said repeatedly

    who may connect from outside (with a supervisor too)
      --allow-listen ADDR:PORT
                           let programs outside connect to a server inside
                           127.0.0.1:8000, [::1]:8000, or localhost, which is both; ports as above;
                           says --loopback by itself; may be said repeatedly
      --allow-listen-any   the same by any address: other machines may connect

    for agents
      --hook HOST          answer what a HOST of agents asks before a command: claude-code, codex, ...
                           JSON in, JSON out; status 2, which blocks it, for any failure
      --install            instead put that hook, with the other options, into the settings of HOST
      --uninstall          take it out again
      --status             say whether it is in force; 1 if it is not, or has other options than given
      --try                ask that hook as HOST would, run what it answers; 1 if not confined
      --no-prefix          with --install, for claude-code: without CLAUDE_CODE_SHELL_PREFIX
      --managed            the settings of the administrator, which no command of the user can change
      --dry-run            show what --install or --uninstall would change
      --cd                 print the folder in which COMMAND, a text for bash, ended
                           its own output goes to descriptor 3; for hosts whose shell keeps its folder

    what is printed
      --dump-bpf           the filter that would be installed
      --explain [CALLS]    what the filter answers, call by call, or to CALLS and why:
                           connect,@debug or 'socket(AF_INET, SOCK_STREAM)'
      --diff A             A B: whether two policies mean the same, else calls that differ; 0, 1 or 2
      --filter FILE        read this filter, which anybody may have made
                           FILE is a struct sock_filter array; - is standard input
      --verify PID         which policy a running process is under
                           with --explain or --dump-bpf its filters, whoever installed them
      --check              what this machine can confine, and whether we are already inside
      --inside             whether this process is confined, found out by trying: status 0 or 1
      --why TARGET         whether a run with these options would let TARGET through: status 0 or 1
                           with what decides, and what opens it; TARGET is 127.0.0.1:5432, [::1]:80,
                           udp:1.2.3.4:53, listen:127.0.0.1:8000, /run/x.sock, @name, or AF_NETLINK
      --list               with --session NAME: what runs there, and where it listens
      --end                with --session NAME: end what runs there
      --print-policy NAME  the text of a preset, to read, or to begin a policy with
      --check-policy FILE  the errors and warnings of a policy; with --format json as data
      --format-policy FILE a policy's text in its canonical form; with --check whether it is in it
      --names KIND         the names that a KIND of value has: policy, call, errno, format, ...
      --arch ARCH          x86_64, aarch64 or all; this machine's unless told
      --format FORMAT      listing, bpf_asm, raw, hex, c, json, decimal, dot or smt2;
                           oci, docker, kubernetes or systemd: the policy for other tools;
                           for --explain, --check, --check-policy and --why listing or json
      -q, --quiet          nothing but errors
      -v, --verbose        what protects COMMAND, and what takes protection away
      -h                   one screen: examples, and the options that are said most
      --help               this text
      --version            the version

    As nonet-shell, nonet is a shell; the shell in it is $NONET_SHELL.
    $NONET_OPTIONS has options for every start that is not inside already; none that weakens is taken.

    exit status: the command's own; 125 nonet failed or refused, and the command did not run;
    126 the command could not be run; 127 it was not found. --check: 1 where nothing can confine;
    --why: 1 where TARGET would be refused.
    With --hook every failure is 2.

    examples
      nonet make test                      does the test suite work offline?
      nonet --log-dir logs -q -- npm test  what did it try to reach?
      nonet --loopback pytest              tests that talk to a server of their own
      nonet --loopback --session app npm run dev   a server for the next command of session app
      nonet --offline npm test             npm fails at once where it would try for a minute
      nonet --allow-unix /run/postgresql psql   a database over its AF_UNIX socket, and nothing else
      nonet --allow-unix "$SSH_AUTH_SOCK" ssh-add -l
      nonet --dump-bpf                     read the filter before you trust it
      nonet --dump-bpf --format raw >f; bwrap --seccomp 3 ... 3<f

    """
}
