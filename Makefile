# SPDX-License-Identifier: MIT
# One target for each job of a user or a maintainer.
KDIR ?= /lib/modules/$(shell uname -r)/build

# Makes the paths relative to this directory absolute, because they are used
# below it.
ifneq ($(or $(word 2,$(KDIR)),$(word 2,$(DESTDIR))),)
$(error KDIR and DESTDIR must not have blanks in them)
endif
override KDIR := $(abspath $(KDIR))
override DESTDIR := $(abspath $(DESTDIR))

help:
	@echo 'make module       build usertime/usertime.ko (KDIR=, ARCH=, CROSS_COMPILE=)'
	@echo 'make app          build app/urt/urt and app/register_and_poll'
	@echo 'make lib          build liburt, the C library (install: make -C lib install)'
	@echo 'make demo         see it at work, in a virtual machine'
	@echo 'make check        the short tests, in virtual machines'
	@echo 'make check-all    the long ones too'
	@echo 'make soak         everything, and doc/results.md: some hours'
	@echo 'make prometheus   urt exporter with a real Prometheus and two guests'
	@echo 'make matrix       those on ten kernels, 5.10 to 7.2, 32 and 64 bits'
	@echo 'make races        everything at once, on two kernels that find faults'
	@echo 'make mutants      do the tests notice when the module is broken?'
	@echo 'make check-packages  the packages, in fresh roots; Secure Boot'
	@echo 'make coverage     what of the module the tests execute (on a debug kernel)'
	@echo 'make bench        what it costs, in instructions, beside its peers'
	@echo 'make syscall      what a call costs: function, system call, procfs'
	@echo 'make profile      where its instructions go, by function'
	@echo 'make pictures     the pictures of doc/tour.md again'
	@echo 'make style        all that reads the sources: compilers, analysers, linters'
	@echo 'make deb          Debian packages, in build/deb (see packaging/README.md)'
	@echo 'make install      install module, command and library (PREFIX=, DESTDIR=)'
	@echo 'make uninstall    take away what that has put'
	@echo 'make release      check that all is ready for it; then a tarball'
	@echo 'make clean        remove everything that was built'

module:
	$(MAKE) -C usertime KDIR=$(KDIR)

app:
	$(MAKE) -C app

lib:
	$(MAKE) -C lib

demo:
	./demo.sh

check:
	test/run.sh

check-all:
	test/run.sh --all

soak:
	test/soak.sh

prometheus:
	test/prometheus.sh

matrix:
	test/run.sh --matrix

check-packages:
	test/packages.sh

races:
	test/races.sh --kernel debug-a
	test/races.sh --kernel debug-b

mutants:
	test/mutants.sh

coverage:
	tools/coverage.sh

bench:
	bench/run.sh

syscall:
	syscall/run.sh

profile:
	bench/profile.sh

pictures:
	tools/pictures.sh

style:
	tools/style.sh

deb:
	packaging/deb.sh

release:
	packaging/release.sh

# Installs the module for the kernel of KDIR, and the tools, which run on any
# kernel.
install: install-module install-tools

install-module: module
	$(MAKE) -C usertime KDIR=$(KDIR) DESTDIR=$(DESTDIR) install install-config

install-tools: app lib
	$(MAKE) -C app DESTDIR=$(DESTDIR) install
	$(MAKE) -C lib DESTDIR=$(DESTDIR) install

uninstall:
	$(MAKE) -C usertime KDIR=$(KDIR) DESTDIR=$(DESTDIR) uninstall uninstall-config
	$(MAKE) -C app DESTDIR=$(DESTDIR) uninstall
	$(MAKE) -C lib DESTDIR=$(DESTDIR) uninstall

clean:
	$(MAKE) -C usertime KDIR=$(KDIR) clean
	$(MAKE) -C app clean
	$(MAKE) -C lib clean
	$(RM) -r build

.PHONY: help module app lib demo check check-all check-packages prometheus \
	soak matrix races mutants coverage bench syscall profile pictures style deb release \
	install install-module install-tools uninstall clean
