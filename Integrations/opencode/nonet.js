// Confines every command that opencode's agent runs, with nonet.
//
// Copy this file into ~/.config/opencode/plugins/ (or .opencode/plugins/ of a project). It asks
// `nonet --hook` how a command is to be run, so that the quoting, the options and the decision what is
// confined already are those of nonet itself. Throwing is what blocks a tool in opencode, so anything
// that is not a clear answer throws.

import { spawnSync } from "node:child_process"
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, isAbsolute, join } from "node:path"

// Options for nonet, for example ["--policy", "strict"].
const OPTIONS = []

// Longer than nonet takes before it blocks by itself.
const TIMEOUT = 10_000

const looksLikeShell = /bash|shell|exec|command|terminal/i

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

// $NONET, where it is a path (inside of nonet it says what confines), else along $PATH.
function program() {
  const told = process.env.NONET ?? ""
  if (isAbsolute(told)) {
    if (isProgram(told)) return told
    throw new Error(`nonet: blocked: NONET names '${told}', which is no program`)
  }
  // A folder that is not absolute depends on where the agent works.
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)
  const found = folders.map((folder) => join(folder, "nonet")).find(isProgram)
  if (found) return found
  throw new Error("nonet: blocked: nonet was not found along PATH; install it, or set NONET to its path")
}

function confined(command) {
  // The question of Claude Code, whose answer has the whole of the tool's input.
  const question = {
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command },
  }
  const done = spawnSync(program(), ["--hook", "claude-code", ...OPTIONS], {
    input: JSON.stringify(question),
    encoding: "utf8",
    timeout: TIMEOUT,
    maxBuffer: 16 << 20,
  })
  if (done.error) throw new Error(`nonet: blocked: ${done.error.message}`)
  if (done.status !== 0) {
    throw new Error(done.stderr.trim() || `nonet: blocked: nonet --hook ended with ${done.signal ?? done.status}`)
  }
  // No objection: the command is already what nonet itself would make of it.
  if (done.stdout === "{}\n") return command
  const rewritten = JSON.parse(done.stdout)?.hookSpecificOutput?.updatedInput?.command
  if (typeof rewritten !== "string" || rewritten === command) {
    throw new Error("nonet: blocked: nonet --hook gave an answer that this plugin does not know")
  }
  return rewritten
}

export const Nonet = async () => ({
  "tool.execute.before": async (input, output) => {
    if (input?.tool === "bash") {
      if (typeof output?.args?.command !== "string") {
        throw new Error("nonet: blocked: the command is no string")
      }
      output.args.command = confined(output.args.command)
      return
    }
    if (typeof input?.tool !== "string" || looksLikeShell.test(input.tool)) {
      throw new Error(`nonet: blocked: the tool '${input?.tool}' looks like a shell that this plugin does not know`)
    }
  },
})
