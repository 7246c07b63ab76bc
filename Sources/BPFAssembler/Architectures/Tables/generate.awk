# Writes one Swift table from one .tsv: awk -v table=syscalls -f generate.awk syscalls.tsv
#
# A table is a single StaticString of rows sorted by their first word, fields apart by one space:
# read-only data that costs no relocation, no start-up and no work for the type checker.
# Only syscalls.tsv also needs arrays, from a number to the place of its row.

BEGIN {
  FS = "\t"
  # The ABIs are the columns of syscalls.tsv; in a prototype's mask each has the bit of its column.
  syscalls = ARGV[1]
  sub(/[^\/]*$/, "syscalls.tsv", syscalls)
  while ((getline line < syscalls) > 0 && line !~ /^name\t/) continue
  columns = split(line, abi, "\t")
  for (i = 2; i <= columns; i++) { abis[abi[i]] = 2 ^ (i - 2); all_abis += abis[abi[i]] }
  kinds["int"] = "i"; kinds["long"] = "l"; kinds["pointer"] = "p"
  type["syscalls"] = "SyscallTable"; type["prototypes"] = "PrototypeTable"
  type["constants"] = "ConstantTable"; type["errnos"] = "ErrnoTable"; type["sets"] = "SetTable"
  if (!(table in type)) fail("unknown table " table)
}

/^#/ || /^$/ || /^name\t/ { next }

table == "syscalls" {
  if (NF != columns) fail(columns " fields expected")
  text = $1
  for (i = 2; i <= columns; i++) text = text " " $i
  add($1, text)
}
table == "prototypes" { add($1, $1 " " mask($3) parameters($2)) }
table == "constants" { add($1, $1 " " $2 ($3 == "" ? "" : " " $3)) }
table == "sets" { add($1, $1 " " $2) }
table == "errnos" { add($1, $1 " " $2 ($3 == "" ? "" : " " $3)) }

END {
  if (failed) exit 1
  sort()
  print "// swift-format-ignore-file"
  print "// Generated from " table ".tsv by generate.awk; do not edit: `make tables`."
  print ""
  print "enum " type[table] " {"
  print "  static let rows = TextTable("
  print "    \"\"\""
  for (i = 1; i <= count; i++) {
    offset[i] = length_so_far + 0
    print "    " row[i]
    length_so_far += length(row[i]) + 1
  }
  # The empty line makes the last row end like all others.
  print ""
  print "    \"\"\")"
  if (length_so_far >= 65535) fail("rows do not fit 16-bit offsets")
  if (table == "syscalls") {
    # Numbers of no ordinary table: __ARM_NR_BASE + 1 and up (arch/arm/include/uapi/asm/unistd.h).
    print "  static let firstPrivate: UInt32 = 983041"
    for (i = 2; i <= columns; i++) {
      order(abi[i], i, 0, 4095)
      if (order(abi[i] "Private", i, 983041, 983072)) privates[i] = 1
    }
  }
  print "}"
  if (table == "syscalls") by_architecture()
  if (failed) exit 1
}

function fail(why) {
  print FILENAME ":" FNR ": " why | "cat 1>&2"
  failed = 1
  exit 1
}

function add(name, text) {
  if (name !~ (table == "sets" ? "^[a-z-]+$" : "^[A-Za-z0-9_]+$") || text ~ /[\\"]/) fail("odd row " text)
  row[++count] = text
}

# Insertion sort; the input is nearly sorted. A space is less than every byte of a name, so whole
# rows order as their names do.
function sort(  i, j, held) {
  for (i = 2; i <= count; i++) {
    held = row[i]
    for (j = i - 1; j >= 1 && (row[j] "") > (held ""); j--) row[j + 1] = row[j]
    row[j + 1] = held
  }
}

# "x86_64,aarch64" -> the number whose bits are those ABIs; nothing means all.
function mask(list,  words, n, i, sum) {
  if (list == "") return all_abis
  n = split(list, words, ",")
  for (i = 1; i <= n; i++) {
    if (!(words[i] in abis)) fail("unknown ABI " words[i])
    sum += abis[words[i]]
  }
  return sum
}

# "int:fd pointer:buf" -> " i:fd p:buf".
function parameters(list,  words, n, i, parts, text) {
  n = split(list, words, " ")
  if (n > 6) fail("more than six parameters")
  for (i = 1; i <= n; i++) {
    if (split(words[i], parts, ":") != 2 || !(parts[1] in kinds)) fail("odd parameter " words[i])
    text = text " " kinds[parts[1]] ":" parts[2]
  }
  return text
}

# The columns as Swift asks for them; an architecture without a column is an error of the compiler.
function by_architecture(  i) {
  print ""
  print "extension Architecture {"
  print "  /// The column of the ABI's numbers in `SyscallTable.rows`."
  print "  var column: Int {"
  print "    switch self {"
  for (i = 2; i <= columns; i++) print "    case ." abi[i] ": " i - 1
  print "    }"
  print "  }"
  print ""
  print "  /// From an ordinary number to the row of its call."
  print "  var rowsByNumber: [UInt16] {"
  print "    switch self {"
  for (i = 2; i <= columns; i++) print "    case ." abi[i] ": SyscallTable." abi[i]
  print "    }"
  print "  }"
  print ""
  print "  /// From a number less `SyscallTable.firstPrivate` to the row of its call."
  print "  var rowsByPrivateNumber: [UInt16] {"
  print "    switch self {"
  for (i = 2; i <= columns; i++) print "    case ." abi[i] ": " ((i in privates) ? "SyscallTable." abi[i] "Private" : "[]")
  print "    }"
  print "  }"
  print "}"
}

# An array from number - first to the offset of its row, 65535 where no call has that number; nothing
# and 0 where none lies from first to last.
function order(name, column, first, last,  i, fields, at, n, newest, line) {
  newest = first - 1
  for (i = 1; i <= count; i++) {
    split(row[i], fields, " ")
    n = fields[column]
    if (n == "-" || n + 0 < first || n + 0 > last) continue
    if ((n + 0) in at) fail("number " n " twice in " name)
    at[n + 0] = offset[i]
    if (n + 0 > newest) newest = n + 0
  }
  if (newest < first) return 0
  print "  static let " name ": [UInt16] = ["
  line = "   "
  for (i = first; i <= newest; i++) {
    line = line " " ((i in at) ? at[i] : 65535) ","
    if ((i - first) % 14 == 13) { print line; line = "   " }
  }
  if (line != "   ") print line
  print "  ]"
  return 1
}
