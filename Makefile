# The front door. Meson does the work; this file only makes sure that what it
# needs is installed and gives the usual names to the usual things.
#
#	make              build everything into build/
#	make run          run an example program in its own microVM
#	make test         build and pass every test
#	make fuzz         look for modules that run otherwise than elsewhere
#	make install      PREFIX=/usr/local and DESTDIR= as everywhere
#	make bench        measure against the budgets of the design
#	make clean        remove build/

BUILD ?= build
PREFIX ?= /usr/local
TESTFLAGS ?=
FUZZFLAGS ?= --time 300

# Walnut is built by clang 19: the guest's code and LLVM's library have to match.
ifeq ($(origin CC),default)
CC := clang-19
endif
export CC

# Paths that a user gives are meant from where make was called.
destdir = $(if $(DESTDIR),$(abspath $(DESTDIR)))

all: build

help:
	@sed -n '/^#\tmake/s/^#\t//p' $(firstword $(MAKEFILE_LIST))

setup:
	@scripts/setup

$(BUILD)/build.ninja: | setup
	meson setup $(BUILD) --prefix=$(PREFIX) --libdir=lib

build: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

run: build
	@scripts/run-example $(BUILD)

test: build
	@scripts/wasm-tools $(BUILD)
	@scripts/large-module $(BUILD)
	@scripts/newer-node $(BUILD)
	@scripts/linux-kernel $(BUILD)
	@scripts/real-programs $(BUILD)
	@tests/run --build $(BUILD) $(TESTFLAGS)

fuzz: build
	@scripts/newer-node $(BUILD)
	@tests/fuzz/run --build $(BUILD) $(FUZZFLAGS)

# Does not call setup: `make` may have run as a user, `sudo make install` must not
# begin to build as root what is already there.
install: $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dprefix=$(PREFIX) -Dlibdir=lib
	@ninja -C $(BUILD) --quiet
	DESTDIR='$(destdir)' meson install -C $(BUILD) --no-rebuild --quiet

bench: build
	@scripts/large-module $(BUILD)
	@scripts/linux-kernel $(BUILD)
	@bench/run --build $(BUILD)

clean:
	rm -rf $(BUILD)

.PHONY: all help setup build run test fuzz install bench clean
