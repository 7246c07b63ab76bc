"""Puts the binary into the wheel, and says which machines the wheel is for.

The binary is static and asks for no loader and no library, so it runs on every Linux of its processor: on glibc
and on musl, as old as these tags can say.
"""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Binary(BuildHookInterface):
    def initialize(self, version, build_data):
        machine = os.environ["NONET_MACHINE"]
        tags = {"x86_64": "manylinux_2_5_{0}.manylinux1_{0}.musllinux_1_1_{0}", "aarch64": "manylinux_2_17_{0}.manylinux2014_{0}.musllinux_1_1_{0}"}
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + tags[machine].format(machine)
        build_data["shared_scripts"][os.environ["NONET_BINARY"]] = "nonet"
