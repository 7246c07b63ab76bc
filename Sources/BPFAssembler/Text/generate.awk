# Writes HiddenCharacters.swift from the files of the Unicode Character Database, in this order:
#   awk -f generate.awk DerivedCoreProperties.txt PropList.txt DerivedGeneralCategory.txt
#
# Hidden is what shows nothing of its own, turns the direction of writing, drives a terminal or is no
# character: by property (UAX #44), never by a list of names.

BEGIN {
  FS = "[;#]"
  split("Default_Ignorable_Code_Point Bidi_Control Noncharacter_Code_Point Cc Cf Cs Zl Zp", names, " ")
  for (i in names) wanted[names[i]] = 1
  for (i = 0; i < 16; i++) digit[substr("0123456789ABCDEF", i + 1, 1)] = i
}

FNR == 1 && match($0, /-[0-9.]+\.txt/) {
  here = substr($0, RSTART + 1, RLENGTH - 5)
  if (version == "") version = here
  if (version != here) fail("files of Unicode " version " and " here)
}

/^[0-9A-F]/ {
  gsub(/ /, "", $1); gsub(/ /, "", $2)
  if (!($2 in wanted)) next
  count = split($1, ends, /\.\./)
  first = number(ends[1]); last = count > 1 ? number(ends[2]) : first
  for (code = first; code <= last; code++) hidden[code] = 1
}

END {
  if (failed) exit 1
  if (version == "" || !(27 in hidden) || !(8238 in hidden)) fail("not the files that are expected")
  if (failed) exit 1
  print "// swift-format-ignore-file"
  print "// Generated from Unicode " version " by generate.awk; do not edit: `make tables`."
  print ""
  print "extension Unicode.Scalar {"
  print "  /// Whether the character cannot be seen, or does something to what can: control and format"
  print "  /// characters, what is ignorable by default, marks of direction, separators of lines, and"
  print "  /// noncharacters. A character that is not assigned yet is seen, as a box."
  print "  package var isHidden: Bool {"
  print "    switch value {"
  line = "    case"
  for (code = 0; code <= 1114112; code++) {
    if ((code in hidden) == inside) continue
    inside = code in hidden
    if (inside) { start = code; continue }
    range = sprintf(start == code - 1 ? " 0x%x," : " 0x%x...0x%x,", start, code - 1)
    if (length(line range) > 100) { print line; line = "     " }
    line = line range
  }
  print substr(line, 1, length(line) - 1) ":"
  print "      true"
  print "    case _: false"
  print "    }"
  print "  }"
  print "}"
}

function number(text,  i, sum) {
  for (i = 1; i <= length(text); i++) sum = 16 * sum + digit[substr(text, i, 1)]
  return sum
}

function fail(why) {
  print why | "cat 1>&2"
  failed = 1
  exit 1
}
