# make demo and make test are the two commands that a fresh machine with a Swift toolchain needs.

SWIFT ?= swift
BUILD := .build/release

.PHONY: demo test page crash-matrix stress bench fuzz sanitize lint format release static install-sqlite clean help

help:
	@echo "make demo     installs what is missing, builds, and shows the whole story"
	@echo "make test     installs what is missing and runs all tests"
	@echo "make crash-matrix  lets a fault strike at every write of every operation (half an hour)"
	@echo "make stress   lets many write at once for long, and measures large stores"
	@echo "make bench    times migrate, verify, export, a delta and its rollback (ROWS=1000000 ROUNDS=3 OTHER=program)"
	@echo "make fuzz     reads damaged requests and frames for some minutes (ROUNDS=300000)"
	@echo "make sanitize runs the server's tests under the thread and the address sanitizer"
	@echo "make page     opens the report's page in headless Chromium, if there is one (not part of make test)"
	@echo "make lint     checks the format of every source file"
	@echo "make format   puts every source file into that format"
	@echo "make release  builds the static programs agora and spacetime"
	@echo "make static   builds them so that they need no library of the system (SQLITE=DIR)"

demo: install-sqlite
	$(SWIFT) build -c release --product agora
	$(BUILD)/agora demo

test: install-sqlite
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest

crash-matrix: install-sqlite
	$(SWIFT) build --build-tests
	CRASH_MATRIX=all $(SWIFT) test --skip-build --disable-xctest --filter CrashMatrixTests

stress: install-sqlite
	$(SWIFT) build --build-tests
	STRESS=1 SEEDS=100 $(SWIFT) test --skip-build --disable-xctest --filter "CrowdTests|LargeStoreTests|MarketModelTests|ServeCommandTests|LargeReportTests"

bench: install-sqlite
	$(SWIFT) build -c release --product agora
	bash Tests/Benchmarks/migration.sh $(CURDIR)/$(BUILD)/agora

fuzz: install-sqlite
	$(SWIFT) build --build-tests
	FUZZ_ROUNDS=$${ROUNDS:-300000} $(SWIFT) test --skip-build --disable-xctest --filter "damaged"

page: install-sqlite
	@chromium=$$(command -v chromium || command -v chromium-browser || command -v google-chrome || true); \
	if [ -z "$$chromium" ]; then \
	  echo "There is no Chromium here; apt-get install chromium brings it." >&2; exit 1; \
	fi; \
	$(SWIFT) build --build-tests && \
	CHROMIUM="$$chromium" $(SWIFT) test --skip-build --disable-xctest --filter BrowserTests

lint:
	$(SWIFT) format lint --strict -r -p Package.swift Sources Tests

format:
	$(SWIFT) format -i -r -p Package.swift Sources Tests

release: install-sqlite
	$(SWIFT) build -c release --static-swift-stdlib --product agora
	$(SWIFT) build -c release --static-swift-stdlib --product spacetime

# Programs that need nothing of the system; SQLITE is a folder that has libsqlite3.a and nothing else.
static:
	$(SWIFT) build -c release --product agora -Xswiftc -static-executable -Xlinker -L$(SQLITE) -Xlinker -s
	$(SWIFT) build -c release --product spacetime -Xswiftc -static-executable -Xlinker -L$(SQLITE) -Xlinker -s

# Races and bad accesses in the server's tests; each builds anew.
sanitize: install-sqlite
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/tsan-suppressions.txt" \
	  $(SWIFT) test --sanitize=thread --scratch-path .build-tsan --disable-xctest --filter AgoraServerTests
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize=address --scratch-path .build-asan --disable-xctest --filter AgoraServerTests

# The system's SQLite: on macOS it is there; on Debian and Ubuntu apt has it.
install-sqlite:
	@if [ "$$(uname)" = Darwin ]; then exit 0; fi; \
	if printf '#include <sqlite3.h>\n' | cc -E -x c - >/dev/null 2>&1; then exit 0; fi; \
	if ! command -v apt-get >/dev/null 2>&1; then \
	  echo "SQLite's header and library are missing, and this system has no apt-get." >&2; \
	  echo "Install them with your package manager (Fedora: dnf install sqlite-devel) and run make again." >&2; \
	  exit 1; \
	fi; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	echo "Installing libsqlite3-dev …"; \
	$$as_root apt-get update -qq && $$as_root apt-get install -y -qq libsqlite3-dev

clean:
	rm -rf .build .build-tsan .build-asan
