# Generated from Sources/nonet/CommandLine/Table/options.txt by options.awk; do not edit: `make options`.
# Completes the command lines of nonet in fish; names are asked of the nonet along PATH.

# The words of the command that nonet is to run, one a line; fails where options still stand.
function __nonet_command_words
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                set -q words[1]; and printf '%s\n' $words
                return 0
            case (string split ' ' -- '--policy --merge --deny --allow --errno --keep-caps --backend --session --log --log-dir --report --from --allow-unix --allow-connect --allow-listen --hook --diff --filter --verify --why --print-policy --check-policy --format-policy --names --arch --format')
                set -e words[1]
                # Its value is being written.
                set -q words[1]; or return 1
            case '-*'
            case '*'
                printf '%s\n' $words
                return 0
        end
        set -e words[1]
    end
    return 1
end

function __nonet_has_options
    not __nonet_command_words > /dev/null
end

# The completions of the command, as if it stood alone.
function __nonet_command
    set -l words (__nonet_command_words)
    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end

# The values of a kind: __nonet_offer KIND HOW...
function __nonet_offer
    set -l kind $argv[1]
    for how in $argv[2..-1]
        switch $how
            case names
                command nonet --names $kind 2> /dev/null
            case list
                set -l head (string match -r '^.*,' -- (commandline -ct | string replace -r '^--[a-z-]*=' ''))
                set -q head[1]; or set head ''
                printf '%s\n' $head(command nonet --names $kind 2> /dev/null)
            case files
                __fish_complete_path (commandline -ct | string replace -r '^--[a-z-]*=' '')
            case folders
                __fish_complete_directories (commandline -ct | string replace -r '^--[a-z-]*=' '')
            case '*'
                echo $how
        end
    end
end

complete -c nonet -f
complete -c nonet -n 'not __nonet_has_options' -a '(__nonet_command)'
complete -c nonet -n __nonet_has_options -a '(__fish_complete_command)'
complete -c nonet -n __nonet_has_options -l policy -x -a '(__nonet_offer policy names files)' -d 'default, strict, unix, loopback, or a policy or profile'
complete -c nonet -n __nonet_has_options -l loopback -f -d 'short for --policy loopback: 127.0.0.1 of its own'
complete -c nonet -n __nonet_has_options -l merge -x -a '(__nonet_offer file files)' -d 'refuse what that seccomp profile of Docker, Podman or OCI refuses, too'
complete -c nonet -n __nonet_has_options -l deny -x -a '(__nonet_offer call list)' -d 'deny these system calls too; @network and such name groups'
complete -c nonet -n __nonet_has_options -l allow -x -a '(__nonet_offer call list)' -d 'take denials back; of --deny and --allow the last one wins'
complete -c nonet -n __nonet_has_options -l errno -x -a '(__nonet_offer errno names)' -d 'what a refused request answers: EACCES unless told; EPERM, 1-4095, ...'
complete -c nonet -n __nonet_has_options -l keep-caps -x -a '(__nonet_offer capability list)' -d 'as root, keep these capabilities, as NET_ADMIN'
complete -c nonet -n __nonet_has_options -l allow-signals -f -d 'let the command signal processes outside, as those of an earlier command'
complete -c nonet -n __nonet_has_options -l unproved -f -d 'use a filter that is too large to be proven; one proven wrong is never used'
complete -c nonet -n __nonet_has_options -l backend -x -a '(__nonet_offer backend names)' -d 'what confines: auto (the first that works), seccomp, namespace or python'
complete -c nonet -n __nonet_has_options -l best-effort -f -d 'where nothing can confine, warn and run all the same'
complete -c nonet -n __nonet_has_options -l mounts -f -d 'let the command mount, where Landlock would hold AF_UNIX sockets'
complete -c nonet -n __nonet_has_options -l offline -f -d 'tell package tools, so that they fail at once'
complete -c nonet -n __nonet_has_options -l session -x -a '(__nonet_offer session env:)' -d 'with --loopback: one network for all commands of this NAME'
complete -c nonet -n __nonet_has_options -l log -x -a '(__nonet_offer file files)' -d 'append each attempt as JSON; - is standard error'
complete -c nonet -n __nonet_has_options -l log-dir -x -a '(__nonet_offer folder folders)' -d 'write one JSON document of the run in DIR, complete at every moment'
complete -c nonet -n __nonet_has_options -l report -x -a '(__nonet_offer file files)' -d 'make a page about what was tried, when, by whom'
complete -c nonet -n __nonet_has_options -l from -x -a '(__nonet_offer file files)' -d 'run nothing: the page is about this log; - is standard input'
complete -c nonet -n __nonet_has_options -l hint -f -d 'when COMMAND fails, say what was refused, if anything'
complete -c nonet -n __nonet_has_options -l destinations -f -d 'let sockets be made, so that what is refused tells where to'
complete -c nonet -n __nonet_has_options -l fail-on-attempt -f -d 'end with STATUS (123) when something was tried'
complete -c nonet -n __nonet_has_options -l observe -f -d 'refuse nothing, and record what would have been refused: no protection'
complete -c nonet -n __nonet_has_options -l allow-unix -x -a '(__nonet_offer socket inside files)' -d 'those made inside; or PATH, a socket or a folder'
complete -c nonet -n __nonet_has_options -l allow-connect -x -a '(__nonet_offer endpoint localhost:)' -d 'TCP to exactly this: 127.0.0.1:5432, [::1]:80,443'
complete -c nonet -n __nonet_has_options -l allow-listen -x -a '(__nonet_offer endpoint localhost:)' -d 'let programs outside connect to a server inside'
complete -c nonet -n __nonet_has_options -l allow-listen-any -f -d 'the same by any address: other machines may connect'
complete -c nonet -n __nonet_has_options -l hook -x -a '(__nonet_offer host names)' -d 'answer what a HOST of agents asks before a command: claude-code, codex, ...'
complete -c nonet -n __nonet_has_options -l install -f -d 'instead put that hook, with the other options, into the settings of HOST'
complete -c nonet -n __nonet_has_options -l uninstall -f -d 'take it out again'
complete -c nonet -n __nonet_has_options -l status -f -d 'say whether it is in force; 1 if it is not, or has other options than given'
complete -c nonet -n __nonet_has_options -l try -f -d 'ask that hook as HOST would, run what it answers; 1 if not confined'
complete -c nonet -n __nonet_has_options -l no-prefix -f -d 'with --install, for claude-code: without CLAUDE_CODE_SHELL_PREFIX'
complete -c nonet -n __nonet_has_options -l managed -f -d 'the settings of the administrator, which no command of the user can change'
complete -c nonet -n __nonet_has_options -l dry-run -f -d 'show what --install or --uninstall would change'
complete -c nonet -n __nonet_has_options -l cd -f -d 'print the folder in which COMMAND, a text for bash, ended'
complete -c nonet -n __nonet_has_options -l dump-bpf -f -d 'the filter that would be installed'
complete -c nonet -n __nonet_has_options -l explain -f -d 'what the filter answers, call by call, or to CALLS and why:'
complete -c nonet -n __nonet_has_options -l diff -x -a '(__nonet_offer policy names files)' -d 'A B: whether two policies mean the same, else calls that differ; 0, 1 or 2'
complete -c nonet -n __nonet_has_options -l filter -x -a '(__nonet_offer file files)' -d 'read this filter, which anybody may have made'
complete -c nonet -n __nonet_has_options -l verify -x -a '(__nonet_offer process 1)' -d 'which policy a running process is under'
complete -c nonet -n __nonet_has_options -l check -f -d 'what this machine can confine, and whether we are already inside'
complete -c nonet -n __nonet_has_options -l inside -f -d 'whether this process is confined, found out by trying: status 0 or 1'
complete -c nonet -n __nonet_has_options -l why -x -a '(__nonet_offer target 127.0.0.1: AF_UNIX files)' -d 'whether a run with these options would let TARGET through: status 0 or 1'
complete -c nonet -n __nonet_has_options -l list -f -d 'with --session NAME: what runs there, and where it listens'
complete -c nonet -n __nonet_has_options -l end -f -d 'with --session NAME: end what runs there'
complete -c nonet -n __nonet_has_options -l print-policy -x -a '(__nonet_offer preset names)' -d 'the text of a preset, to read, or to begin a policy with'
complete -c nonet -n __nonet_has_options -l check-policy -x -a '(__nonet_offer policy names files)' -d 'the errors and warnings of a policy; with --format json as data'
complete -c nonet -n __nonet_has_options -l format-policy -x -a '(__nonet_offer policy names files)' -d 'a policy'\''s text in its canonical form; with --check whether it is in it'
complete -c nonet -n __nonet_has_options -l names -x -a '(__nonet_offer kind names)' -d 'the names that a KIND of value has: policy, call, errno, format, ...'
complete -c nonet -n __nonet_has_options -l arch -x -a '(__nonet_offer arch names)' -d 'x86_64, aarch64 or all; this machine'\''s unless told'
complete -c nonet -n __nonet_has_options -l format -x -a '(__nonet_offer format names)' -d 'listing, bpf_asm, raw, hex, c, json, decimal, dot or smt2;'
complete -c nonet -n __nonet_has_options -l quiet -s q -f -d 'nothing but errors'
complete -c nonet -n __nonet_has_options -l verbose -s v -f -d 'what protects COMMAND, and what takes protection away'
complete -c nonet -n __nonet_has_options -s h -f -d 'one screen: examples, and the options that are said most'
complete -c nonet -n __nonet_has_options -l help -f -d 'this text'
complete -c nonet -n __nonet_has_options -l version -f -d 'the version'
