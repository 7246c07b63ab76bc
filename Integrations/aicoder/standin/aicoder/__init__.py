"""A stand-in for AI Coder: as much of it as a plug-in for the shell tool meets.

Written from its contract: the loader and its swallowing of exceptions, the order in which things come to
be, the table of tools, and how the shell tool starts and ends a command.
"""
