// swift-format-ignore-file
// Generated from constants.tsv by generate.awk; do not edit: `make tables`.

enum ConstantTable {
  static let rows = TextTable(
    """
    AF_INET 2
    AF_INET6 10
    AF_NETLINK 16
    AF_UNIX 1
    NETLINK_ROUTE 0
    NULL 0
    SOCK_DGRAM 2
    SOCK_SEQPACKET 5
    SOCK_STREAM 1
    TIOCLINUX 0x541c
    TIOCSTI 0x5412

    """)
}
