"""Settings as people have them: install, status and uninstall give back the same bytes.

The layouts are rebuilt from public settings files of these hosts, with other contents.
"""

import json
import os
import shutil

import pytest

from support.hooks import KNOWN
from support.run import Launcher

C, X, G, U, P, D, Q, R, V, N, A, S, K = ("claude-code", "codex", "gemini-cli", "cursor", "copilot-cli", "droid", "qwen-code", "crush", "devin",
                                         "goose", "antigravity", "vscode", "kimi")
FILES = [
    (C, '{\n  "permissions": {\n    "allow": [\n      "Bash(npm run lint)",\n      "Read(~/.zshrc)"\n    ],\n    "deny": []\n  },\n  "env": {\n    "FOO": "1"\n  }\n}\n'),
    (C, '{\n    "$schema": "https://example.org/s.json",\n    "model": "opus",\n    "hooks": {\n        "Stop": [\n            { "hooks": [ { "type": "command", "command": "say done" } ] }\n        ]\n    },\n    "statusLine": {"type": "command", "command": "~/bin/line"}\n}'),
    (C, '{"hooks":{"PreToolUse":[{"matcher":"Edit|Write","hooks":[{"type":"command","command":"fmt","timeout":5}]}]},"includeCoAuthoredBy":false}'),
    (C, '{\n\t"hooks": {\n\t\t"PreToolUse": [\n\t\t\t{\n\t\t\t\t"matcher": "Bash",\n\t\t\t\t"hooks": [\n\t\t\t\t\t{\n\t\t\t\t\t\t"type": "command",\n\t\t\t\t\t\t"command": "jq -r .x >> ~/log"\n\t\t\t\t\t}\n\t\t\t\t]\n\t\t\t}\n\t\t],\n\t\t"PostToolUse": []\n\t}\n}\n'),
    (C, '{\r\n  "enabledPlugins": {\r\n    "a@b": true\r\n  },\r\n  "alwaysThinkingEnabled": true\r\n}\r\n'),
    (X, '{\n  "hooks": {\n    "SessionStart": [\n      {\n        "matcher": "startup|resume",\n        "hooks": [\n          {\n            "type": "command",\n            "command": "python3 ~/.codex/hooks/start.py",\n            "statusMessage": "Loading"\n          }\n        ]\n      }\n    ]\n  }\n}\n'),
    (X, '{ "hooks": { "PreToolUse": [ { "matcher": "^apply_patch$", "hooks": [ { "type": "command", "command": "x" } ] } ] } }\n'),
    (G, '{\n  // mine\n  "general": {\n    "vimMode": true, // yes\n  "x": 1\n  },\n  "security": { "auth": { "selectedType": "oauth" } }\n}\n'),
    (G, '{\n  "mcpServers": {\n    "a": { "command": "npx", "args": ["-y", "b"] }\n  },\n  "tools": {"allowed": ["run_shell_command(git)"]}\n}\n'),
    (G, '{"theme":"Default","hooks":{"AfterTool":[{"matcher":"write_file","hooks":[{"name":"n","type":"command","command":"c","timeout":5000}]}]}}'),
    (U, '{\n  "version": 1,\n  "hooks": {\n    "afterFileEdit": [\n      { "command": "./hooks/format.sh" }\n    ],\n    "stop": [{ "command": "./audit.sh" }]\n  }\n}\n'),
    (U, '{\n  "version": 1,\n  "hooks": {\n    "beforeShellExecution": [\n      {\n        "command": "./block-git.sh",\n        "matcher": "git"\n      }\n    ],\n    "beforeMCPExecution": [ { "command": "y" } ]\n  }\n}'),
    (U, '{"version":1,"hooks":{}}'),
    (P, '{\n  "version": 1,\n  "hooks": {\n    "sessionStart": [\n      {\n        "type": "command",\n        "bash": "date >> log",\n        "powershell": "Get-Date",\n        "cwd": ".",\n        "timeoutSec": 10\n      }\n    ]\n  }\n}\n'),
    (D, '{\n  "model": "m",\n  "hooks": {\n    "PostToolUse": [\n      {\n        "matcher": "Edit",\n        "hooks": [\n          {\n            "type": "command",\n            "command": "prettier",\n            "timeout": 30\n          }\n        ]\n      }\n    ]\n  },\n  "commandAllowlist": ["ls", "pwd"]\n}\n'),
    (D, '{"sessionDefaultSettings": {"autonomyLevel": "medium"}, "theme": "dark"}\n'),
    (Q, '{\n  "selectedAuthType": "openai",\n  "ui": {\n    "theme": "Qwen Dark"\n  },\n  "hooks": {\n    "Notification": [\n      {"hooks": [{"type": "command", "command": "bell", "timeout": 1000}]}\n    ]\n  }\n}\n'),
    (R, '{\n  "$schema": "https://charm.land/crush.json",\n  "lsp": {\n    "go": { "command": "gopls" }\n  },\n  "hooks": {\n    "PreToolUse": [\n      { "matcher": "^(edit|write)$", "command": "fmt" }\n    ]\n  }\n}\n'),
    (R, '{\n  // providers\n  "providers": {\n    "ollama": {\n      "base_url": "http://localhost:11434/v1/",\n      "models": [ { "id": "q", "context_window": 256000 } ]\n    }\n  }\n}\n'),
    (V, '{\n  "permissions": {\n    "allow": ["Exec(git)"]\n  },\n  "hooks": {\n    "Stop": [\n      { "hooks": [ { "type": "command", "command": "done" } ] }\n    ]\n  }\n}\n'),
    (N, '{\n  "hooks": {\n    "SessionEnd": [\n      {\n        "hooks": [\n          {\n            "type": "command",\n            "command": "${PLUGIN_ROOT}/scripts/end.sh",\n            "timeout": 120\n          }\n        ]\n      }\n    ]\n  }\n}\n'),
    (N, '{ "hooks": { "PreToolUse": [ { "matcher": "developer__shell", "hooks": [ { "command": "./no-sudo.sh", "on_failure": "block" } ] } ] } }'),
    (A, '{\n  "linter": {\n    "PostToolUse": [\n      {\n        "matcher": "run_command",\n        "hooks": [\n          {\n            "type": "command",\n            "command": "./lint.sh",\n            "timeout": 10\n          }\n        ]\n      }\n    ]\n  },\n  "gate": {\n    "enabled": false,\n    "PreToolUse": [{"matcher": "run_command", "hooks": [{"command": "./gate.sh"}]}]\n  }\n}\n'),
    (A, '{"notes":{"PreInvocation":[{"type":"command","command":"notes"}]}}\n'),
    (S, '{\n  "hooks": {\n    "PreToolUse": [\n      {\n        "type": "command",\n        "command": "./validate.sh",\n        "windows": "powershell -File validate.ps1",\n        "timeout": 15\n      }\n    ],\n    "PostToolUse": [\n      {"type": "command", "command": "npx prettier --write x"}\n    ]\n  }\n}\n'),
    (S, '{"version":1,"hooks":{"preToolUse":[{"type":"command","bash":"./guard.sh","timeoutSec":5}],"sessionStart":[]}}\n'),
    (K, '# generated, then edited\ndefault_model = "kimi/k"\ntelemetry = false\n\n[providers.kimi]\ntype = "kimi"\nbase_url = "https://api.example.org/v1"\napi_key = ""\n\n[models."kimi/k"]\nprovider = "kimi"\nmodel = "k"\nmax_context_size = 262144\n'),
    (K, '[[hooks]]\nevent = "PreToolUse"\nmatcher = "Bash"\ncommand = "node ~/.kimi-code/hooks/check.mjs"\ntimeout = 5\n\n[[hooks]]\nevent = "Notification"\nmatcher = "task\\\\.completed"\ncommand = "notify \'done\'"'),
    (K, 'theme = "dark"\r\n[permission]\r\n  # no rules yet\r\n\r\n'),
    (V, '{"version":1,"hooks":{"PreToolUse":[{"matcher":"","hooks":[{"type":"command","command":"log","timeout":5}]}]}}\n'),
]


CASES = [(number, False) for number in range(len(FILES))] + [(number, True) for number, (host, _) in enumerate(FILES) if host == C]


@pytest.mark.parametrize("number, with_prefix", CASES)
def test_the_same_bytes_come_back(nonet, me, number, with_prefix):
    host, text = FILES[number]
    # In a folder of its own: what lies beside it decides.
    program = f"{me.home}/nonet"
    shutil.copy(nonet, program)
    if with_prefix:
        os.symlink("nonet", f"{me.home}/nonet-shell")
    path = os.path.join(me.home, KNOWN[host].file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="") as file:
        file.write(text)
    hook = Launcher(me, (program, "--hook", host))
    assert hook("--status").returncode == 1 and hook("--uninstall").returncode == 0
    assert hook("--install").returncode == 0
    with open(path, newline="") as file:
        new = file.read()
    assert new != text and f"--hook {host}" in new
    if host not in (G, R, K):
        assert ("env" in json.loads(new) and "CLAUDE_CODE_SHELL_PREFIX" in json.loads(new)["env"]) == with_prefix
    assert hook("--status").returncode == int(host == X)
    assert hook("--uninstall").returncode == 0
    with open(path, newline="") as file:
        assert file.read() == text or (host != K and json.loads(text).get("hooks") == {})
