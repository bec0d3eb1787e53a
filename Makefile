# Everything that a checkout needs: Python 3.11 or later, and make.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help run test check clean
.DELETE_ON_ERROR:

help:
	@echo 'make run     set up .venv and train the two-layer network on MNIST to 97 % test accuracy'
	@echo 'make test    set up .venv and run the tests'
	@echo 'make check   everything that CI runs: format, lint, types, sizes, tests, wheel, lowest versions, examples'
	@echo 'make clean   remove .venv and caches; runs/, your trained networks, stays'
	@echo ''
	@echo 'make run ARGS="mnist --hidden 100 --epochs 5"    any arguments of: chainrule train'
	@echo 'make test ARGS="-k sigmoid --seed 7"             any arguments of: pytest'
	@echo 'make check ARGS="lint types"                     only these stages'
	@echo 'make test PYTHON=python3.13                      another Python (make clean first)'

run: ARGS ?= mnist --target-accuracy 0.97
run: .venv/run.stamp
	$(BIN)/chainrule train $(ARGS)

test: .venv/test.stamp
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal $(ARGS)

check:
	@scripts/check $(ARGS)

# Both installs are editable, so the one made first is never a stale copy for the other.
.venv/run.stamp: pyproject.toml | $(BIN)/python
	@echo 'Installing chainrule[fast] into .venv; this happens once ...'
	@$(PIP) install --editable '.[fast]'
	@touch $@

.venv/test.stamp: pyproject.toml | $(BIN)/python
	@echo 'Installing chainrule[dev] into .venv; this happens once ...'
	@$(PIP) install --editable '.[dev]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "chainrule needs Python 3.11 or later, and '$(PYTHON)' is not that." >&2; \
	  echo "Name one that is: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo 'Making a virtual environment in .venv ...'
	@$(PYTHON) -m venv --clear .venv || { \
	  rm -rf .venv; \
	  echo "'$(PYTHON)' cannot make virtual environments with pip: the module ensurepip is missing." >&2; \
	  echo "On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }

clean:
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
