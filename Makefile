# Every target does all of its own set-up: see tools/setup.sh.

# program:Debian package that holds it
TEST_PROGRAMS  = curl:curl testssl:testssl.sh wrk:wrk nc:netcat-openbsd nginx:nginx-light redis-server:redis-server \
                 unshare:util-linux setpriv:util-linux ip:iproute2 dnsmasq:dnsmasq-base vsftpd:vsftpd
BENCH_PROGRAMS = $(TEST_PROGRAMS) haproxy:haproxy caddy:caddy

BIN = .venv/bin
COMPILED = .venv-compiled/bin

# What runs through compiled modules. Doctests live in the sources, which this does not run.
COMPILED_TESTS = tests/framework tests/plugins tests/scenarios tests/test_every_module_imports.py

.PHONY: help demo test test-all test-compiled lint wheel bench clean

help:
	@echo 'make demo      two small servers and a balancer in front; try it with curl'
	@echo '               (DEMO_ARGS="--for 10" ends by itself, DEMO_ARGS="lync" builds a whole site)'
	@echo 'make test      the tests (TEST_ARGS="tests/framework -k pool" for some of them)'
	@echo 'make test-all  with those that take long, and then test-compiled'
	@echo 'make test-compiled  tests of the data plane against the compiled wheel'
	@echo 'make lint      ruff, mypy and the import contracts'
	@echo 'make wheel     the compiled wheel, in dist/ (pip makes the pure one by itself)'
	@echo 'make bench     the comparison with other proxies (BENCH_ARGS="--help" for its options)'
	@echo 'make clean     removes what the others made'

demo:
	@tools/setup.sh
	@exec $(BIN)/pointsman demo $(DEMO_ARGS)

test:
	@tools/setup.sh $(TEST_PROGRAMS)
	@exec $(BIN)/python -m pytest $(TEST_ARGS)

test-all:
	@tools/setup.sh $(TEST_PROGRAMS)
	@$(BIN)/python -m pytest -m "slow or not slow" $(TEST_ARGS)
	@$(MAKE) --no-print-directory test-compiled

test-compiled:
	@tools/setup.sh $(TEST_PROGRAMS)
	@tools/compiled.sh
	@exec $(COMPILED)/python -m pytest $(COMPILED_TESTS)

lint:
	@tools/setup.sh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel:
	@tools/compiled.sh

# Without a compiler the comparison is run in pure Python, and says so.
bench:
	@tools/setup.sh $(BENCH_PROGRAMS)
	@tools/compiled.sh --if-can
	@[ -e .venv-compiled/installed ] && bin=$(COMPILED) || bin=$(BIN); \
	    exec $$bin/python -m bench $(BENCH_ARGS)

clean:
	rm -rf .venv .venv-compiled build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find framework plugins rules tests bench examples tools \
	    \( -name __pycache__ -o -name dropin.cache \) -prune -exec rm -rf {} + 2>/dev/null || true
