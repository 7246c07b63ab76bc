"""The table of tools, and the shell tool as the host has it."""

import os
import signal
import subprocess


def execute_run_shell_command(command, stats, reason=None, timeout=30, **kwargs):
    """Runs a command under timeout(1) in a group of its own; errors are text, never exceptions."""
    try:
        process = subprocess.Popen(
            ["timeout", "--kill-after=5", str(timeout), "bash", "-c", command], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, preexec_fn=os.setsid)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=10)
            stats.tool_errors += 1
            return "Error: Command '{}' timed out after {} seconds.".format(command, timeout)
        text = "Return code: {}\n".format(process.returncode)
        if out:
            text += "Stdout: {}\n".format(out)
        if err:
            text += "Stderr: {}\n".format(err)
        return text
    except Exception as error:
        stats.tool_errors += 1
        return "Error executing command '{}': {}".format(command, error)


INTERNAL_TOOL_FUNCTIONS = {"run_shell_command": execute_run_shell_command}
