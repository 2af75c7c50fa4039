"""Grading what a class handed in: ``python -m course_tools grade``.

`submissions` reads folders and archives, `answers` takes the exercises out of a
notebook, `sandbox` runs them elsewhere, `inside` is what runs there, `values` carries
results back, `verdicts` compares them here, `command` goes through the class and
`page` writes what came of it.
"""
