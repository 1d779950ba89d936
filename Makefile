# Everything runs from .venv; python3.11, make and git are all it needs.
PYTHON ?= python3.11
BIN := .venv/bin
# Bytecode halves the time every command and every Airflow process takes to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up down test lint bench install install-dev

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: install ## take an invented practice from dropped files to a published build
	$(BIN)/daysheet demo

up: install ## start Postgres, Airflow and a local mailbox
	$(BIN)/daysheet up

down: ## stop them all; data stays
	@test ! -x $(BIN)/daysheet || $(BIN)/daysheet down

test: install-dev ## run every test
	$(BIN)/pytest

lint: install-dev ## check the style of Python and SQL, and the house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint sql templates
	$(BIN)/pytest -q tests/house

bench: install-dev ## measure loading, building and Airflow against bare Postgres (ARGS=--help)
	$(BIN)/python -m tests.bench $(ARGS)

install: .venv/installed ## make the environment that runs it

install-dev: .venv/installed-dev ## make the environment that tests it

.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q -j 0 .venv/lib plugins
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@
