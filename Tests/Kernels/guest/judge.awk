# Holds what the probes answered against the table: awk -v preset=N [-v landlock=1] FREE INSIDE ROWS
# preset 1 to 4 are the table's columns; 0 asks only whether the probes work at all.
function text(    result) {
  if ($2 == "killed") return "killed by " $3
  return $3 == 0 ? "ok" : "errno " $3
}
BEGIN { refusal["E"] = "errno 112"; refusal["F"] = "errno 97"; refusal["N"] = "errno 38" }
FILENAME == ARGV[1] { free[$1] = text(); next }
FILENAME == ARGV[2] { inside[$1] = text(); next }
{
  answer = preset == 0 ? ($NF == "ok" ? "r" : "a") : $(2 + preset)
  if (answer == "D") answer = landlock ? "r" : "E"
  got = inside[$1]
  expected = answer in refusal ? refusal[answer] : preset == 0 ? "ok" : free[$1]
  good = answer == "a" ? got != "" && got != refusal["E"] && got !~ /killed/ : got == expected
  if (good) passed++
  else {
    failed++
    if (failed <= 20) print "FAILED " name ": " $1 ": expected " (answer == "a" ? "no refusal" : expected) ", got " got
  }
}
END { print name, passed + 0, failed + 0 }
