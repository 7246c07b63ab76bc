"""Loads every plug-in of a folder; whatever goes wrong in one is a line on the terminal and no more."""

import importlib.util
import os
import sys


def load_plugins():
    folder = os.environ["AICODER_PLUGIN_DIR"]
    sys.path.insert(0, folder)
    loaded = []
    for name in sorted(os.listdir(folder)):
        stem, extension = os.path.splitext(name)
        if extension != ".py" or stem.startswith("_"):
            continue
        try:
            spec = importlib.util.spec_from_file_location("plugin_" + stem, os.path.join(folder, name))
            module = importlib.util.module_from_spec(spec)
            module.aicoder = sys.modules["aicoder"]
            spec.loader.exec_module(module)
            loaded.append((stem, module))
        except Exception as error:
            print("Warning: plug-in {} was not loaded: {}".format(stem, error))
    return loaded


def notify_plugins_of_aicoder_init(plugins, instance):
    for name, module in plugins:
        if hasattr(module, "on_aicoder_init"):
            try:
                module.on_aicoder_init(instance)
            except Exception as error:
                print("Warning: plug-in {} failed in on_aicoder_init: {}".format(name, error))
