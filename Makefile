# atobarai: build, demo, tests, lint.
#
#   make         build/atobarai
#   make demo    install what is missing, build, and run the main job on samples/ against the built-in sandbox
#   make docs    write docs/errors.md and docs/errors.en.md anew, from the error catalogue
#   make check   install what the tests need, build in every way, lint, and run every test
#   make crashtest  build, and kill the program 360 times in the midst of its work
#   make bench   build, and measure how long a check takes and how fast orders are sent; BENCH="--rows 100000 --times 3"
#                makes it shorter, BENCH="--only wire" sends only
#   make scale   work out the tables of docs/scale.md anew
#   make install     put program, library, service units and documents under PREFIX (/usr/local; DESTDIR=… before it), and
#   make uninstall   take them away again; neither touches settings, orders or the ledger
#
# A second build in another folder: make BUILD=build/asan SANITIZE=1

BUILD    ?= build
SANITIZE ?=
BENCH    ?=
CRASH    ?=
PREFIX   ?= /usr/local

VERSION  := 0.1.0

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CPPFLAGS += -D_GNU_SOURCE -DATOBARAI_VERSION='"$(VERSION)"' -Isrc -Iinclude
# Under sanitizers -O1, which compiles in half the time, and lines for their reports.
CFLAGS   ?= $(if $(SANITIZE),-O1 -g1,-O2 -g)
CFLAGS   += -std=c17 -pthread -fstack-protector-strong $(WARNINGS)
ifneq ($(SANITIZE),)
CFLAGS   += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
LDLIBS   := -lcsv -lcurl -lcjson -lmicrohttpd -lsqlite3 -lcrypto -lexpat -lxlsxwriter -lminizip

# The rooms of src/, in the order in which the data goes through them. All but cli/ make the library.
ROOMS    := base text csv order ledger api sandbox report run drop
SOURCES  := $(sort $(wildcard $(ROOMS:%=src/%/*.c)))
EMBEDDED := src/base/embedded.S
CLI      := $(sort $(wildcard src/cli/*.c))
UNITS    := $(sort $(wildcard tests/unit/test_*.c))
TOOLS    := $(sort $(wildcard tests/tools/*.c))
EMBED_EXAMPLE := $(wildcard samples/embed/*.c)

OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o) $(EMBEDDED:%.S=$(BUILD)/%.o)
LIBRARY  := $(BUILD)/libatobarai.a
PROGRAM  := $(BUILD)/atobarai

# Debian packages: what building needs, and what the tests need on top.
DEPS_BUILD := libcsv-dev libcurl4-openssl-dev libcjson-dev libmicrohttpd-dev libsqlite3-dev libssl-dev libexpat1-dev \
              libxlsxwriter-dev libminizip-dev zlib1g-dev libinih-dev
DEPS_BENCH := python3 miller csvkit wrk
DEPS_CHECK := libcmocka-dev python3 python3-jsonschema clang libclang-rt-14-dev clang-format clang-tidy cppcheck \
              valgrind openssl nghttp2-proxy python3-uno
# A LibreOffice with windows serves as well, and apt-get would take it away for this one.
DEPS_CHECK += $(if $(shell command -v soffice),,libreoffice-calc-nogui)
# So does a browser that was not packaged.
DEPS_CHECK += $(if $(shell command -v chromium),,chromium)

.PHONY: all deps deps-check deps-bench demo docs check test crashtest bench scale install uninstall lint format clean
.DELETE_ON_ERROR:

all: $(PROGRAM)

$(PROGRAM): $(CLI:%.c=$(BUILD)/%.o) $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -linih

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The data of schemas/ becomes part of the program: embedded.S names each file.
$(BUILD)/src/base/embedded.o: $(EMBEDDED) $(shell sed -n 's/.*"\(schemas[^"]*\)".*/\1/p' $(EMBEDDED))
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# The program once more, with another main().
$(BUILD)/tests/tools/starter: $(BUILD)/tests/tools/starter.o $(BUILD)/tests/tools/program_main.o \
                              $(filter-out %/main.o,$(CLI:%.c=$(BUILD)/%.o)) $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -linih

$(BUILD)/tests/tools/program_main.o: src/cli/main.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Dmain=program_main $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/embed-%: $(BUILD)/samples/embed/%.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Nobody waits for the code of a test.
$(BUILD)/tests/unit/%.o: CFLAGS += -O0

.SECONDARY:

# Everything that the tests run in one build folder.
.PHONY: tests-built
tests-built: $(PROGRAM) $(UNITS:%.c=$(BUILD)/%) $(TOOLS:%.c=$(BUILD)/%) $(EMBED_EXAMPLE:samples/embed/%.c=$(BUILD)/embed-%) \
             $(BUILD)/libcurl_post

# $(call install,PACKAGES): those that are missing, by apt-get; says nothing to do when there is nothing.
define install
@missing=""; for package in $(1); do \
	dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
done; \
if [ -z "$$missing" ]; then echo "deps: everything is installed"; else \
	echo "deps: installing$$missing"; \
	sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
fi
endef

deps:
	$(call install,$(DEPS_BUILD))

deps-check:
	$(call install,$(DEPS_BUILD) $(DEPS_CHECK))

# Peers that are not to be had are left out.
deps-bench: deps
	-$(call install,$(DEPS_BENCH))

# The sub-makes start after the packages are there.
demo: deps
	@echo "demo: building"
	@$(MAKE) --no-print-directory -s -j$$(nproc) all
	@tests/demo.sh $(PROGRAM) out

# The catalogue as a document. In two steps, so that a program that fails leaves the old one.
docs: $(PROGRAM)
	$(PROGRAM) explain --list --format markdown --lang ja >$(BUILD)/errors.md
	$(PROGRAM) explain --list --format markdown --lang en >$(BUILD)/errors.en.md
	mv $(BUILD)/errors.md $(BUILD)/errors.en.md docs/

check: deps-check
	@echo "check: building with gcc, and with gcc and sanitizers"
	@$(MAKE) --no-print-directory -s -j$$(nproc) CC=gcc tests-built
	@$(MAKE) --no-print-directory -s -j$$(nproc) CC=gcc BUILD=$(BUILD)/asan SANITIZE=1 tests-built
	@tests/run.sh $(BUILD)/asan $(BUILD)

# Only the tests of one build, without packages and lint: the short loop while working.
test: tests-built
	@LINT=0 tests/run.sh $(BUILD)

# Half an hour; tests/e2e/test_crash.py is its short form. CRASH="--seed 7" draws the same moments and faults again.
crashtest: $(PROGRAM)
	/usr/bin/python3 tests/crash/crash.py $(PROGRAM) --runs 200 $(CRASH)
	/usr/bin/python3 tests/crash/crash.py $(PROGRAM) --runs 100 --dialect kuroneko $(CRASH)
	/usr/bin/python3 tests/crash/crash.py $(PROGRAM) --runs 40 --two $(CRASH)
	/usr/bin/python3 tests/crash/crash.py $(PROGRAM) --runs 20 --two --dialect kuroneko $(CRASH)

# How long a check takes, beside what else a user could do with the same file, and how fast orders are sent, beside wrk. No
# test: what is slow depends on the machine.
bench: deps-bench
	@echo "bench: building"
	@$(MAKE) --no-print-directory -s all $(BUILD)/libcsv_reader $(BUILD)/libcurl_post $(BUILD)/run_once
	@/usr/bin/python3 tests/bench/bench.py $(BENCH) $(BUILD)

$(BUILD)/libcsv_reader: tests/bench/libcsv_reader.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -lcsv

$(BUILD)/libcurl_post: tests/bench/libcurl_post.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS) $(LDFLAGS) -o $@ $< -lcurl

# What a day costs, on paper: nothing is measured, but tests/bench/scale_measure.py gives the constants.
scale:
	/usr/bin/python3 tests/bench/scale.py --write docs/scale.md

# Static, so that it is small: see there.
$(BUILD)/run_once: tests/bench/run_once.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS) $(LDFLAGS) -static -o $@ $<

# What names the program's place says so with the default PREFIX. Settings are an example among the documents: the real
# ones hold secrets, and are never overwritten.
TARGET     = $(DESTDIR)$(PREFIX)
UNIT_FILES = $(wildcard packaging/systemd/atobarai-*.service packaging/systemd/atobarai-*.timer packaging/systemd/atobarai-*.path)
DOC_FILES  = README.md LICENSE $(wildcard docs/*.md)
INSTALL_PLACED = sed 's|/usr/local|$(PREFIX)|g' $(1) >$(TARGET)/$(2) && chmod 644 $(TARGET)/$(2)

install: $(PROGRAM)
	install -d $(addprefix $(TARGET)/,bin include lib/pkgconfig lib/systemd/system/atobarai-.service.d lib/sysusers.d \
		lib/tmpfiles.d share/doc/atobarai)
	install -m 755 $(PROGRAM) $(TARGET)/bin/atobarai
	install -m 644 $(LIBRARY) $(TARGET)/lib/libatobarai.a
	install -m 644 include/atobarai.h $(TARGET)/include/atobarai.h
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@LIBS@|$(LDLIBS)|' packaging/atobarai.pc.in \
		>$(TARGET)/lib/pkgconfig/atobarai.pc
	chmod 644 $(TARGET)/lib/pkgconfig/atobarai.pc
	$(foreach unit,$(UNIT_FILES),$(call INSTALL_PLACED,$(unit),lib/systemd/system/$(notdir $(unit))) &&) :
	install -m 644 packaging/systemd/atobarai-.service.d/hardening.conf $(TARGET)/lib/systemd/system/atobarai-.service.d/
	install -m 644 packaging/atobarai.sysusers $(TARGET)/lib/sysusers.d/atobarai.conf
	install -m 644 packaging/atobarai.tmpfiles $(TARGET)/lib/tmpfiles.d/atobarai.conf
	$(call INSTALL_PLACED,packaging/atobarai.cron,share/doc/atobarai/atobarai.cron)
	install -m 644 $(DOC_FILES) packaging/config.ini packaging/atobarai.logrotate $(TARGET)/share/doc/atobarai/

uninstall:
	rm -f $(addprefix $(TARGET)/,bin/atobarai lib/libatobarai.a include/atobarai.h lib/pkgconfig/atobarai.pc \
		lib/sysusers.d/atobarai.conf lib/tmpfiles.d/atobarai.conf $(UNIT_FILES:packaging/systemd/%=lib/systemd/system/%))
	rm -rf $(TARGET)/lib/systemd/system/atobarai-.service.d $(TARGET)/share/doc/atobarai

C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')

# clang-tidy with clang's analyzer takes minutes: "make check" leaves that out (TIDY), "make lint" by itself does not. It
# is also who gives clang's warnings on what it looks at; on the tests the compiler does, some files at a time. That is
# all there is to see of a build with clang.
lint:
	clang-format --dry-run --Werror $(C_FILES)
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -DATOBARAI_VERSION='""' -Isrc -Iinclude src tests/tools
	printf '%s\n' $(filter src/%.c samples/%.c tests/tools/%.c,$(C_FILES)) | \
		xargs -P $$(nproc) -I{} clang-tidy --quiet $(TIDY) {} -- -std=c17 $(WARNINGS) $(CPPFLAGS) 2>/dev/null
	printf '%s\n' $(filter-out src/%.c samples/%.c tests/tools/%.c,$(filter %.c,$(C_FILES))) | \
		xargs -P $$(nproc) -n 4 clang -fsyntax-only -std=c17 $(WARNINGS) $(CPPFLAGS)

format:
	clang-format -i $(C_FILES)

clean:
	rm -rf $(BUILD) out

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
