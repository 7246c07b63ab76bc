"""Runs one AI Coder through the steps on standard input; what each gave goes to the file named, as JSON.

A step is `["say", "/command word ..."]`, `["shell", {keyword arguments}]`, `["call", [positional], {keyword}]`
or `["python", "code"]`, which sees `app`, `tools` and `plugin`. Works with the real AI Coder on PYTHONPATH.
"""

import contextlib
import io
import json
import sys

steps = json.load(sys.stdin)
answers = []
console = io.StringIO()


def finish():
    with open(sys.argv[1], "w") as file:
        json.dump(answers, file)


with contextlib.redirect_stdout(console):
    from aicoder.app import AICoder
    from aicoder.tool_manager.executor import INTERNAL_TOOL_FUNCTIONS as tools
    try:
        app = AICoder()
    except SystemExit as error:
        answers.append([None, str(error)])
        finish()
        sys.exit(1)
    handler = app.command_handlers.get("/sandbox-net") if hasattr(app, "command_handlers") else None
    plugin = getattr(handler, "__globals__", None)
answers.append([None, console.getvalue()])

for kind, *rest in steps:
    console = io.StringIO()
    with contextlib.redirect_stdout(console):
        if kind == "say":
            name, *words = rest[0].split()
            result = app.command_handlers[name](words)
        elif kind == "shell":
            result = tools["run_shell_command"](tool_index=1, total_tools=1, stats=app.stats, **rest[0])
        elif kind == "call":
            positional = [app.stats if one == "STATS" else one for one in rest[0]]
            result = tools["run_shell_command"](*positional, **rest[1])
        else:
            place = {"app": app, "tools": tools, "plugin": plugin, "result": None}
            exec(rest[0], place)
            result = place["result"]
    answers.append([result, console.getvalue()])
finish()
