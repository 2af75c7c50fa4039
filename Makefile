# Each target makes the environment first if there is none: make run PYTHON=python3.12
# Windows has no make: py -3.12 -m course_tools.bootstrap run
PYTHON ?= python3
COMMANDS = help list run slides handout site lab doctor test test-long release grade copy fresh quiz cards fetch \
	wheels retrain recognize new map store evidence choose mutants bench bench-quick lint lock canary clean
.PHONY: $(COMMANDS)
$(COMMANDS): ; @$(PYTHON) -m course_tools.bootstrap $@ $(NB) $(ARGS)
