internal import BPFAssembler

/// What stands around a command besides the filter, as the `layers` line of its policy asks for it.
struct Layers: Equatable {
  /// A network of its own, with nothing but `lo`.
  var hasNamespace = false
  /// A Landlock domain; where the kernel has none that fits, the filter denies `@debug` instead.
  var hasLandlock = true
  /// Inherited descriptors that lead outside are closed.
  var hasDescriptors = true
  /// Capabilities that reach a network around sockets are given up.
  var hasCapabilities = true
  /// AF_UNIX sockets among the command's own processes work, though the filter lets none be made.
  ///
  /// A supervisor sees to it, where the network is the command's own; without one they are refused.
  var hasSockets = false
  /// Settings of the kernel are read-only, and whatever else leads root outside is given up.
  var hasSettings = false

  /// What a policy without a `layers` line gets.
  init() {}

  /// Reads the words of a `layers` line.
  ///
  /// They add to what every policy gets, so that a forgotten word takes nothing away; `none` alone
  /// does that.
  ///
  /// - Parameters:
  ///   - words: The words; `nil` where there is no such line.
  ///   - errors: Gets an error for every word that is no layer.
  init(_ words: [PolicyWord]?, _ errors: inout [PolicyDiagnostic]) {
    for word in words ?? [] {
      switch word.text {
      case "namespace": hasNamespace = true
      case "settings": hasSettings = true
      case "sockets": hasSockets = true
      case "landlock", "descriptors", "capabilities": continue
      case "none" where words?.count == 1:
        (hasLandlock, hasDescriptors, hasCapabilities) = (false, false, false)
      case "none": errors.append(word.error("'none' takes all layers away, so it stands alone"))
      case _: errors.append(word.error(Self.unknown(word.text)))
      }
    }
    if hasSockets, !hasNamespace, let word = words?.first(where: { $0.text == "sockets" }) {
      errors.append(word.error("'sockets' needs 'namespace' beside it"))
    }
  }

  private static let names = [
    "namespace", "landlock", "descriptors", "capabilities", "settings", "sockets", "none",
  ]

  private static func unknown(_ word: String) -> String {
    let nearest = nearestName(to: word.utf8, among: names).map { "; did you mean '\($0)'?" } ?? ""
    return "no layer is called '\(word)'; expected \(names.joined(separator: ", "))\(nearest)"
  }
}
