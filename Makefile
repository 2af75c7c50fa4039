# Each target makes the environment first if there is none: make run PYTHON=python3.12
# Windows has no make: py -3.12 -m course_tools.bootstrap run
PYTHON ?= python3
COURSE = @$(PYTHON) -m course_tools.bootstrap
.PHONY: help run slides site test lab list doctor store release evidence mutants lint bench bench-quick lock clean
help: ; $(COURSE) help
run: ; $(COURSE) run $(NB) $(ARGS)
slides: ; $(COURSE) slides $(NB) $(ARGS)
site: ; $(COURSE) site $(ARGS)
test: ; $(COURSE) test $(ARGS)
lab: ; $(COURSE) lab $(ARGS)
list: ; $(COURSE) list
doctor: ; $(COURSE) doctor
store: ; $(COURSE) store $(NB) $(ARGS)
release: ; $(COURSE) release $(NB) $(ARGS)
evidence: ; $(COURSE) evidence $(NB) $(ARGS)
mutants: ; $(COURSE) mutants $(ARGS)
lint: ; $(COURSE) lint
bench: ; $(COURSE) bench $(ARGS)
bench-quick: ; $(COURSE) bench-quick $(ARGS)
lock: ; $(COURSE) lock $(ARGS)
clean: ; $(COURSE) clean
