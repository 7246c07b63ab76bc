internal import CLinuxShims

// What the other rooms compare with, by the names of the kernel's headers: C is imported in this room alone.

typealias pid_t = CLinuxShims.pid_t
typealias uid_t = CLinuxShims.uid_t

// errno(3)
var EPERM: CInt { CLinuxShims.EPERM }
var ENOENT: CInt { CLinuxShims.ENOENT }
var ESRCH: CInt { CLinuxShims.ESRCH }
var EINTR: CInt { CLinuxShims.EINTR }
var EBADF: CInt { CLinuxShims.EBADF }
var EAGAIN: CInt { CLinuxShims.EAGAIN }
var ENOMEM: CInt { CLinuxShims.ENOMEM }
var EACCES: CInt { CLinuxShims.EACCES }
var EBUSY: CInt { CLinuxShims.EBUSY }
var ENOTDIR: CInt { CLinuxShims.ENOTDIR }
var EINVAL: CInt { CLinuxShims.EINVAL }
var ENFILE: CInt { CLinuxShims.ENFILE }
var EMFILE: CInt { CLinuxShims.EMFILE }
var ENOSPC: CInt { CLinuxShims.ENOSPC }
var ELOOP: CInt { CLinuxShims.ELOOP }
var ENOSYS: CInt { CLinuxShims.ENOSYS }
var EOPNOTSUPP: CInt { CLinuxShims.EOPNOTSUPP }
var ENOTSOCK: CInt { CLinuxShims.ENOTSOCK }
var EISCONN: CInt { CLinuxShims.EISCONN }
var EALREADY: CInt { CLinuxShims.EALREADY }
var EINPROGRESS: CInt { CLinuxShims.EINPROGRESS }
var EAFNOSUPPORT: CInt { CLinuxShims.EAFNOSUPPORT }
var EADDRINUSE: CInt { CLinuxShims.EADDRINUSE }
var EADDRNOTAVAIL: CInt { CLinuxShims.EADDRNOTAVAIL }
var ENETUNREACH: CInt { CLinuxShims.ENETUNREACH }
var EFAULT: CInt { CLinuxShims.EFAULT }
var ETIMEDOUT: CInt { CLinuxShims.ETIMEDOUT }
var ESTALE: CInt { CLinuxShims.ESTALE }

// socket(2)
var AF_UNIX: CInt { CLinuxShims.AF_UNIX }
var AF_INET: CInt { CLinuxShims.AF_INET }
var AF_INET6: CInt { CLinuxShims.AF_INET6 }
var AF_NETLINK: CInt { CLinuxShims.AF_NETLINK }

/// Types of sockets (socket(2)), as a register has them.
enum SocketType {
  static var stream: UInt32 { NONET_STREAM.rawValue }
  static var datagram: UInt32 { NONET_DATAGRAM.rawValue }
  static var raw: UInt32 { NONET_RAW.rawValue }
  static var sequence: UInt32 { NONET_SEQUENCE.rawValue }
}

// signal(7)
var SIGCHLD: CInt { CLinuxShims.SIGCHLD }
var SIGCONT: CInt { CLinuxShims.SIGCONT }
var SIGHUP: CInt { CLinuxShims.SIGHUP }
var SIGINT: CInt { CLinuxShims.SIGINT }
var SIGPIPE: CInt { CLinuxShims.SIGPIPE }
var SIGQUIT: CInt { CLinuxShims.SIGQUIT }
var SIGSTOP: CInt { CLinuxShims.SIGSTOP }
var SIGTSTP: CInt { CLinuxShims.SIGTSTP }
var SIGTTIN: CInt { CLinuxShims.SIGTTIN }
var SIGTTOU: CInt { CLinuxShims.SIGTTOU }
var SIGWINCH: CInt { CLinuxShims.SIGWINCH }
var SIGXCPU: CInt { CLinuxShims.SIGXCPU }
var SIGXFSZ: CInt { CLinuxShims.SIGXFSZ }

// stdin(3)
var STDIN_FILENO: CInt { CLinuxShims.STDIN_FILENO }
var STDOUT_FILENO: CInt { CLinuxShims.STDOUT_FILENO }
var STDERR_FILENO: CInt { CLinuxShims.STDERR_FILENO }
