.PHONY: check hostile lint lowest test

check: lint test

lint: node_modules
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	npx --no-install tsc
	npx --no-install biome check

# What checks the JavaScript of the pages; nothing of it is shipped.
node_modules: package.json
	npm install
	touch node_modules

test:
	pytest

# Thousands of hostile things, of which the suite tries a few hundred: docs/reliability.md.
hostile:
	PYTHONPATH=tests:tests/models:. python -m hostile.run

# The oldest dependencies that pyproject.toml allows, in an environment of their own. What they warn
# of is not ours to mend; test_tiers.py looks into newer ones from the inside.
LOWEST ?= .lowest
lowest:
	python3 -m venv --clear $(LOWEST)
	$(LOWEST)/bin/pip install --quiet --constraint constraints-lowest.txt --editable . \
		pytest pytest-xdist hypothesis jsonschema matplotlib pyyaml
	$(LOWEST)/bin/python -m pytest -W ignore::DeprecationWarning tests/analogy tests/analysis \
		tests/checkpoint tests/commands tests/corpus tests/families tests/forward tests/referee \
		tests/report tests/verify/test_verdict.py tests/test_public.py tests/docs/test_schemas.py
