.PHONY: check lint test

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
