internal import BPFAssembler

/// A profile with the text that it was read from, for messages.
struct ProfileDocument {
  private let name: String
  private let bytes: [UInt8]
  private let profile: Profile
  private let warnings: [ProfileMessage]

  /// Reads a profile.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - name: What it is called.
  /// - Throws: What is wrong with it, with line, column, offset and path.
  init(_ bytes: [UInt8], named name: String) throws(ProfileError) {
    self.name = name
    self.bytes = bytes
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONDocument(bytes, ProfileReader.options)
    } catch {
      let place = Profile.Place(path: "", offset: error.offset)
      throw ProfileError(ProfileMessage(place, error.problem.words).words("error", name, bytes))
    }
    var reader = ProfileReader()
    do throws(ProfileMessage) {
      profile = try reader.profile(document.root)
    } catch {
      throw ProfileError(error.words("error", name, bytes))
    }
    warnings = reader.warnings
  }

  /// The profile as a policy, and its warnings in words.
  ///
  /// - Parameter target: The machine that it is for.
  /// - Returns: Both.
  /// - Throws: Entries that contradict each other.
  func policy(for target: ProfileTarget) throws(ProfileError) -> (
    policy: Policy, warnings: [String]
  ) {
    do throws(ProfileMessage) {
      let resolved = try profile.resolved(for: target, named: name)
      let all = (warnings + resolved.warnings).sorted { $0.place.offset < $1.place.offset }
      var said: [String] = []
      var words: [String] = []
      // What is said of one entry need not be said of the next.
      for warning in all where !said.contains(warning.text) {
        said.append(warning.text)
        words.append(warning.words("warning", name, bytes))
      }
      return (resolved.policy, words)
    } catch {
      throw ProfileError(error.words("error", name, bytes))
    }
  }
}

/// Why a profile is not used, in words.
struct ProfileError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
