# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# shellcheck disable=SC2054 # commas are QEMU's
# The VM in which all kernel code runs. Sourced by demo.sh, test/run.sh and
# bench/run.sh. top is the checkout, build is a directory that they may write.
#
#	URT_CACHE	kernels and roots (~/.cache/usertime)
#	URT_KERNEL	one of tools/vm/kernels/list (this distribution's own)
#	URT_ACCEL	tcg (default) or kvm

: "${top:?}" "${build:?}"
unset KBUILD_OUTPUT	# for a kernel of the user's own
. "$top/tools/vm/kernels.sh"

vm_die() { echo "${0##*/}: $*" >&2; exit 1; }

case $top in
*[[:space:]:,]*)
	vm_die "kbuild and QEMU take no path with a blank, a colon or a comma: $top" ;;
esac

vm_as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		vm_die "needs root (or sudo) to install packages: $*"
	fi
}

vm_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# vm_install PACKAGE...: installs missing packages, and names them.
vm_install() {
	local package missing=()

	command -v apt-get >/dev/null ||
		vm_die "needs a Debian or Ubuntu: there is no apt-get here"
	for package; do
		vm_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "Installing: ${missing[*]}" >&2
	vm_apt_install "${missing[@]}"
}

# Installs the newest versions of packages. Several kernels may be prepared at
# once, but apt-get does not wait for another apt-get.
vm_apt_install() {
	mkdir -p "$vm_cache"
	{
		flock 9
		vm_as_root apt-get update -q &&
		vm_as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -qy --no-install-recommends "$@"
	} >"$build/apt.log" 2>&1 9>"$vm_cache/apt-lock" || {
		tail -n 20 "$build/apt.log" >&2
		vm_die "could not install $*; all of it: $build/apt.log"
	}
}

vm_packages() {
	echo gcc make libc6-dev libjansson-dev libncurses-dev cpio gzip kmod \
		busybox-static qemu-system-x86
	case ${URT_KERNEL-} in *-arm64) echo qemu-system-arm ;; esac
	vm_headers_package
}

# Builds the module in a copy for each kernel, because Kbuild writes beside the
# sources. Sets vm_ko.
vm_module() {
	local dir=$build/usertime

	vm_ko=$dir/usertime.ko
	mkdir -p "$dir/feature"
	(
		cd "$top/usertime"
		cp -pu ./*.[ch] Kbuild Makefile "$dir/"
		cp -pu feature/*.c "$dir/feature/"
	)
	rm -f "$dir/usertime.mod.c"	# of a "make module"
	vm_in make -j"$(nproc)" -C "$dir" KDIR="$vm_kdir" "${vm_make[@]}" \
		>"$build/module.log" 2>&1 || {
		cat "$build/module.log" >&2
		vm_die "the module does not build"
	}
}

# vm_guest_in COMMAND...: runs a command where programs for the guest are built.
vm_guest_in() {
	if [ "$vm_arch" = "$vm_host_arch" ]; then "$@"; else vm_in "$@"; fi
}

# vm_guest_cc: prints the name of the compiler for them.
vm_guest_cc() { echo "${vm_cross}gcc"; }

# vm_library: builds liburt for programs that link with it. Sets vm_liburt.
vm_library() {
	vm_liburt=$build/lib/liburt.a
	vm_guest_in make -C "$top/lib" O="$build/lib" CC="$(vm_guest_cc)" \
		AR="${vm_cross}ar" "$vm_liburt" >"$build/lib.log" 2>&1 || {
		cat "$build/lib.log" >&2
		vm_die "the library does not build"
	}
}

# vm_program OUTPUT SOURCE...: builds a static program for the guest.
vm_program() {
	local out=$1
	shift
	vm_guest_in "$(vm_guest_cc)" -std=gnu11 -O2 -g -Wall -Wextra -Werror \
		-Wno-unused-parameter -D_FILE_OFFSET_BITS=64 \
		-I"$top/usertime" -I"$top/lib" -I"$top/test/harness" \
		-static -pthread -o "$out" "$@"
}

# vm_urt OUTPUT: builds urt, static.
vm_urt() {
	vm_guest_in make -s -C "$top/app" O="$build/app" LDFLAGS=-static \
		CC="$(vm_guest_cc)" AR="${vm_cross}ar" \
		CFLAGS="-O2 -g -Wall -Wextra -Wpedantic -Werror" urt \
		>"$build/urt.log" 2>&1 || {
		cat "$build/urt.log" >&2
		vm_die "urt does not build"
	}
	cp "$build/app/urt/urt" "$1"
}

# vm_borrow DIR PROGRAM: copies this machine's program with the libraries that it
# loads. If it does not run in the guest, copies the program of the build root.
vm_borrow() {
	local root='' program file

	program=$(command -v "$2")
	if [ "$vm_arch" != "$vm_host_arch" ]; then
		root=$vm_sysroot program=$vm_sysroot/usr/bin/$2
		[ ! -e "$root/foreign" ] || program=$root/foreign/usr/bin/$2
	fi
	cp "$program" "$1/bin/"
	vm_loads "$program" | while read -r file; do
		mkdir -p "$1${file%/*}"
		cp -L "$root$file" "$1$file"
	done
}

# vm_loads PROGRAM: prints its interpreter and libraries. ldd would have to run
# it.
vm_loads() {
	local name

	if [ "$vm_arch" = "$vm_host_arch" ]; then
		ldd "$1" | grep -o '/[^ ]*'
		return
	fi
	readelf -lW "$1" | sed -n 's/.*interpreter: \(.*\)]/\1/p'
	readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)]/\1/p' |
		while read -r name; do
			(cd "$vm_sysroot" && find -L usr/lib/*-linux-gnu* \
				-maxdepth 1 -name "$name" -printf '/%p\n')
		done
}

vm_busybox() {
	if [ "$vm_arch" = "$vm_host_arch" ]; then
		cp "$(command -v busybox)" "$1"
	else
		cp "$vm_sysroot/bin/busybox" "$1"
	fi
}

# vm_root DIR: makes the guest's root: init, a shell and its tools, module,
# programs.
vm_root() {
	local dir=$1 applet

	rm -rf "$dir"
	mkdir -p "$dir/bin" "$dir/sbin" "$dir/etc" "$dir/dev"
	vm_program "$dir/init" "$top/tools/vm/init.c"
	vm_busybox "$dir/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$dir/bin/$applet"
	done
	printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' \
		>"$dir/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$dir/etc/group"
	cp "$vm_ko" "$dir/"
	mkdir -p "$dir/lib/modules/$vm_release"
	: >"$dir/lib/modules/$vm_release/modules.dep"	# modinfo wants one
	vm_program "$dir/bin/register_and_poll" "$top"/app/*.c
	vm_urt "$dir/bin/urt"
	vm_borrow "$dir" make		# a real one, for urt to run
}

# vm_pack DIR FILE
vm_pack() {
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$2"
}

# Sets the variables that depend on the guest's architecture, and vm_shift. vm_qemu is
# the program and its machine. vm_cpu is the CPU; a guest with a single CPU has
# vm_plain_cpu. vm_console and vm_port are the guest's names of its serial ports.
# vm_append has more words for the kernel.
vm_machine() {
	vm_console=ttyS0 vm_port=/dev/ttyS1 vm_data=/dev/ttyS2 vm_append=
	case $vm_arch in
	arm64)
		vm_qemu=(qemu-system-aarch64 -M virt)
		vm_cpu=cortex-a72 vm_plain_cpu=cortex-a72
		vm_console=ttyAMA0 vm_port=/dev/ttyS0 vm_data=/dev/ttyS1 ;;
	*)
		vm_qemu=(qemu-system-x86_64)
		# On a busy host, the timer is too late for the kernel's check of
		# it.
		vm_append=no_timer_check
		# QEMU 7.2 emulates cmpxchg16b badly. Kernels that use it in their
		# allocator, such as 6.12, sometimes trap or fault there. A kernel
		# with KASAN may take an interrupt while it looks at its first
		# CPU. With five-level paging, it then takes memory for wild.
		vm_cpu=max,-cx16,-la57
		vm_plain_cpu=qemu64,-cx16 ;;	# less to emulate
	esac
	# One instruction counts as 2^n ns. Debug kernels execute several times as
	# many for the same work.
	vm_shift=2
	case ${URT_KERNEL-} in
	debug-*) vm_shift=1 vm_append+=" URT_TEST_SCALE=10" ;;
	esac
	# KCSAN finds races of the kernel itself as well.
	[ "${URT_KERNEL-}" != debug-b ] || vm_append+=" panic_on_warn=0"
}

# vm_vary SEED: sets vm_varied, arguments of QEMU, and vm_append. The properties
# that may differ between machines follow from the seed. Seed 1 is the usual
# machine.
vm_vary() {
	local sizes=(1024 1536 832 2048 1280) shifts=(0 -1 1)

	vm_varied=(-seed "$1" -rtc base=2026-01-01
		-m "${sizes[($1 - 1) % 5]}")
	vm_shift=$((vm_shift + shifts[($1 - 1) % 3]))
	[ $(($1 % 2)) = 1 ] || vm_append+=" nokaslr"
}

# vm_serial_ports CHARDEV...: sets the guest's serial ports, in that order.
vm_serial_ports() {
	local chardev

	if [ "$vm_arch" = arm64 ]; then	# it has one, others come by PCI
		echo -serial "chardev:$1"
		shift
		for chardev; do
			echo -device "pci-serial,chardev=$chardev"
		done
	else
		for chardev; do echo -serial "chardev:$chardev"; done
	fi
}

# A guest that has not ended after so many seconds hangs. A busy machine may give
# it only a tenth of a CPU.
vm_hang=10800

# vm_boot INITRAMFS LOG SECONDS "KERNEL ARGUMENTS" QEMU_ARGUMENTS... -- INIT...
# Boots the guest. The kernel's console goes to LOG ("-": our terminal), the
# second serial port to standard output, the third one to LOG.data. Fails unless
# the guest's command succeeds.
vm_boot() {
	local initramfs=$1 log=$2 limit=$3 append=$4 qemu=() serial port ended=0

	port=$(mktemp "$build/port.XXXXXX")
	shift 4
	while [ "$1" != -- ]; do qemu+=("$1"); shift; done
	shift
	if [ "$log" = - ]; then
		serial=(-chardev stdio,id=console,mux=on -mon console
			-chardev "file,id=port,path=$port" -chardev null,id=data)
	else
		serial=(-chardev "file,id=console,path=$log"
			-chardev stdio,id=port
			-chardev "file,id=data,path=$log.data")
	fi
	# shellcheck disable=SC2207 # words
	serial+=($(vm_serial_ports console port data))
	timeout --foreground -k 5 "$limit" "${vm_qemu[@]}" \
		-accel "${URT_ACCEL:-tcg}" -cpu "$vm_cpu" -display none -no-reboot \
		-nodefaults -m 1024 -kernel "$vm_image" -initrd "$initramfs" \
		"${serial[@]}" "${qemu[@]}" \
		-append "console=$vm_console panic=-1 panic_on_warn=1 oops=panic \
mitigations=off log_buf_len=4M URT_PORT=$vm_port URT_DATA=$vm_data $vm_append \
$append -- $*" |
		if [ "$log" = - ]; then
			cat
		else
			tee "$port" | sed -u '/^# status [0-9]*$/d'
		fi || ended=${PIPESTATUS[0]}
	case $ended in
	0) ;;
	124) echo "# no end within $limit s" >>"$port" ;;
	*) echo "# QEMU ended with status $ended" >>"$port" ;;
	esac
	if grep -q '^# status 0$' "$port"; then
		rm "$port"
		return 0
	fi
	echo "# the guest failed: $(tail -n 1 "$port"); its kernel log: $log"
	rm "$port"
	return 1
}
