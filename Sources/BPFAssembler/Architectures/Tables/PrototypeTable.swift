// swift-format-ignore-file
// Generated from prototypes.tsv by generate.awk; do not edit: `make tables`.

enum PrototypeTable {
  static let rows = TextTable(
    """
    socket f i:domain i:type i:protocol

    """)
}
