internal import CLinuxShims

/// What an inherited descriptor is, as far as a way out is concerned.
enum DescriptorKind: Equatable {
  case closed
  /// A socket, by its family and type as socket(2) has them.
  case socket(domain: UInt32, type: UInt32)
  /// A socket that an outer filter lets nobody ask about.
  case secretSocket
  /// An io_uring, whose kernel thread may take orders from shared memory without any call.
  case ring
  /// A device that leads to a network.
  case device(Device)
  /// A map, a program or a link of bpf(2), which may be attached to a network.
  case program
  /// What has no file behind it, where /proc does not tell which of these it is: a ring perhaps.
  case nameless
  /// A folder that the command would have too: its ".." leads into the mounts of whoever opened it.
  case folder
  /// A file, a pipe, a terminal and all else.
  case other

  enum Device: Equatable {
    case tun, tap, vhost, ppp
  }
}

/// Looks at a descriptor.
///
/// What it is, is asked of fstat(2), which no filter refuses for sockets alone.
///
/// - Throws: What keeps us from knowing.
func kind(of descriptor: CInt) throws(SystemError) -> DescriptorKind {
  var status = stat()
  do throws(SystemError) {
    _ = try attempt("fstat") { fstat(descriptor, &status) }
  } catch {
    if error.number == EBADF { return .closed }
    throw error
  }
  switch status.st_mode & mode_t(S_IFMT) {
  case mode_t(S_IFSOCK): return kindOfSocket(descriptor)
  // A ring is an anonymous inode, as epoll and eventfd are: of no type of file.
  case 0: return kindOfAnonymous(descriptor)
  case mode_t(S_IFDIR): return nonet_closes_on_exec(descriptor) == 1 ? .other : .folder
  case mode_t(S_IFCHR): return kindOfDevice(descriptor, UInt64(status.st_rdev))
  case _: return .other
  }
}

private func kindOfSocket(_ descriptor: CInt) -> DescriptorKind {
  do throws(SystemError) {
    let domain = try socketOption(SO_DOMAIN, of: descriptor)
    return .socket(domain: domain, type: try socketOption(SO_TYPE, of: descriptor))
  } catch {
    // With O_PATH it is the name of a socket in the file system, and no socket.
    return nonet_is_only_name(descriptor) == 1 ? .other : .secretSocket
  }
}

/// Whether a socket has an other end (getpeername(2)).
func isConnected(_ descriptor: CInt) -> Bool {
  var address = sockaddr()
  var size = socklen_t(MemoryLayout<sockaddr>.size)
  return getpeername(descriptor, &address, &size) == 0
}

private func kindOfDevice(_ descriptor: CInt, _ number: UInt64) -> DescriptorKind {
  switch nonet_device_kind(descriptor, number) {
  case NONET_DEVICE_TUN: .device(.tun)
  case NONET_DEVICE_TAP: .device(.tap)
  case NONET_DEVICE_VHOST: .device(.vhost)
  case NONET_DEVICE_PPP: .device(.ppp)
  case _: .other
  }
}

private func socketOption(_ option: CInt, of descriptor: CInt) throws(SystemError) -> UInt32 {
  var value: UInt32 = 0
  var length = socklen_t(MemoryLayout<UInt32>.size)
  _ = try attempt("getsockopt") { getsockopt(descriptor, SOL_SOCKET, option, &value, &length) }
  return value
}

/// Tells a ring, and what belongs to bpf(2), from other files without a name; only these cost a look into /proc.
private func kindOfAnonymous(_ descriptor: CInt) -> DescriptorKind {
  let number = nonet_open_own_folder()
  if number < 0 { return .nameless }
  let folder = Descriptor(owning: number)
  var target = [CChar](repeating: 0, count: 32)
  let count = readlinkat(folder.number, "fd/\(descriptor)", &target, target.count)
  if count < 0 { return .nameless }
  let bytes = target.prefix(count).lazy.map { UInt8(bitPattern: $0) }
  // bpf-map, bpf-prog, bpf_link and others (anon_inode_getfd in kernel/bpf/syscall.c).
  if bytes.starts(with: "anon_inode:bpf".utf8) { return .program }
  return bytes.elementsEqual("anon_inode:[io_uring]".utf8) ? .ring : .other
}

/// Closes a descriptor.
func closeDescriptor(_ descriptor: CInt) throws(SystemError) {
  _ = try attempt("close") { close(descriptor) }
}

/// The open descriptors from 3 upwards, in any order; those of the search itself are not among them.
///
/// - Throws: What kept the search from seeing all of them.
func openDescriptors() throws(SystemError) -> [CInt] {
  guard let folder = opendir("/proc/self/fd") else { return try openDescriptorsWithoutProc() }
  defer { closedir(folder) }
  let own = dirfd(folder)
  var found: [CInt] = []
  var seesItself = false
  while true {
    nonet_clear_errno()
    guard let entry = readdir(folder) else {
      let number = nonet_errno()
      if number != 0 { throw SystemError(call: "readdir of /proc/self/fd", number: number) }
      // What is no procfs, or another process's, does not list what is open here.
      let isOwn = seesItself && nonet_is_procfs(own) == 1
      return isOwn ? found : try openDescriptorsWithoutProc().filter { $0 != own }
    }
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
    }
    guard let number = CInt(name) else { continue }
    if number == own { seesItself = true } else if number > 2 { found.append(number) }
  }
}

/// Tries every number that can be one, where /proc is not mounted or another's.
///
/// - Throws: EMFILE where there are too many numbers to try.
private func openDescriptorsWithoutProc() throws(SystemError) -> [CInt] {
  // The kernel's own bound, /proc/sys/fs/nr_open, is 2^20 unless somebody raised it.
  let most: CInt = 1 << 20
  guard sysconf(CInt(_SC_OPEN_MAX)) <= Int(most) else {
    throw SystemError(call: "looking for descriptors without /proc", number: EMFILE)
  }
  return (3..<most).filter { isOpen($0) }
}
