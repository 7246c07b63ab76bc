// swift-format-ignore-file
// Generated from prototypes.tsv by generate.awk; do not edit: `make tables`.

enum PrototypeTable {
  static let rows = TextTable(
    """
    _llseek f i:fd l:offset_high l:offset_low p:result i:whence
    _newselect f i:nfds p:readfds p:writefds p:exceptfds p:timeout
    accept f i:sockfd p:addr p:addrlen
    accept4 f i:sockfd p:addr p:addrlen i:flags
    access f p:pathname i:mode
    acct f p:filename
    add_key f p:type p:description p:payload l:plen i:keyring
    adjtimex f p:buf
    arch_prctl f i:option l:addr
    arm_fadvise64_64 f i:fd i:advice i:offset_low i:offset_high i:len_low i:len_high
    arm_sync_file_range f i:fd i:flags i:offset_low i:offset_high i:nbytes_low i:nbytes_high
    bind f i:sockfd p:addr i:addrlen
    bpf f i:cmd p:attr i:size
    brk f l:addr
    cacheflush f l:start l:end i:flags
    cachestat f i:fd p:cstat_range p:cstat i:flags
    capget f p:hdrp p:datap
    capset f p:hdrp p:datap
    chdir f p:path
    chmod f p:pathname i:mode
    chown 1 p:pathname i:owner i:group
    chown32 f p:pathname i:owner i:group
    chroot f p:path
    clock_adjtime f i:clk_id p:buf
    clock_adjtime64 f i:clk_id p:buf
    clock_getres f i:clockid p:res
    clock_gettime f i:clockid p:tp
    clock_gettime64 f i:clockid p:tp
    clock_nanosleep f i:clockid i:flags p:request p:remain
    clock_settime f i:clockid p:tp
    clock_settime64 f i:clockid p:tp
    clone 1 i:flags l:stack p:parent_tid p:child_tid l:tls
    clone e i:flags l:stack p:parent_tid l:tls p:child_tid
    clone3 f p:cl_args l:size
    close f i:fd
    close_range f i:first i:last i:flags
    connect f i:sockfd p:addr i:addrlen
    copy_file_range f i:fd_in p:off_in i:fd_out p:off_out l:len i:flags
    creat f p:pathname i:mode
    delete_module f p:name i:flags
    dup f i:oldfd
    dup2 f i:oldfd i:newfd
    dup3 f i:oldfd i:newfd i:flags
    epoll_create f i:size
    epoll_create1 f i:flags
    epoll_ctl f i:epfd i:op i:fd p:event
    epoll_pwait f i:epfd p:events i:maxevents i:timeout p:sigmask l:sigsetsize
    epoll_pwait2 f i:epfd p:events i:maxevents p:timeout p:sigmask l:sigsetsize
    epoll_wait f i:epfd p:events i:maxevents i:timeout
    eventfd f i:initval
    eventfd2 f i:initval i:flags
    execve f p:pathname p:argv p:envp
    execveat f i:dirfd p:pathname p:argv p:envp i:flags
    exit f i:status
    exit_group f i:status
    faccessat f i:dirfd p:pathname i:mode
    faccessat2 f i:dirfd p:pathname i:mode i:flags
    fadvise64 2 i:fd i:offset_low i:offset_high l:len i:advice
    fadvise64 5 i:fd l:offset l:len i:advice
    fadvise64_64 f i:fd i:offset_low i:offset_high i:len_low i:len_high i:advice
    fallocate 5 i:fd i:mode l:offset l:len
    fallocate a i:fd i:mode i:offset_low i:offset_high i:len_low i:len_high
    fanotify_init f i:flags i:event_f_flags
    fanotify_mark 5 i:fanotify_fd i:flags l:mask i:dirfd p:pathname
    fanotify_mark a i:fanotify_fd i:flags i:mask_low i:mask_high i:dirfd p:pathname
    fchdir f i:fd
    fchmod f i:fd i:mode
    fchmodat f i:dirfd p:pathname i:mode
    fchmodat2 f i:dirfd p:pathname i:mode i:flags
    fchown 5 i:fd i:owner i:group
    fchown32 f i:fd i:owner i:group
    fchownat f i:dirfd p:pathname i:owner i:group i:flags
    fcntl f i:fd i:cmd l:arg
    fcntl64 f i:fd i:cmd l:arg
    fdatasync f i:fd
    finit_module f i:fd p:param_values i:flags
    flock f i:fd i:operation
    fsconfig f i:fd i:cmd p:key p:value i:aux
    fsetxattr f i:fd p:name p:value l:size i:flags
    fsmount f i:fd i:flags i:attr_flags
    fsopen f p:fsname i:flags
    fspick f i:dirfd p:path i:flags
    fstat f i:fd p:statbuf
    fstat64 f i:fd p:statbuf
    fstatat64 f i:dirfd p:pathname p:statbuf i:flags
    fsync f i:fd
    ftruncate f i:fd l:length
    ftruncate64 2 i:fd i:length_low i:length_high
    ftruncate64 8 i:fd i:pad i:length_low i:length_high
    futex f p:uaddr i:futex_op i:val p:timeout p:uaddr2 i:val3
    futex_requeue f p:waiters i:flags i:nr_wake i:nr_requeue
    futex_time64 f p:uaddr i:futex_op i:val p:timeout p:uaddr2 i:val3
    futex_wait f p:uaddr l:val l:mask i:flags p:timeout i:clockid
    futex_waitv f p:waiters i:nr_futexes i:flags p:timeout i:clockid
    futex_wake f p:uaddr l:mask i:nr i:flags
    get_mempolicy f p:mode p:nodemask l:maxnode l:addr l:flags
    get_robust_list f i:pid p:head_ptr p:sizep
    get_thread_area 2 p:u_info
    getcpu f p:cpu p:node p:tcache
    getdents f i:fd p:dirp i:count
    getdents64 f i:fd p:dirp i:count
    getpeername f i:sockfd p:addr p:addrlen
    getpgid f i:pid
    getpriority f i:which i:who
    getrandom f p:buf l:buflen i:flags
    getrlimit f i:resource p:rlim
    getrusage f i:who p:usage
    getsid f i:pid
    getsockname f i:sockfd p:addr p:addrlen
    getsockopt f i:sockfd i:level i:optname p:optval p:optlen
    init_module f p:module_image l:len p:param_values
    inotify_add_watch f i:fd p:pathname i:mask
    inotify_init1 f i:flags
    inotify_rm_watch f i:fd i:wd
    io_cancel f l:ctx_id p:iocb p:result
    io_destroy f l:ctx_id
    io_getevents f l:ctx_id l:min_nr l:nr p:events p:timeout
    io_setup f i:nr_events p:ctx_idp
    io_submit f l:ctx_id l:nr p:iocbpp
    io_uring_enter f i:fd i:to_submit i:min_complete i:flags p:argp l:argsz
    io_uring_register f i:fd i:opcode p:arg i:nr_args
    io_uring_setup f i:entries p:params
    ioctl f i:fd i:cmd l:arg
    ioperm f l:from l:num i:turn_on
    iopl f i:level
    ioprio_get f i:which i:who
    ioprio_set f i:which i:who i:ioprio
    ipc f i:call i:first l:second l:third p:ptr l:fifth
    kcmp f i:pid1 i:pid2 i:type l:idx1 l:idx2
    kexec_file_load f i:kernel_fd i:initrd_fd l:cmdline_len p:cmdline l:flags
    kexec_load f l:entry l:nr_segments p:segments l:flags
    keyctl f i:operation l:second l:third l:fourth l:fifth
    kill f i:pid i:sig
    landlock_add_rule f i:ruleset_fd i:rule_type p:rule_attr i:flags
    landlock_create_ruleset f p:attr l:size i:flags
    landlock_restrict_self f i:ruleset_fd i:flags
    lchown 1 p:pathname i:owner i:group
    lchown32 f p:pathname i:owner i:group
    link f p:oldpath p:newpath
    linkat f i:olddirfd p:oldpath i:newdirfd p:newpath i:flags
    listen f i:sockfd i:backlog
    listmount f p:req p:mnt_ids l:nr_mnt_ids i:flags
    lseek f i:fd l:offset i:whence
    lsetxattr f p:path p:name p:value l:size i:flags
    lsm_get_self_attr f i:attr p:ctx p:size i:flags
    lsm_set_self_attr f i:attr p:ctx i:size i:flags
    lstat f p:pathname p:statbuf
    lstat64 f p:pathname p:statbuf
    madvise f l:addr l:length i:advice
    map_shadow_stack f l:addr l:size i:flags
    mbind f l:addr l:len l:mode p:nodemask l:maxnode i:flags
    membarrier f i:cmd i:flags i:cpu_id
    memfd_create f p:name i:flags
    memfd_secret f i:flags
    migrate_pages f i:pid l:maxnode p:old_nodes p:new_nodes
    mincore f l:addr l:length p:vec
    mkdir f p:pathname i:mode
    mkdirat f i:dirfd p:pathname i:mode
    mknod f p:pathname i:mode i:dev
    mknodat f i:dirfd p:pathname i:mode i:dev
    mlock f l:addr l:len
    mlock2 f l:addr l:len i:flags
    mlockall f i:flags
    mmap 2 p:args
    mmap 5 l:addr l:length l:prot l:flags i:fd l:offset
    mmap2 f l:addr l:length l:prot l:flags i:fd l:pgoffset
    modify_ldt f i:func p:ptr l:bytecount
    mount f p:source p:target p:filesystemtype l:mountflags p:data
    mount_setattr f i:dirfd p:pathname i:flags p:attr l:size
    move_mount f i:from_dirfd p:from_pathname i:to_dirfd p:to_pathname i:flags
    move_pages f i:pid l:count p:pages p:nodes p:status i:flags
    mprotect f l:addr l:len l:prot
    mq_notify f i:mqdes p:sevp
    mq_open f p:name i:oflag i:mode p:attr
    mq_unlink f p:name
    mremap f l:old_address l:old_size l:new_size l:flags l:new_address
    mseal f l:addr l:len l:flags
    msgctl f i:msqid i:cmd p:buf
    msgget f i:key i:msgflg
    msgrcv f i:msqid p:msgp l:msgsz l:msgtyp i:msgflg
    msgsnd f i:msqid p:msgp l:msgsz i:msgflg
    msync f l:addr l:length i:flags
    munlock f l:addr l:len
    munmap f l:addr l:length
    name_to_handle_at f i:dirfd p:pathname p:handle p:mount_id i:flags
    nanosleep f p:req p:rem
    newfstatat f i:dirfd p:pathname p:statbuf i:flags
    nice f i:inc
    open f p:pathname i:flags i:mode
    open_by_handle_at f i:mount_fd p:handle i:flags
    open_tree f i:dirfd p:pathname i:flags
    open_tree_attr f i:dirfd p:pathname i:flags p:attr l:size
    openat f i:dirfd p:pathname i:flags i:mode
    openat2 f i:dirfd p:pathname p:how l:size
    perf_event_open f p:attr i:pid i:cpu i:group_fd l:flags
    personality f i:persona
    pidfd_getfd f i:pidfd i:targetfd i:flags
    pidfd_open f i:pid i:flags
    pidfd_send_signal f i:pidfd i:sig p:info i:flags
    pipe f p:pipefd
    pipe2 f p:pipefd i:flags
    pivot_root f p:new_root p:put_old
    pkey_alloc f l:flags l:access_rights
    pkey_free f i:pkey
    pkey_mprotect f l:addr l:len l:prot i:pkey
    poll f p:fds i:nfds i:timeout
    ppoll f p:fds i:nfds p:tmo_p p:sigmask l:sigsetsize
    ppoll_time64 f p:fds i:nfds p:tmo_p p:sigmask l:sigsetsize
    prctl f i:option l:second l:third l:fourth l:fifth
    pread64 2 i:fd p:buf l:count i:offset_low i:offset_high
    pread64 5 i:fd p:buf l:count l:offset
    pread64 8 i:fd p:buf l:count i:pad i:offset_low i:offset_high
    preadv f i:fd p:iov l:iovcnt l:pos_l l:pos_h
    preadv2 f i:fd p:iov l:iovcnt l:pos_l l:pos_h i:flags
    prlimit64 f i:pid i:resource p:new_limit p:old_limit
    process_madvise f i:pidfd p:iovec l:vlen i:advice i:flags
    process_mrelease f i:pidfd i:flags
    process_vm_readv f i:pid p:local_iov l:liovcnt p:remote_iov l:riovcnt l:flags
    process_vm_writev f i:pid p:local_iov l:liovcnt p:remote_iov l:riovcnt l:flags
    pselect6 f i:nfds p:readfds p:writefds p:exceptfds p:timeout p:sigmask
    pselect6_time64 f i:nfds p:readfds p:writefds p:exceptfds p:timeout p:sigmask
    ptrace f l:request i:pid l:addr l:data
    pwrite64 2 i:fd p:buf l:count i:offset_low i:offset_high
    pwrite64 5 i:fd p:buf l:count l:offset
    pwrite64 8 i:fd p:buf l:count i:pad i:offset_low i:offset_high
    pwritev f i:fd p:iov l:iovcnt l:pos_l l:pos_h
    pwritev2 f i:fd p:iov l:iovcnt l:pos_l l:pos_h i:flags
    quotactl f i:cmd p:special i:id p:addr
    quotactl_fd f i:fd i:cmd i:id p:addr
    read f i:fd p:buf l:count
    readahead 2 i:fd i:offset_low i:offset_high l:count
    readahead 5 i:fd l:offset l:count
    readahead 8 i:fd i:pad i:offset_low i:offset_high l:count
    readlink f p:pathname p:buf i:bufsiz
    readlinkat f i:dirfd p:pathname p:buf i:bufsiz
    readv f i:fd p:iov l:iovcnt
    reboot f i:magic i:magic2 i:cmd p:arg
    recv f i:sockfd p:buf l:len i:flags
    recvfrom f i:sockfd p:buf l:len i:flags p:src_addr p:addrlen
    recvmmsg f i:sockfd p:msgvec i:vlen i:flags p:timeout
    recvmmsg_time64 f i:sockfd p:msgvec i:vlen i:flags p:timeout
    recvmsg f i:sockfd p:msg i:flags
    remap_file_pages f l:addr l:size l:prot l:pgoff l:flags
    rename f p:oldpath p:newpath
    renameat f i:olddirfd p:oldpath i:newdirfd p:newpath
    renameat2 f i:olddirfd p:oldpath i:newdirfd p:newpath i:flags
    request_key f p:type p:description p:callout_info i:dest_keyring
    rmdir f p:pathname
    rseq f p:rseq i:rseq_len i:flags i:sig
    rt_sigaction f i:signum p:act p:oldact l:sigsetsize
    rt_sigprocmask f i:how p:set p:oldset l:sigsetsize
    rt_sigqueueinfo f i:tgid i:sig p:info
    rt_tgsigqueueinfo f i:tgid i:tid i:sig p:info
    sched_getaffinity f i:pid i:cpusetsize p:mask
    sched_getattr f i:pid p:attr i:size i:flags
    sched_getparam f i:pid p:param
    sched_getscheduler f i:pid
    sched_setaffinity f i:pid i:cpusetsize p:mask
    sched_setattr f i:pid p:attr i:flags
    sched_setparam f i:pid p:param
    sched_setscheduler f i:pid i:policy p:param
    seccomp f i:operation i:flags p:args
    select 1 i:nfds p:readfds p:writefds p:exceptfds p:timeout
    select 2 p:args
    semctl f i:semid i:semnum i:cmd l:arg
    semget f i:key i:nsems i:semflg
    semop f i:semid p:sops i:nsops
    semtimedop f i:semid p:sops i:nsops p:timeout
    semtimedop_time64 f i:semid p:sops i:nsops p:timeout
    send f i:sockfd p:buf l:len i:flags
    sendfile f i:out_fd i:in_fd p:offset l:count
    sendfile64 f i:out_fd i:in_fd p:offset l:count
    sendmmsg f i:sockfd p:msgvec i:vlen i:flags
    sendmsg f i:sockfd p:msg i:flags
    sendto f i:sockfd p:buf l:len i:flags p:dest_addr i:addrlen
    set_mempolicy f i:mode p:nodemask l:maxnode
    set_robust_list f p:head l:len
    set_thread_area 2 p:u_info
    set_tid_address f p:tidptr
    set_tls f l:value
    setdomainname f p:name i:len
    setfsgid 5 i:fsgid
    setfsgid32 f i:fsgid
    setfsuid 5 i:fsuid
    setfsuid32 f i:fsuid
    setgid 5 i:gid
    setgid32 f i:gid
    setgroups f i:size p:list
    setgroups32 f i:size p:list
    sethostname f p:name i:len
    setitimer f i:which p:new_value p:old_value
    setns f i:fd i:nstype
    setpgid f i:pid i:pgid
    setpriority f i:which i:who i:prio
    setregid 5 i:rgid i:egid
    setregid32 f i:rgid i:egid
    setresgid 5 i:rgid i:egid i:sgid
    setresgid32 f i:rgid i:egid i:sgid
    setresuid 5 i:ruid i:euid i:suid
    setresuid32 f i:ruid i:euid i:suid
    setreuid 5 i:ruid i:euid
    setreuid32 f i:ruid i:euid
    setrlimit f i:resource p:rlim
    setsockopt f i:sockfd i:level i:optname p:optval i:optlen
    settimeofday f p:tv p:tz
    setuid 5 i:uid
    setuid32 f i:uid
    setxattr f p:path p:name p:value l:size i:flags
    setxattrat f i:dirfd p:path i:at_flags p:name p:args l:size
    shmat f i:shmid p:shmaddr i:shmflg
    shmctl f i:shmid i:cmd p:buf
    shmdt f p:shmaddr
    shmget f i:key l:size i:shmflg
    shutdown f i:sockfd i:how
    sigaltstack f p:ss p:old_ss
    signalfd f i:fd p:mask l:size
    signalfd4 f i:fd p:mask l:size i:flags
    socket f i:domain i:type i:protocol
    socketcall f i:call p:args
    socketpair f i:domain i:type i:protocol p:sv
    splice f i:fd_in p:off_in i:fd_out p:off_out l:len i:flags
    stat f p:pathname p:statbuf
    stat64 f p:pathname p:statbuf
    statmount f p:req p:smbuf l:bufsize i:flags
    statx f i:dirfd p:pathname i:flags i:mask p:statxbuf
    swapoff f p:path
    swapon f p:path i:swapflags
    symlink f p:target p:linkpath
    symlinkat f p:target i:newdirfd p:linkpath
    sync_file_range 2 i:fd i:offset_low i:offset_high i:nbytes_low i:nbytes_high i:flags
    sync_file_range 5 i:fd l:offset l:nbytes i:flags
    syncfs f i:fd
    sysfs f i:option l:first l:second
    sysinfo f p:info
    syslog f i:type p:bufp i:len
    tee f i:fd_in i:fd_out l:len i:flags
    tgkill f i:tgid i:tid i:sig
    timer_create f i:clockid p:sevp p:timerid
    timerfd_create f i:clockid i:flags
    timerfd_gettime f i:fd p:curr_value
    timerfd_settime f i:fd i:flags p:new_value p:old_value
    tkill f i:tid i:sig
    truncate f p:path l:length
    truncate64 2 p:path i:length_low i:length_high
    truncate64 8 p:path i:pad i:length_low i:length_high
    ugetrlimit f i:resource p:rlim
    umask f i:mask
    umount f p:target
    umount2 f p:target i:flags
    uname f p:buf
    unlink f p:pathname
    unlinkat f i:dirfd p:pathname i:flags
    unshare f l:flags
    userfaultfd f i:flags
    utimensat f i:dirfd p:pathname p:times i:flags
    utimensat_time64 f i:dirfd p:pathname p:times i:flags
    vmsplice f i:fd p:iov l:nr_segs i:flags
    wait4 f i:pid p:wstatus i:options p:rusage
    waitid f i:idtype i:id p:infop i:options p:rusage
    waitpid f i:pid p:wstatus i:options
    write f i:fd p:buf l:count
    writev f i:fd p:iov l:iovcnt

    """)
}
