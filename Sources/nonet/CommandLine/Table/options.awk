# Writes one file from the table of options:
#   awk -v make=WHAT -v version=N.N.N -f options.awk options.txt [TEMPLATE]...
# WHAT is names, apply, help, manual, bash, zsh or fish. `help` takes short.txt and help.txt as templates, a shell
# its own, and `manual` a manual page, of which it replaces the version and, where there is one, the section
# OPTIONS.
# A table that makes no sense is refused with its line, and nothing is written.

FNR == 1 { file++; path = FILENAME }
file > 1 { template(); next }
/^#/ || /^ *$/ && !(field in texts) { next }

# The lines of a text that began before; a line that is indented less ends it.
field in texts && (/^    / || /^ *$/) { add_line(substr($0, 5)); next }

/^[a-z]/ { begin_block(); next }
/^  [a-z]/ { read_field(); next }
{ fail("a block or a field expected") }

END {
  if (failed) exit 1
  check()
  if (failed) exit 1
  if (make == "names") write_names()
  else if (make == "apply") write_apply()
  else if (make == "help") write_help()
  else if (make == "manual") write_manual()
  else if (make == "bash") write_bash()
  else if (make == "zsh") write_zsh()
  else if (make == "fish") write_fish()
  else fail("nothing is called '" make "'")
  if (failed) exit 1
}

BEGIN {
  if (version !~ /^[0-9]+\.[0-9]+\.[0-9]+$/) refuse("options.awk", "the version is three numbers")
  split("manual more", words, " "); for (i in words) texts[words[i]] = 1
  split("repeats every-command brief next-word", words, " "); for (i in words) flags[words[i]] = 1
  allow("kind", "completes")
  allow("group", "title head manual")
  allow("option", "case short optional next-word kind group modes repeats every-command weakens excludes because brief help more apply manual")
  split("run dump explain diff check verify hook report session checkPolicy formatPolicy why", modes, " "); for (i in modes) known["mode", modes[i]] = 1
}

function allow(block, names, list, i) {
  split(names, list, " ")
  for (i in list) allowed[block, list[i]] = 1
}

function fail(why) { refuse(path ":" FNR, why) }

function refuse(place, why) {
  print place ": " why > "/dev/stderr"
  failed = 1
}

# Reading

function begin_block() {
  block = $1; name = $2; field = ""
  if (block != "kind" && block != "group" && block != "option") { fail("no block is called '" block "'"); return }
  if (name == "") fail("the " block " has no name")
  if ((block, name) in known) fail("there are two of '" block " " name "'")
  known[block, name] = 1
  place[block, name] = path ":" FNR
  list[block, ++count[block]] = name
  if (block == "option" && NF > 2) value[name] = $3
}

function read_field(text) {
  field = $1
  if (!((block, field) in allowed)) { fail("in a block '" block "' there is no field '" field "'"); return }
  if ((block, name, field) in has) fail("'" field "' stands twice in '" block " " name "'")
  has[block, name, field] = 1
  text = $0
  sub(/^  [a-z-]+ */, "", text)
  if (field in texts || field in flags) { if (text != "") fail("'" field "' stands alone on its line") }
  else if (text == "") fail("'" field "' needs a value")
  of[block, name, field] = text
}

function add_line(text) {
  # Blank lines between blocks belong to neither.
  if (text ~ /^ *$/) return
  of[block, name, field] = of[block, name, field] text "\n"
}

# What makes no sense

function check(i, one) {
  for (i = 1; i <= count["kind"]; i++) {
    one = list["kind", i]
    if (!(("kind", one, "completes") in has)) refuse(place["kind", one], "nothing completes the kind '" one "'")
  }
  for (i = 1; i <= count["group"]; i++) {
    one = list["group", i]
    need("group", one, "title"); need("group", one, "head")
  }
  for (i = 1; i <= count["option"]; i++) check_option(list["option", i])
}

function need(block, name, field) {
  if (!((block, name, field) in has) || of[block, name, field] == "") {
    refuse(place[block, name], "'" name "' has no " field)
  }
}

function check_option(one, at, words, i, n, limit) {
  at = place["option", one]
  if (one !~ /^--?[a-z][a-z-]*$/) refuse(at, "'" one "' is no name of an option")
  need("option", one, "case"); need("option", one, "group"); need("option", one, "help")
  need("option", one, "apply"); need("option", one, "manual")
  unique(one, "case"); unique(one, "short")
  known_name(at, "group", get(one, "group"))
  if (one in value) {
    need("option", one, "kind")
    known_name(at, "kind", get(one, "kind"))
  } else if (("option", one, "kind") in has) refuse(at, "'" one "' has a kind and no value")
  n = split(get(one, "modes"), words, " ")
  for (i = 1; i <= n; i++) known_name(at, "mode", words[i])
  if (get(one, "weakens") !~ /^(always|by-value)?$/) refuse(at, "weakens is always or by-value")
  if (("option", one, "because") in has && !(("option", one, "excludes") in has)) refuse(at, "'because' without 'excludes'")
  n = split(get(one, "excludes"), words, " ")
  for (i = 1; i <= n; i++) if (!has_case(words[i])) refuse(at, "no option has the case '" words[i] "'")
  limit = is(one, "brief") ? 57 : 77
  if (length(get(one, "help")) > limit) refuse(at, "the help of '" one "' is longer than " limit " characters")
}

function known_name(at, block, name) {
  if (name != "" && !((block, name) in known)) refuse(at, "no " block " is called '" name "'")
}

function unique(one, field, text) {
  text = get(one, field)
  if (text == "") return
  if ((field, text) in owner && owner[field, text] != one) {
    refuse(place["option", one], "'" text "' is the " field " of '" owner[field, text] "' too")
  }
  owner[field, text] = one
  if (field == "short" && ("option", text) in known) refuse(place["option", one], "'" text "' is an option itself")
}

function has_case(text, i) {
  for (i = 1; i <= count["option"]; i++) if (get(list["option", i], "case") == text) return 1
  return 0
}

function get(one, field) { return of["option", one, field] }
function is(one, field) { return ("option", one, field) in has }

# Swift

function swift_head() {
  print "// swift-format-ignore-file"
  print "// Generated from Table/options.txt by Table/options.awk; do not edit: `make options`."
  print ""
}

# The cases of the options for which `field` is `text` (or is there, where `text` is empty), for a switch.
function cases(field, text, i, one, found) {
  found = ""
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    if (text == "" ? is(one, field) : get(one, field) == text) found = found (found == "" ? "" : ", ") "." get(one, "case")
  }
  return found
}

function write_flag(comment, property, field) {
  print ""
  print "  /// " comment
  print "  var " property ": Bool {"
  print "    switch self {"
  print "    case " cases(field, "") ": true"
  print "    case _: false"
  print "    }"
  print "  }"
}

# Words as members of a Swift enumeration, parted by commas.
function members(text, words, n, i, all) {
  n = split(text, words, " ")
  for (i = 1; i <= n; i++) all = all (i > 1 ? ", " : "") "." words[i]
  return all
}

function write_names(i, one, line) {
  swift_head()
  print "/// Every option there is, so that each is either understood or refused by name."
  print "enum OptionName: String, CaseIterable {"
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    print "  case " get(one, "case") " = \"" one "\""
  }
  print ""
  print "  /// Finds an option by its name or its letter."
  print "  init?(_ text: String) {"
  print "    switch text {"
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    if (is(one, "short")) print "    case \"" get(one, "short") "\": self = ." get(one, "case")
  }
  print "    case _:"
  print "      guard let option = Self.allCases.first(where: { $0.rawValue == text }) else { return nil }"
  print "      self = option"
  print "    }"
  print "  }"
  print ""
  print "  /// What the value is; `nil` for an option that has none."
  print "  var kind: OptionKind? {"
  print "    switch self {"
  for (i = 1; i <= count["kind"]; i++) {
    one = list["kind", i]
    if (cases("kind", one) != "") print "    case " cases("kind", one) ": ." one
  }
  print "    case _: nil"
  print "    }"
  print "  }"
  write_flag("Whether a value may follow: behind an `=`, since the next word is the command where there is one.", "mayTakeValue", "optional")
  write_flag("Whether the next word may be the value that may follow.", "mayTakeNextWord", "next-word")
  write_flag("Whether it may be said again with another value, which then adds to those before.", "mayBeRepeated", "repeats")
  write_flag("Whether it may stand where commands are confined for good: in a hook or for a shell.", "isForEveryCommand", "every-command")
  print ""
  print "  /// Whether it takes protection away."
  print "  var weakening: Weakening {"
  print "    switch self {"
  print "    case " cases("weakens", "always") ": .always"
  print "    case " cases("weakens", "by-value") ": .byValue"
  print "    case _: .never"
  print "    }"
  print "  }"
  print ""
  print "  /// The options that cannot stand beside it, and why."
  print "  var exclusion: (names: [OptionName], reason: String?) {"
  print "    switch self {"
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    line = members(get(one, "excludes"))
    if (line == "") continue
    print "    case ." get(one, "case") ": ([" line "], " (is(one, "because") ? "\"" get(one, "because") "\"" : "nil") ")"
  }
  print "    case _: ([], nil)"
  print "    }"
  print "  }"
  print ""
  print "  /// Where it may stand; `nil` where that is everywhere."
  print "  var modes: [ModeName]? {"
  print "    switch self {"
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    line = members(get(one, "modes"))
    if (line == "") continue
    print "    case ." get(one, "case") ": [" line "]"
  }
  print "    case _: nil"
  print "    }"
  print "  }"
  print "}"
  print ""
  print "/// What the value of an option is."
  print "enum OptionKind: String, CaseIterable {"
  for (i = 1; i <= count["kind"]; i++) print "  case " list["kind", i]
  print "}"
}

function write_apply(i, one) {
  swift_head()
  print "internal import BPFAssembler"
  print ""
  print "extension OptionParser {"
  print "  /// Applies an option that stands alone, or may; the others have their values."
  print "  mutating func apply(_ name: OptionName, optional value: Word?) throws(Failure) {"
  print "    switch name {"
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    if (!(one in value)) print "    case ." get(one, "case") ": " get(one, "apply")
  }
  print "    case _: return"
  print "    }"
  print "  }"
  print ""
  print "  /// Applies an option with its value."
  print "  mutating func apply(_ name: OptionName, _ value: Word) throws(Failure) {"
  print "    switch name {"
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    if (one in value) print "    case ." get(one, "case") ": " get(one, "apply")
  }
  print "    case _: return"
  print "    }"
  print "  }"
  print "}"
}

# Help and manual

function template() {
  if (FNR == 1) templates++
  page[templates, ++lines[templates]] = $0
}

function write_help(i, j, names, line) {
  swift_head()
  print "/// The texts of `-h` and `--help`."
  print "enum HelpText {"
  print "  static let version = \"nonet " version "\""
  print ""
  split("short full", names, " ")
  for (i = 1; i <= templates; i++) {
    if (i > 1) print ""
    print "  static let " names[i] " = \"\"\""
    for (j = 1; j <= lines[i]; j++) {
      line = page[i, j]
      if (line == "@brief") help_brief()
      else if (line == "@options") help_options()
      else swift_line(line)
    }
    print ""
    print "    \"\"\""
  }
  print "}"
}

function swift_line(text) {
  gsub(/\\/, "\\\\", text)
  print text == "" ? "" : "    " text
}

function shown(one) {
  if (is(one, "optional")) return one (is(one, "next-word") ? " [" : "[=") get(one, "optional") "]"
  return (is(one, "short") ? get(one, "short") ", " one : one) (one in value ? " " value[one] : "")
}

function help_line(one, width, head) {
  head = "  " shown(one)
  if (length(head) < width) swift_line(sprintf("%-*s%s", width, head, get(one, "help")))
  else {
    swift_line(head)
    swift_line(sprintf("%*s%s", width, "", get(one, "help")))
  }
}

function help_brief(i) {
  for (i = 1; i <= count["option"]; i++) if (is(list["option", i], "brief")) help_line(list["option", i], 23)
}

function help_options(g, i, one, j, n, more) {
  for (g = 1; g <= count["group"]; g++) {
    swift_line(of["group", list["group", g], "head"])
    for (i = 1; i <= count["option"]; i++) {
      one = list["option", i]
      if (get(one, "group") != list["group", g]) continue
      help_line(one, 23)
      n = split(get(one, "more"), more, "\n")
      for (j = 1; j < n; j++) swift_line(sprintf("%23s%s", "", more[j]))
    }
    swift_line("")
  }
}

function roff(text) { gsub(/-/, "\\-", text); return text }

# A value as the manual writes it: names in italics, what is typed as it stands in bold, the rest upright.
function roff_value(text, n, words, i, all) {
  n = split(text, words, "|")
  for (i = 1; i <= n; i++) {
    if (words[i] ~ /^[a-z]+$/) words[i] = "\\fB" words[i] "\\fP"
    gsub(/\[/, "\\fR[\\fP", words[i]); gsub(/\]/, "\\fR].\\|.\\|.\\fP", words[i])
    all = all (i > 1 ? "\\fR|\\fP" : "") words[i]
  }
  return all
}

function manual_options(g, i, one, group) {
  for (g = 1; g <= count["group"]; g++) {
    group = list["group", g]
    print ".SS " of["group", group, "title"]
    printf "%s", of["group", group, "manual"]
    for (i = 1; i <= count["option"]; i++) {
      one = list["option", i]
      if (get(one, "group") != group) continue
      print ".TP"
      if (one in value) print ".BI " roff(one) "\\~ " roff_value(value[one])
      else if (is(one, "optional")) print ".BR " roff(one) (is(one, "next-word") ? "\\~ [\\fI" : " [=\\fI") get(one, "optional") "\\fP]"
      else if (is(one, "short")) print ".BR " roff(get(one, "short")) " ,\\~ " roff(one)
      else print ".B " roff(one)
      printf "%s", get(one, "manual")
    }
  }
}

function write_manual(i, inside) {
  for (i = 1; i <= lines[1]; i++) {
    if (page[1, i] ~ /^\.SH/) inside = 0
    if (page[1, i] ~ /^\.TH/) sub(/"nonet [^"]*"/, "\"nonet " version "\"", page[1, i])
    if (!inside) print page[1, i]
    if (page[1, i] == ".SH OPTIONS") {
      inside = 1
      print ".\\\" Generated from Sources/nonet/CommandLine/Table/options.txt; do not edit: `make options`."
      manual_options()
    }
  }
}

# Completions

function shell_head() {
  print "# Generated from Sources/nonet/CommandLine/Table/options.txt by options.awk; do not edit: `make options`."
}

function quoted(text) { gsub(/'/, "'\\''", text); return "'" text "'" }

# The names of all options with values, or of all, as one list.
function all_names(with_value, by, i, one, all) {
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    if (with_value && !(one in value)) continue
    all = all (all == "" ? "" : by) one
    if (is(one, "short")) all = all by get(one, "short")
  }
  return all
}

function names_of_kind(kind, by, i, one, all) {
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    if (one in value && get(one, "kind") == kind) all = all (all == "" ? "" : by) one
  }
  return all
}

function write_bash(i, j, kind, how, line) {
  shell_head()
  for (j = 1; j <= lines[1]; j++) {
    line = page[1, j]
    if (line == "@values") {
      for (i = 1; i <= count["kind"]; i++) {
        kind = list["kind", i]
        how = of["kind", kind, "completes"]
        if (names_of_kind(kind, " ") == "") continue
        print "    " names_of_kind(kind, " | ") ") _nonet_offer " kind " " how " ;;"
      }
    } else {
      sub(/@with-value/, all_names(1, " | "), line)
      sub(/@options/, all_names(0, " "), line)
      print line
    }
  }
}

function write_zsh(i, j, one, line, kind, spec) {
  print "#compdef nonet"
  shell_head()
  for (j = 1; j <= lines[1]; j++) {
    line = page[1, j]
    if (line != "@options") { print line; continue }
    for (i = 1; i <= count["option"]; i++) {
      one = list["option", i]
      kind = get(one, "kind")
      spec = get(one, "help")
      gsub(/[]:[]/, "\\\\&", spec)
      spec = "[" spec "]"
      if (one in value) {
        spec = spec ":" kind ":_nonet_offer " kind " " of["kind", kind, "completes"]
        print "    " quoted((is(one, "repeats") ? "*" : "") one "=" spec) " \\"
      } else if (is(one, "short")) {
        print "    " quoted("(" get(one, "short") " " one ")" one spec) " \\"
        print "    " quoted("(" get(one, "short") " " one ")" get(one, "short") spec) " \\"
      } else print "    " quoted(one spec) " \\"
    }
  }
}

function write_fish(i, j, one, line, kind, start) {
  shell_head()
  for (j = 1; j <= lines[1]; j++) {
    line = page[1, j]
    sub(/@with-value/, all_names(1, " "), line)
    print line
  }
  for (i = 1; i <= count["option"]; i++) {
    one = list["option", i]
    start = "complete -c nonet -n __nonet_has_options"
    if (one ~ /^--/) start = start " -l " substr(one, 3)
    else start = start " -s " substr(one, 2)
    if (is(one, "short")) start = start " -s " substr(get(one, "short"), 2)
    if (one in value) {
      kind = get(one, "kind")
      start = start " -x -a " quoted("(__nonet_offer " kind " " of["kind", kind, "completes"] ")")
    } else start = start " -f"
    print start " -d " quoted(get(one, "help"))
  }
}
