// swift-format-ignore-file
// Generated from prototypes.tsv by generate.awk; do not edit: `make tables`.

enum PrototypeTable {
  static let rows = TextTable(
    """
    _llseek 15 i:fd l:offset_high l:offset_low p:result i:whence
    _newselect 15 i:nfds p:readfds p:writefds p:exceptfds p:timeout
    accept 15 i:sockfd p:addr p:addrlen
    accept4 15 i:sockfd p:addr p:addrlen i:flags
    access 15 p:pathname i:mode
    acct 15 p:filename
    add_key 15 p:type p:description p:payload l:plen i:keyring
    adjtimex 15 p:buf
    arch_prctl 15 i:option l:addr
    arm_fadvise64_64 15 i:fd i:advice i:offset_low i:offset_high i:len_low i:len_high
    arm_sync_file_range 15 i:fd i:flags i:offset_low i:offset_high i:nbytes_low i:nbytes_high
    bind 15 i:sockfd p:addr i:addrlen
    bpf 15 i:cmd p:attr i:size
    brk 15 l:addr
    cacheflush 15 l:start l:end i:flags
    cachestat 15 i:fd p:cstat_range p:cstat i:flags
    capget 15 p:hdrp p:datap
    capset 15 p:hdrp p:datap
    chdir 15 p:path
    chmod 15 p:pathname i:mode
    chown 1 p:pathname i:owner i:group
    chown32 15 p:pathname i:owner i:group
    chroot 15 p:path
    clock_adjtime 15 i:clk_id p:buf
    clock_adjtime64 15 i:clk_id p:buf
    clock_getres 15 i:clockid p:res
    clock_gettime 15 i:clockid p:tp
    clock_gettime64 15 i:clockid p:tp
    clock_nanosleep 15 i:clockid i:flags p:request p:remain
    clock_settime 15 i:clockid p:tp
    clock_settime64 15 i:clockid p:tp
    clone 1 i:flags l:stack p:parent_tid p:child_tid l:tls
    clone 14 i:flags l:stack p:parent_tid l:tls p:child_tid
    clone3 15 p:cl_args l:size
    close 15 i:fd
    close_range 15 i:first i:last i:flags
    connect 15 i:sockfd p:addr i:addrlen
    copy_file_range 15 i:fd_in p:off_in i:fd_out p:off_out l:len i:flags
    creat 15 p:pathname i:mode
    delete_module 15 p:name i:flags
    dup 15 i:oldfd
    dup2 15 i:oldfd i:newfd
    dup3 15 i:oldfd i:newfd i:flags
    epoll_create 15 i:size
    epoll_create1 15 i:flags
    epoll_ctl 15 i:epfd i:op i:fd p:event
    epoll_pwait 15 i:epfd p:events i:maxevents i:timeout p:sigmask l:sigsetsize
    epoll_pwait2 15 i:epfd p:events i:maxevents p:timeout p:sigmask l:sigsetsize
    epoll_wait 15 i:epfd p:events i:maxevents i:timeout
    eventfd 15 i:initval
    eventfd2 15 i:initval i:flags
    execve 15 p:pathname p:argv p:envp
    execveat 15 i:dirfd p:pathname p:argv p:envp i:flags
    exit 15 i:status
    exit_group 15 i:status
    faccessat 15 i:dirfd p:pathname i:mode
    faccessat2 15 i:dirfd p:pathname i:mode i:flags
    fadvise64 2 i:fd i:offset_low i:offset_high l:len i:advice
    fadvise64 5 i:fd l:offset l:len i:advice
    fadvise64_64 15 i:fd i:offset_low i:offset_high i:len_low i:len_high i:advice
    fallocate 10 i:fd i:mode i:offset_low i:offset_high i:len_low i:len_high
    fallocate 5 i:fd i:mode l:offset l:len
    fanotify_init 15 i:flags i:event_f_flags
    fanotify_mark 10 i:fanotify_fd i:flags i:mask_low i:mask_high i:dirfd p:pathname
    fanotify_mark 5 i:fanotify_fd i:flags l:mask i:dirfd p:pathname
    fchdir 15 i:fd
    fchmod 15 i:fd i:mode
    fchmodat 15 i:dirfd p:pathname i:mode
    fchmodat2 15 i:dirfd p:pathname i:mode i:flags
    fchown 5 i:fd i:owner i:group
    fchown32 15 i:fd i:owner i:group
    fchownat 15 i:dirfd p:pathname i:owner i:group i:flags
    fcntl 15 i:fd i:cmd l:arg
    fcntl64 15 i:fd i:cmd l:arg
    fdatasync 15 i:fd
    finit_module 15 i:fd p:param_values i:flags
    flock 15 i:fd i:operation
    fsconfig 15 i:fd i:cmd p:key p:value i:aux
    fsetxattr 15 i:fd p:name p:value l:size i:flags
    fsmount 15 i:fd i:flags i:attr_flags
    fsopen 15 p:fsname i:flags
    fspick 15 i:dirfd p:path i:flags
    fstat 15 i:fd p:statbuf
    fstat64 15 i:fd p:statbuf
    fstatat64 15 i:dirfd p:pathname p:statbuf i:flags
    fsync 15 i:fd
    ftruncate 15 i:fd l:length
    ftruncate64 2 i:fd i:length_low i:length_high
    ftruncate64 8 i:fd i:pad i:length_low i:length_high
    futex 15 p:uaddr i:futex_op i:val p:timeout p:uaddr2 i:val3
    futex_requeue 15 p:waiters i:flags i:nr_wake i:nr_requeue
    futex_time64 15 p:uaddr i:futex_op i:val p:timeout p:uaddr2 i:val3
    futex_wait 15 p:uaddr l:val l:mask i:flags p:timeout i:clockid
    futex_waitv 15 p:waiters i:nr_futexes i:flags p:timeout i:clockid
    futex_wake 15 p:uaddr l:mask i:nr i:flags
    get_mempolicy 15 p:mode p:nodemask l:maxnode l:addr l:flags
    get_robust_list 15 i:pid p:head_ptr p:sizep
    get_thread_area 2 p:u_info
    getcpu 15 p:cpu p:node p:tcache
    getdents 15 i:fd p:dirp i:count
    getdents64 15 i:fd p:dirp i:count
    getpeername 15 i:sockfd p:addr p:addrlen
    getpgid 15 i:pid
    getpriority 15 i:which i:who
    getrandom 15 p:buf l:buflen i:flags
    getrlimit 15 i:resource p:rlim
    getrusage 15 i:who p:usage
    getsid 15 i:pid
    getsockname 15 i:sockfd p:addr p:addrlen
    getsockopt 15 i:sockfd i:level i:optname p:optval p:optlen
    init_module 15 p:module_image l:len p:param_values
    inotify_add_watch 15 i:fd p:pathname i:mask
    inotify_init1 15 i:flags
    inotify_rm_watch 15 i:fd i:wd
    io_cancel 15 l:ctx_id p:iocb p:result
    io_destroy 15 l:ctx_id
    io_getevents 15 l:ctx_id l:min_nr l:nr p:events p:timeout
    io_setup 15 i:nr_events p:ctx_idp
    io_submit 15 l:ctx_id l:nr p:iocbpp
    io_uring_enter 15 i:fd i:to_submit i:min_complete i:flags p:argp l:argsz
    io_uring_register 15 i:fd i:opcode p:arg i:nr_args
    io_uring_setup 15 i:entries p:params
    ioctl 15 i:fd i:cmd l:arg
    ioperm 15 l:from l:num i:turn_on
    iopl 15 i:level
    ioprio_get 15 i:which i:who
    ioprio_set 15 i:which i:who i:ioprio
    ipc 15 i:call i:first l:second l:third p:ptr l:fifth
    kcmp 15 i:pid1 i:pid2 i:type l:idx1 l:idx2
    kexec_file_load 15 i:kernel_fd i:initrd_fd l:cmdline_len p:cmdline l:flags
    kexec_load 15 l:entry l:nr_segments p:segments l:flags
    keyctl 15 i:operation l:second l:third l:fourth l:fifth
    kill 15 i:pid i:sig
    landlock_add_rule 15 i:ruleset_fd i:rule_type p:rule_attr i:flags
    landlock_create_ruleset 15 p:attr l:size i:flags
    landlock_restrict_self 15 i:ruleset_fd i:flags
    lchown 1 p:pathname i:owner i:group
    lchown32 15 p:pathname i:owner i:group
    link 15 p:oldpath p:newpath
    linkat 15 i:olddirfd p:oldpath i:newdirfd p:newpath i:flags
    listen 15 i:sockfd i:backlog
    listmount 15 p:req p:mnt_ids l:nr_mnt_ids i:flags
    lseek 15 i:fd l:offset i:whence
    lsetxattr 15 p:path p:name p:value l:size i:flags
    lsm_get_self_attr 15 i:attr p:ctx p:size i:flags
    lsm_set_self_attr 15 i:attr p:ctx i:size i:flags
    lstat 15 p:pathname p:statbuf
    lstat64 15 p:pathname p:statbuf
    madvise 15 l:addr l:length i:advice
    map_shadow_stack 15 l:addr l:size i:flags
    mbind 15 l:addr l:len l:mode p:nodemask l:maxnode i:flags
    membarrier 15 i:cmd i:flags i:cpu_id
    memfd_create 15 p:name i:flags
    memfd_secret 15 i:flags
    migrate_pages 15 i:pid l:maxnode p:old_nodes p:new_nodes
    mincore 15 l:addr l:length p:vec
    mkdir 15 p:pathname i:mode
    mkdirat 15 i:dirfd p:pathname i:mode
    mknod 15 p:pathname i:mode i:dev
    mknodat 15 i:dirfd p:pathname i:mode i:dev
    mlock 15 l:addr l:len
    mlock2 15 l:addr l:len i:flags
    mlockall 15 i:flags
    mmap 2 p:args
    mmap 5 l:addr l:length l:prot l:flags i:fd l:offset
    mmap2 15 l:addr l:length l:prot l:flags i:fd l:pgoffset
    modify_ldt 15 i:func p:ptr l:bytecount
    mount 15 p:source p:target p:filesystemtype l:mountflags p:data
    mount_setattr 15 i:dirfd p:pathname i:flags p:attr l:size
    move_mount 15 i:from_dirfd p:from_pathname i:to_dirfd p:to_pathname i:flags
    move_pages 15 i:pid l:count p:pages p:nodes p:status i:flags
    mprotect 15 l:addr l:len l:prot
    mq_notify 15 i:mqdes p:sevp
    mq_open 15 p:name i:oflag i:mode p:attr
    mq_unlink 15 p:name
    mremap 15 l:old_address l:old_size l:new_size l:flags l:new_address
    mseal 15 l:addr l:len l:flags
    msgctl 15 i:msqid i:cmd p:buf
    msgget 15 i:key i:msgflg
    msgrcv 15 i:msqid p:msgp l:msgsz l:msgtyp i:msgflg
    msgsnd 15 i:msqid p:msgp l:msgsz i:msgflg
    msync 15 l:addr l:length i:flags
    munlock 15 l:addr l:len
    munmap 15 l:addr l:length
    name_to_handle_at 15 i:dirfd p:pathname p:handle p:mount_id i:flags
    nanosleep 15 p:req p:rem
    newfstatat 15 i:dirfd p:pathname p:statbuf i:flags
    nice 15 i:inc
    open 15 p:pathname i:flags i:mode
    open_by_handle_at 15 i:mount_fd p:handle i:flags
    open_tree 15 i:dirfd p:pathname i:flags
    open_tree_attr 15 i:dirfd p:pathname i:flags p:attr l:size
    openat 15 i:dirfd p:pathname i:flags i:mode
    openat2 15 i:dirfd p:pathname p:how l:size
    perf_event_open 15 p:attr i:pid i:cpu i:group_fd l:flags
    personality 15 i:persona
    pidfd_getfd 15 i:pidfd i:targetfd i:flags
    pidfd_open 15 i:pid i:flags
    pidfd_send_signal 15 i:pidfd i:sig p:info i:flags
    pipe 15 p:pipefd
    pipe2 15 p:pipefd i:flags
    pivot_root 15 p:new_root p:put_old
    pkey_alloc 15 l:flags l:access_rights
    pkey_free 15 i:pkey
    pkey_mprotect 15 l:addr l:len l:prot i:pkey
    poll 15 p:fds i:nfds i:timeout
    ppoll 15 p:fds i:nfds p:tmo_p p:sigmask l:sigsetsize
    ppoll_time64 15 p:fds i:nfds p:tmo_p p:sigmask l:sigsetsize
    prctl 15 i:option l:second l:third l:fourth l:fifth
    pread64 2 i:fd p:buf l:count i:offset_low i:offset_high
    pread64 5 i:fd p:buf l:count l:offset
    pread64 8 i:fd p:buf l:count i:pad i:offset_low i:offset_high
    preadv 15 i:fd p:iov l:iovcnt l:pos_l l:pos_h
    preadv2 15 i:fd p:iov l:iovcnt l:pos_l l:pos_h i:flags
    prlimit64 15 i:pid i:resource p:new_limit p:old_limit
    process_madvise 15 i:pidfd p:iovec l:vlen i:advice i:flags
    process_mrelease 15 i:pidfd i:flags
    process_vm_readv 15 i:pid p:local_iov l:liovcnt p:remote_iov l:riovcnt l:flags
    process_vm_writev 15 i:pid p:local_iov l:liovcnt p:remote_iov l:riovcnt l:flags
    pselect6 15 i:nfds p:readfds p:writefds p:exceptfds p:timeout p:sigmask
    pselect6_time64 15 i:nfds p:readfds p:writefds p:exceptfds p:timeout p:sigmask
    ptrace 15 l:request i:pid l:addr l:data
    pwrite64 2 i:fd p:buf l:count i:offset_low i:offset_high
    pwrite64 5 i:fd p:buf l:count l:offset
    pwrite64 8 i:fd p:buf l:count i:pad i:offset_low i:offset_high
    pwritev 15 i:fd p:iov l:iovcnt l:pos_l l:pos_h
    pwritev2 15 i:fd p:iov l:iovcnt l:pos_l l:pos_h i:flags
    quotactl 15 i:cmd p:special i:id p:addr
    quotactl_fd 15 i:fd i:cmd i:id p:addr
    read 15 i:fd p:buf l:count
    readahead 2 i:fd i:offset_low i:offset_high l:count
    readahead 5 i:fd l:offset l:count
    readahead 8 i:fd i:pad i:offset_low i:offset_high l:count
    readlink 15 p:pathname p:buf i:bufsiz
    readlinkat 15 i:dirfd p:pathname p:buf i:bufsiz
    readv 15 i:fd p:iov l:iovcnt
    reboot 15 i:magic i:magic2 i:cmd p:arg
    recv 15 i:sockfd p:buf l:len i:flags
    recvfrom 15 i:sockfd p:buf l:len i:flags p:src_addr p:addrlen
    recvmmsg 15 i:sockfd p:msgvec i:vlen i:flags p:timeout
    recvmmsg_time64 15 i:sockfd p:msgvec i:vlen i:flags p:timeout
    recvmsg 15 i:sockfd p:msg i:flags
    remap_file_pages 15 l:addr l:size l:prot l:pgoff l:flags
    rename 15 p:oldpath p:newpath
    renameat 15 i:olddirfd p:oldpath i:newdirfd p:newpath
    renameat2 15 i:olddirfd p:oldpath i:newdirfd p:newpath i:flags
    request_key 15 p:type p:description p:callout_info i:dest_keyring
    rmdir 15 p:pathname
    rseq 15 p:rseq i:rseq_len i:flags i:sig
    rt_sigaction 15 i:signum p:act p:oldact l:sigsetsize
    rt_sigprocmask 15 i:how p:set p:oldset l:sigsetsize
    rt_sigqueueinfo 15 i:tgid i:sig p:info
    rt_tgsigqueueinfo 15 i:tgid i:tid i:sig p:info
    sched_getaffinity 15 i:pid i:cpusetsize p:mask
    sched_getattr 15 i:pid p:attr i:size i:flags
    sched_getparam 15 i:pid p:param
    sched_getscheduler 15 i:pid
    sched_setaffinity 15 i:pid i:cpusetsize p:mask
    sched_setattr 15 i:pid p:attr i:flags
    sched_setparam 15 i:pid p:param
    sched_setscheduler 15 i:pid i:policy p:param
    seccomp 15 i:operation i:flags p:args
    select 1 i:nfds p:readfds p:writefds p:exceptfds p:timeout
    select 2 p:args
    semctl 15 i:semid i:semnum i:cmd l:arg
    semget 15 i:key i:nsems i:semflg
    semop 15 i:semid p:sops i:nsops
    semtimedop 15 i:semid p:sops i:nsops p:timeout
    semtimedop_time64 15 i:semid p:sops i:nsops p:timeout
    send 15 i:sockfd p:buf l:len i:flags
    sendfile 15 i:out_fd i:in_fd p:offset l:count
    sendfile64 15 i:out_fd i:in_fd p:offset l:count
    sendmmsg 15 i:sockfd p:msgvec i:vlen i:flags
    sendmsg 15 i:sockfd p:msg i:flags
    sendto 15 i:sockfd p:buf l:len i:flags p:dest_addr i:addrlen
    set_mempolicy 15 i:mode p:nodemask l:maxnode
    set_robust_list 15 p:head l:len
    set_thread_area 2 p:u_info
    set_tid_address 15 p:tidptr
    set_tls 15 l:value
    setdomainname 15 p:name i:len
    setfsgid 5 i:fsgid
    setfsgid32 15 i:fsgid
    setfsuid 5 i:fsuid
    setfsuid32 15 i:fsuid
    setgid 5 i:gid
    setgid32 15 i:gid
    setgroups 15 i:size p:list
    setgroups32 15 i:size p:list
    sethostname 15 p:name i:len
    setitimer 15 i:which p:new_value p:old_value
    setns 15 i:fd i:nstype
    setpgid 15 i:pid i:pgid
    setpriority 15 i:which i:who i:prio
    setregid 5 i:rgid i:egid
    setregid32 15 i:rgid i:egid
    setresgid 5 i:rgid i:egid i:sgid
    setresgid32 15 i:rgid i:egid i:sgid
    setresuid 5 i:ruid i:euid i:suid
    setresuid32 15 i:ruid i:euid i:suid
    setreuid 5 i:ruid i:euid
    setreuid32 15 i:ruid i:euid
    setrlimit 15 i:resource p:rlim
    setsockopt 15 i:sockfd i:level i:optname p:optval i:optlen
    settimeofday 15 p:tv p:tz
    setuid 5 i:uid
    setuid32 15 i:uid
    setxattr 15 p:path p:name p:value l:size i:flags
    setxattrat 15 i:dirfd p:path i:at_flags p:name p:args l:size
    shmat 15 i:shmid p:shmaddr i:shmflg
    shmctl 15 i:shmid i:cmd p:buf
    shmdt 15 p:shmaddr
    shmget 15 i:key l:size i:shmflg
    shutdown 15 i:sockfd i:how
    sigaltstack 15 p:ss p:old_ss
    signalfd 15 i:fd p:mask l:size
    signalfd4 15 i:fd p:mask l:size i:flags
    socket 15 i:domain i:type i:protocol
    socketcall 15 i:call p:args
    socketpair 15 i:domain i:type i:protocol p:sv
    splice 15 i:fd_in p:off_in i:fd_out p:off_out l:len i:flags
    stat 15 p:pathname p:statbuf
    stat64 15 p:pathname p:statbuf
    statmount 15 p:req p:smbuf l:bufsize i:flags
    statx 15 i:dirfd p:pathname i:flags i:mask p:statxbuf
    swapoff 15 p:path
    swapon 15 p:path i:swapflags
    symlink 15 p:target p:linkpath
    symlinkat 15 p:target i:newdirfd p:linkpath
    sync_file_range 2 i:fd i:offset_low i:offset_high i:nbytes_low i:nbytes_high i:flags
    sync_file_range 5 i:fd l:offset l:nbytes i:flags
    syncfs 15 i:fd
    sysfs 15 i:option l:first l:second
    sysinfo 15 p:info
    syslog 15 i:type p:bufp i:len
    tee 15 i:fd_in i:fd_out l:len i:flags
    tgkill 15 i:tgid i:tid i:sig
    timer_create 15 i:clockid p:sevp p:timerid
    timerfd_create 15 i:clockid i:flags
    timerfd_gettime 15 i:fd p:curr_value
    timerfd_settime 15 i:fd i:flags p:new_value p:old_value
    tkill 15 i:tid i:sig
    truncate 15 p:path l:length
    truncate64 2 p:path i:length_low i:length_high
    truncate64 8 p:path i:pad i:length_low i:length_high
    ugetrlimit 15 i:resource p:rlim
    umask 15 i:mask
    umount 15 p:target
    umount2 15 p:target i:flags
    uname 15 p:buf
    unlink 15 p:pathname
    unlinkat 15 i:dirfd p:pathname i:flags
    unshare 15 l:flags
    userfaultfd 15 i:flags
    utimensat 15 i:dirfd p:pathname p:times i:flags
    utimensat_time64 15 i:dirfd p:pathname p:times i:flags
    vmsplice 15 i:fd p:iov l:nr_segs i:flags
    wait4 15 i:pid p:wstatus i:options p:rusage
    waitid 15 i:idtype i:id p:infop i:options p:rusage
    waitpid 15 i:pid p:wstatus i:options
    write 15 i:fd p:buf l:count
    writev 15 i:fd p:iov l:iovcnt

    """)
}
