// Confines every command that Amp's agent runs, with nonet.
//
// Copy this file into ~/.config/amp/plugins/ (or .amp/plugins/ of a project). It asks `nonet --hook` how a
// command is to be run, so that the quoting, the options and the decision what is confined already are those
// of nonet itself. Anything that is not a clear answer rejects the call.

import { spawnSync } from "node:child_process"
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, isAbsolute, join } from "node:path"

// Options for nonet, for example ["--policy", "strict"].
const OPTIONS = []

// Longer than nonet takes before it blocks by itself.
const TIMEOUT = 10_000

// The tools that run a command, and what they call it in their input.
const SHELLS = { Bash: ["cmd", "command"], shell_command: ["command", "cmd"] }
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
    throw new Error(`NONET names '${told}', which is no program`)
  }
  // A folder that is not absolute depends on where the agent works.
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)
  const found = folders.map((folder) => join(folder, "nonet")).find(isProgram)
  if (found) return found
  throw new Error("nonet was not found along PATH; install it, or set NONET to its path")
}

// `thread` is what Amp calls the conversation: with --loopback among OPTIONS its commands share one network.
function confined(command, thread) {
  // The question of Codex, whose shell keeps no folder either.
  const question = {
    ...(typeof thread === "string" ? { session_id: thread } : {}),
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command },
  }
  const done = spawnSync(program(), ["--hook", "codex", ...OPTIONS], {
    input: JSON.stringify(question),
    encoding: "utf8",
    timeout: TIMEOUT,
    maxBuffer: 16 << 20,
  })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(done.stderr.trim() || `nonet --hook ended with ${done.signal ?? done.status}`)
  // No objection: the command is already what nonet itself would make of it.
  if (done.stdout === "{}\n") return command
  const rewritten = JSON.parse(done.stdout)?.hookSpecificOutput?.updatedInput?.command
  if (typeof rewritten !== "string" || rewritten === command) {
    throw new Error("nonet --hook gave an answer that this plug-in does not know")
  }
  return rewritten
}

// What Amp is to do with a call of a tool.
function decide(event, shellCommand) {
  const { tool, input } = event
  const names = Object.hasOwn(SHELLS, tool) ? SHELLS[tool] : undefined
  if (names) {
    const given = names.filter((name) => input?.[name] !== undefined)
    if (given.length !== 1 || typeof input[given[0]] !== "string") throw new Error("there is no one command that is a string")
    return { action: "modify", input: { ...input, [given[0]]: confined(input[given[0]], event.thread?.id) } }
  }
  // Amp knows its own shells best.
  if (typeof tool !== "string" || looksLikeShell.test(tool) || shellCommand?.(event)) {
    throw new Error(`the tool '${tool}' looks like a shell that this plug-in does not know`)
  }
  return { action: "allow" }
}

export default function (amp) {
  amp.on("tool.call", async (event) => {
    try {
      return decide(event, amp.helpers?.shellCommandFromToolCall)
    } catch (error) {
      const reason = String(error?.message ?? error)
      return { action: "reject-and-continue", message: reason.startsWith("nonet: ") ? reason : `nonet: blocked: ${reason}` }
    }
  })
}
