/// The version, and the line that is shown with a mistake; `HelpText` has the rest.
enum Help {
  static var version: String { HelpText.version }

  static let usage = "usage: nonet [OPTION]... [--] COMMAND [ARG]...   (nonet -h says more)"
}
