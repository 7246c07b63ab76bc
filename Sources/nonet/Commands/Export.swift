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
    let chosen = try ChosenPolicy(options, sources, for: native)
    let (policy, layers) = (chosen.policy, chosen.layers)
    do throws(ExportError) {
      if format == .systemd {
        let dropIn = try SystemdDropIn(policy, hasNamespace: layers.hasNamespace, for: native)
        for note in dropIn.notes { tell(note) }
        tellOfLayers(layers)
        return try printed(dropIn.text)
      }
      let text = try profile(policy, native, named: sources.own.name)
      tellOfLayers(layers)
      if !policy.defaultVerdict.refuses, policy.rules.contains(where: { $0.verdict.refuses }) {
        note(
          "is a list of what is refused here: an engine allows each call of it that it does not know by name; with "
            + "--merge the engine's own profile stays")
      }
      try printed(text + "\n")
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

  /// Says something that holds whatever the calls are.
  private func note(_ words: String) {
    if !options.isQuiet { say("--format \(format.name) \(words)") }
  }

  /// Says which layers of the policy are no part of the format.
  private func tellOfLayers(_ layers: Layers) {
    if layers.hasNamespace, format != .systemd {
      note(
        "has no network of its own, without which IP sockets reach the network outside: give the container none "
          + "(--network none)")
    }
    let names = [
      layers.hasLandlock ? "landlock" : nil, layers.hasDescriptors ? "descriptors" : nil,
      layers.hasCapabilities ? "capabilities" : nil, layers.hasSettings ? "settings" : nil,
      layers.hasSockets ? "sockets" : nil,
    ].compactMap { $0 }
    if !names.isEmpty { note("leaves these layers out: \(names.joined(separator: ", "))") }
  }

  /// The profile that says the policy, with the 32-bit ABI where it can be had.
  private func profile(
    _ policy: Policy, _ native: Architecture, named name: String
  ) throws(ExportError) -> String {
    if policy.foreign == .compile, let compat = native.compat {
      // Where it cannot be said of both ABIs, the 32-bit one is left out and killed.
      do throws(ExportError) {
        return try profile(policy, [native, compat], named: name)
      } catch {}
    }
    return try profile(policy, [native], named: name)
  }

  private func profile(
    _ policy: Policy, _ architectures: [Architecture], named name: String
  ) throws(ExportError) -> String {
    let native = architectures[0]
    let text = try ProfileText(policy, for: architectures, format).json(format, name: name)
    let back = try readBack(text, native)
    let differences: [PolicyDifference]
    var weaker: PolicyDifference?
    do throws(CheckedProgram.Failure) {
      differences = try back.differences(from: policy, for: native)
      for difference in differences {
        // No name of a profile reaches these numbers, so that they cannot be said at all.
        if difference.subject == .x32WithoutBit { continue }
        if try back.refusesMore(in: difference, than: policy, for: native) { continue }
        weaker = difference
        break
      }
    } catch {
      throw ExportError("the profile cannot be compared with the policy: \(error.description)")
    }
    if let weaker {
      throw ExportError(
        "a profile cannot say what the policy says of \(weaker.subjectWords(for: native)), and would "
          + "allow more")
    }
    for difference in differences {
      tell(
        "\(difference.subjectWords(for: native)): '\(difference.own)', and the policy says "
          + "'\(difference.other)'")
    }
    return text
  }

  private func readBack(_ text: String, _ native: Architecture) throws(ExportError) -> Policy {
    do throws(ProfileError) {
      let document = try ProfileDocument(Array(text.utf8), named: "profile")
      return try document.policy(for: ProfileTarget(architecture: native, kernel: nil)).policy
    } catch {
      throw ExportError("the profile is not read back, please report this: \(error.message)")
    }
  }
}
