// Confines every command that opencode's agent runs, with nonet; for opencode 1 and 2.
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

const looksLikeShell = /bash|shell|exec|command|terminal|process|^(run|pty|sh)$/i

// Whatever the tool is called: what it is given is a command line. opencode's own `task` has a slash command there.
const commandNames = new Set(["command", "cmd", "commands", "script"])

function hasCommand(input) {
  return typeof input === "object" && input !== null && Object.keys(input).some((name) => commandNames.has(name.toLowerCase()))
}

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

// `session` is what opencode calls the conversation: with --loopback among OPTIONS its commands share one network.
function confined(command, session) {
  // The question of Codex, whose shell keeps no folder either.
  const question = {
    ...(typeof session === "string" ? { session_id: session } : {}),
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

// One call of a tool: `input` is what it is given, and is changed in place.
function guard(tool, shell, input, session) {
  if (tool === shell) {
    if (typeof input?.command !== "string") throw new Error("nonet: blocked: the command is no string")
    input.command = confined(input.command, session)
    return input.command
  }
  if (typeof tool !== "string" || looksLikeShell.test(tool) || (tool !== "task" && hasCommand(input))) {
    throw new Error(`nonet: blocked: the tool '${tool}' looks like a shell that this plugin does not know`)
  }
}

export default {
  id: "nonet",

  // opencode 1 calls this, and takes the hooks that it returns.
  server: async () => ({
    "tool.execute.before": async (input, output) => {
      guard(input?.tool, "bash", output?.args, input?.sessionID)
    },
  }),

  // opencode 2 calls this, and is told each hook.
  setup: async (context) => {
    // What was confined for the tool and has not come to its shell yet, the newest last.
    const made = new Set()
    await context.tool.hook("execute.before", async (event) => {
      const command = guard(event?.tool, "shell", event?.input, event?.sessionID)
      if (command === undefined) return
      made.add(command)
      if (made.size > 256) made.delete(made.values().next().value)
    })
    // Commands that come to a shell by another way, such as the user's own, are in no conversation. Those of the tool
    // are confined by then, and stay as they are.
    await context.shell?.hook("create.before", async (event) => {
      // An array, or nothing beside `args`, would start a program all the same.
      if (typeof event?.command !== "string") throw new Error("nonet: blocked: the command is no string")
      if (event.command === "" || made.delete(event.command)) return
      event.command = confined(event.command)
    })
  },
}
