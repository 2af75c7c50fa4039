"""The course's commands: making the environment, running, storing, checking.

Nothing here is imported by a notebook.
"""
