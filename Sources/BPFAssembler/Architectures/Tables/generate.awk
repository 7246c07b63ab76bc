# Writes one Swift table from one .tsv: awk -v table=syscalls -f generate.awk syscalls.tsv
#
# A table is a single StaticString of rows sorted by their first word, fields apart by one space:
# read-only data that costs no relocation, no start-up and no work for the type checker.
# Only syscalls.tsv also needs arrays, from a number to the place of its row.

BEGIN {
  FS = "\t"
  abis["x86_64"] = 1; abis["i386"] = 2; abis["aarch64"] = 4; abis["arm"] = 8
  kinds["int"] = "i"; kinds["long"] = "l"; kinds["pointer"] = "p"
  type["syscalls"] = "SyscallTable"; type["prototypes"] = "PrototypeTable"
  type["constants"] = "ConstantTable"; type["errnos"] = "ErrnoTable"
  if (!(table in type)) fail("unknown table " table)
}

/^#/ || /^$/ || /^name\t/ { next }

table == "syscalls" {
  if (NF != 5) fail("five fields expected")
  add($1, $1 " " $2 " " $3 " " $4 " " $5)
}
table == "prototypes" { add($1, $1 " " mask($3) parameters($2)) }
table == "constants" { add($1, $1 " " $2 ($3 == "" ? "" : " " $3)) }
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
    order("x86_64", 2, 0, 4095); order("i386", 3, 0, 4095)
    order("aarch64", 4, 0, 4095); order("arm", 5, 0, 4095)
    order("armPrivate", 5, 983041, 983046)
  }
  print "}"
  if (failed) exit 1
}

function fail(why) {
  print FILENAME ":" FNR ": " why | "cat 1>&2"
  failed = 1
  exit 1
}

function add(name, text) {
  if (name !~ /^[A-Za-z0-9_]+$/ || text ~ /[\\"]/) fail("odd row " text)
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

# "x86_64,aarch64" -> the digit whose bits are those ABIs; nothing means all.
function mask(list,  words, n, i, sum) {
  if (list == "") return "f"
  n = split(list, words, ",")
  for (i = 1; i <= n; i++) {
    if (!(words[i] in abis)) fail("unknown ABI " words[i])
    sum += abis[words[i]]
  }
  return substr("0123456789abcdef", sum + 1, 1)
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

# An array from number - first to the offset of its row; 65535 where no call has that number.
function order(name, column, first, last,  i, fields, at, n, newest, line) {
  newest = first
  for (i = 1; i <= count; i++) {
    split(row[i], fields, " ")
    n = fields[column]
    if (n == "-" || n + 0 < first || n + 0 > last) continue
    if ((n + 0) in at) fail("number " n " twice in " name)
    at[n + 0] = offset[i]
    if (n + 0 > newest) newest = n + 0
  }
  print "  static let " name ": [UInt16] = ["
  line = "   "
  for (i = first; i <= newest; i++) {
    line = line " " ((i in at) ? at[i] : 65535) ","
    if ((i - first) % 14 == 13) { print line; line = "   " }
  }
  if (line != "   ") print line
  print "  ]"
}
