/// What a filter can return, by the names in linux/seccomp.h; the low 16 bits of `errno` are a number.
public enum SeccompReturn {
  /// Ends the process.
  public static let killProcess: UInt32 = 0x8000_0000
  /// Refuses with the errno in the low half.
  public static let errno: UInt32 = 0x0005_0000
  /// Asks a supervisor.
  public static let userNotification: UInt32 = 0x7fc0_0000
  /// Allows, and tells the audit log.
  public static let log: UInt32 = 0x7ffc_0000
  /// Makes the call.
  public static let allow: UInt32 = 0x7fff_0000
}
