internal import CLinuxShims

/// What a person is told of an errno, in the words of GNU's strerror(3), whatever C library is linked.
func errorText(_ number: CInt) -> String {
  var row = differing.utf8Start
  let end = row + differing.utf8CodeUnitCount
  while row < end {
    var start = row
    var value: CInt = 0
    while start < end, start.pointee != UInt8(ascii: " ") {
      value = value &* 10 &+ CInt(start.pointee &- UInt8(ascii: "0"))
      start += 1
    }
    start = min(start + 1, end)
    var next = start
    while next < end, next.pointee != UInt8(ascii: "\n") { next += 1 }
    if value == number {
      return String(decoding: UnsafeBufferPointer(start: start, count: next - start), as: UTF8.self)
    }
    row = min(next + 1, end)
  }
  guard let text = strerror(number) else { return "errno \(number)" }
  return String(cString: text)
}

/// Those for which musl has other words or none: the number, a space and the words.
private let differing: StaticString = """
  5 Input/output error
  10 No child processes
  12 Cannot allocate memory
  16 Device or resource busy
  18 Invalid cross-device link
  24 Too many open files
  25 Inappropriate ioctl for device
  29 Illegal seek
  33 Numerical argument out of domain
  34 Numerical result out of range
  35 Resource deadlock avoided
  36 File name too long
  40 Too many levels of symbolic links
  44 Channel number out of range
  45 Level 2 not synchronized
  46 Level 3 halted
  47 Level 3 reset
  48 Link number out of range
  49 Protocol driver not attached
  50 No CSI structure available
  51 Level 2 halted
  52 Invalid exchange
  53 Invalid request descriptor
  54 Exchange full
  55 No anode
  56 Invalid request code
  57 Invalid slot
  59 Bad font file format
  62 Timer expired
  64 Machine is not on the network
  65 Package not installed
  66 Object is remote
  68 Advertise error
  69 Srmount error
  70 Communication error on send
  73 RFS specific error
  75 Value too large for defined data type
  76 Name not unique on network
  78 Remote address changed
  79 Can not access a needed shared library
  80 Accessing a corrupted shared library
  81 .lib section in a.out corrupted
  82 Attempting to link in too many shared libraries
  83 Cannot exec a shared library directly
  84 Invalid or incomplete multibyte or wide character
  85 Interrupted system call should be restarted
  86 Streams pipe error
  87 Too many users
  88 Socket operation on non-socket
  90 Message too long
  95 Operation not supported
  98 Address already in use
  99 Cannot assign requested address
  101 Network is unreachable
  102 Network dropped connection on reset
  103 Software caused connection abort
  106 Transport endpoint is already connected
  107 Transport endpoint is not connected
  108 Cannot send after transport endpoint shutdown
  109 Too many references: cannot splice
  110 Connection timed out
  113 No route to host
  115 Operation now in progress
  117 Structure needs cleaning
  118 Not a XENIX named type file
  119 No XENIX semaphores available
  120 Is a named type file
  122 Disk quota exceeded
  130 Owner died
  132 Operation not possible due to RF-kill
  133 Memory page has hardware error
  """
