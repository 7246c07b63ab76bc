internal import BPFAssembler

/// `nonet --dump-bpf --format oci` and its like: the policy in the words of another tool.
///
/// A profile is read back before it is printed. It is printed only if that is proven to refuse whatever the
/// policy refuses, for every call and all arguments; what it refuses beyond is said.
struct Export {
  let options: Options
  let format: ProfileFormat

  /// Prints the policy.
  ///
  /// - Throws: Why it cannot be said in that format.
  func perform() throws(Failure) {
    let architectures = options.chosenArchitectures
    guard architectures.count == 1 else { throw .oneProgram(format.name) }
    let native = architectures[0]
    let sources = try PolicySources(options)
    let policy = try ChosenPolicy(options, sources, for: native).policy
    do throws(ExportError) {
      if format == .systemd {
        let dropIn = try SystemdDropIn(policy, for: native)
        for note in dropIn.notes { tell(note) }
        return try printed(dropIn.text)
      }
      try printed(try profile(policy, native, named: sources.own.name) + "\n")
    } catch {
      throw .refused("--format \(format.name): \(error.message)")
    }
  }

  private func printed(_ text: String) throws(ExportError) {
    do throws(Failure) { try printOut(text) } catch { throw ExportError(error.message) }
  }

  private func tell(_ note: String) {
    if !options.isQuiet { say("--format \(format.name): \(note)") }
  }

  /// The profile that says the policy, with the 32-bit ABI where it can be had.
  private func profile(
    _ policy: Policy, _ native: Architecture, named name: String
  ) throws(ExportError) -> String {
    if policy.foreign == .compile, let compat = native.compat {
      // Where it cannot be said of both ABIs, the 32-bit one is left out and killed.
      do throws(ExportError) {
        let both = try ProfileText(policy, for: [native, compat], format).json(format, name: name)
        let back = try readBack(both, native)
        if try weaker(back, policy, native) == nil {
          try tellDifferences(back, policy, native)
          return both
        }
      } catch {}
    }
    let own = try ProfileText(policy, for: [native], format).json(format, name: name)
    let back = try readBack(own, native)
    if let call = try weaker(back, policy, native) {
      let name = Syscall.at(number: call.number, on: native)?.name ?? "call \(call.number)"
      throw ExportError(
        "a profile cannot say what the policy says of \(name), and would allow more")
    }
    try tellDifferences(back, policy, native)
    return own
  }

  private func readBack(_ text: String, _ native: Architecture) throws(ExportError) -> Policy {
    do throws(ProfileError) {
      let document = try ProfileDocument(Array(text.utf8), named: "profile")
      return try document.policy(for: ProfileTarget(architecture: native, kernel: nil)).policy
    } catch {
      throw ExportError("the profile is not read back, please report this: \(error.message)")
    }
  }

  /// A call that the profile allows and the policy refuses; `nil` where it is proven that there is none.
  private func weaker(
    _ profile: Policy, _ policy: Policy, _ native: Architecture
  ) throws(ExportError) -> SystemCall? {
    do throws(CheckedProgram.Failure) {
      return try profile.met(policy).differences(from: profile, for: native).first?.example
    } catch {
      throw ExportError("the profile cannot be compared with the policy: \(error.description)")
    }
  }

  private func tellDifferences(
    _ profile: Policy, _ policy: Policy, _ native: Architecture
  ) throws(ExportError) {
    do throws(CheckedProgram.Failure) {
      for difference in try profile.differences(from: policy, for: native) {
        tell(
          "\(difference.subjectWords(for: native)): '\(difference.own)', and the policy says "
            + "'\(difference.other)'")
      }
    } catch {
      throw ExportError("the profile cannot be compared with the policy: \(error.description)")
    }
  }
}
