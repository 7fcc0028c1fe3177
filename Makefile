# SPDX-License-Identifier: MIT
# For people: one target per job.
KDIR ?= /lib/modules/$(shell uname -r)/build

help:
	@echo 'make module       build usertime/usertime.ko (KDIR=, ARCH=, CROSS_COMPILE=)'
	@echo 'make app          build app/urt/urt and app/register_and_poll'
	@echo 'make lib          build liburt, the C library (install: make -C lib install)'
	@echo 'make demo         see it at work, in a virtual machine'
	@echo 'make check        all tests, in virtual machines'
	@echo 'make check-quick  those that are quick'
	@echo 'make matrix       those on ten kernels, 5.10 to 7.2, 32 and 64 bits'
	@echo 'make races        everything at once, on two kernels that find faults'
	@echo 'make mutants      do the tests notice when the module is broken?'
	@echo 'make coverage     what of the module the tests execute (on a debug kernel)'
	@echo 'make bench        what it costs, in instructions, beside its peers'
	@echo 'make profile      what forks and exits cost, by function'
	@echo 'make style        all that reads the sources: compilers, analysers, linters'
	@echo 'make install      install the module for the running kernel'
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

check-quick:
	test/run.sh --quick

matrix:
	test/run.sh --matrix --quick

races:
	test/races.sh --kernel debug-a
	test/races.sh --kernel debug-b

mutants:
	test/mutants.sh

coverage:
	test/coverage.sh

bench:
	bench/run.sh

profile:
	bench/profile.sh

style:
	test/style.sh

install: module
	$(MAKE) -C usertime KDIR=$(KDIR) install

clean:
	$(MAKE) -C usertime KDIR=$(KDIR) clean
	$(MAKE) -C app clean
	$(MAKE) -C lib clean
	$(RM) -r build

.PHONY: help module app lib demo check check-quick matrix races mutants \
	coverage bench profile style install clean
