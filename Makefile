# Everything runs in .venv, which is made on first use and again when the dependencies change.
PYTHON ?= python3
# Every worker, kernel and command that the tests start reads what the first of them compiled.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
SAMPLE ?= plain
BOOKS ?= 1000
MINUTES ?= inf

.PHONY: report test check thorough slow browser certify bench lab clean format

report: .venv/run.stamp  ## the report of the bundled sample: reports/<quarter>/index.html
	$(BIN)/postmortem run --engagement data/samples/$(SAMPLE) --output reports

test: .venv/dev.stamp  ## the fast suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

thorough: .venv/dev.stamp  ## the rest of what continuous integration checks
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'thorough and not slow'

slow: .venv/dev.stamp  ## the long checks
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

browser: .venv/dev.stamp  ## the pages in Debian's chromium; skipped with a reason where it is absent
	$(BIN)/python -m pytest -rs -m browser

check: .venv/dev.stamp  ## format, lint, types and the fast suite
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: .venv/dev.stamp  ## write the format that check expects
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev.stamp  ## ratios against the alternatives, in interleaved runs
	$(BIN)/python -m benchmarks

certify: .venv/run.stamp  ## how often the answers are right on simulated data: make certify BOOKS=1000 WRITE=1
	$(BIN)/python -m benchmarks.certify --books $(BOOKS) --minutes $(MINUTES) $(if $(WRITE),--write)

lab: .venv/lab.stamp  ## JupyterLab on the bundled sample
	$(BIN)/postmortem lab --engagement data/samples/$(SAMPLE)

clean:
	rm -rf .venv reports build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/run.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/dev.stamp: .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

.venv/lab.stamp: .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[lab]"
	touch $@
