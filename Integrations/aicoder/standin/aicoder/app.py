"""The application: plug-ins are loaded first, and told when the commands are there."""

from . import loader
from .tool_manager import executor


class Stats:
    tool_errors = 0


class AICoder:
    def __init__(self):
        plugins = loader.load_plugins()
        self.stats = Stats()
        self.tool_manager = executor
        self.command_handlers = {"/help": lambda args: (False, False)}
        loader.notify_plugins_of_aicoder_init(plugins, self)
