# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The VM in which everything of the kernel runs: what it needs on the host, its
# kernel, its root, and how it is booted. Sourced by demo.sh, test/run.sh and
# bench/run.sh; top is the checkout, build where they may write.
#
#	URT_CACHE	kernels (~/.cache/usertime)
#	URT_ACCEL	tcg (default) or kvm

: "${top:?}" "${build:?}"
vm_cache=${URT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usertime}
vm_arch=$(dpkg --print-architecture 2>/dev/null || true)

# QEMU 7.2 emulates cmpxchg16b badly on several CPUs: kernels that use it in
# their allocator, as 6.12, now and then fault there, even while booting.
# shellcheck disable=SC2034 # for those who source this
vm_cpu=max,-cx16

vm_die() { echo "${0##*/}: $*" >&2; exit 1; }

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

# vm_install PACKAGE...: those that are missing, and says so.
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

# The newest versions of packages, whether they are installed or not.
vm_apt_install() {
	{
		vm_as_root apt-get update -q &&
		vm_as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -qy --no-install-recommends "$@"
	} >"$build/apt.log" 2>&1 || {
		tail -n 20 "$build/apt.log" >&2
		vm_die "could not install $*; all of it: $build/apt.log"
	}
}

# The package whose newest version pulls in this distribution's VM kernel.
vm_headers_package() {
	case $(. /etc/os-release; echo "$ID:$vm_arch") in
	ubuntu:*) echo linux-headers-virtual ;;
	*:amd64) echo linux-headers-cloud-amd64 ;;
	*) vm_die "no VM for architecture '$vm_arch' yet: amd64 only" ;;
	esac
}

vm_packages() {
	echo gcc make libc6-dev libjansson-dev libncurses-dev cpio gzip kmod \
		busybox-static qemu-system-x86
	vm_headers_package
}

# Sets vm_release, vm_kdir and vm_image: the kernel that the headers are for.
# Only its image is taken from its package; the host does not boot it.
vm_kernel() {
	vm_find_kernel
	[ ! -s "$vm_image" ] || return 0
	# The archive has the image of the newest headers, of older ones perhaps.
	vm_apt_install "$(vm_headers_package)"
	vm_find_kernel
	[ -s "$vm_image" ] || vm_fetch_image "${vm_image%/*}"
}

vm_find_kernel() {
	local package

	package=$(dpkg-query -W -f '${Depends}' "$(vm_headers_package)" |
		grep -o 'linux-headers-[0-9][^ ,]*' | head -n 1)
	vm_release=${package#linux-headers-}
	vm_kdir=/usr/src/$package
	vm_image=$vm_cache/$(dpkg-query -W -f '${Package}_${Version}' \
		"$package")/vmlinuz
}

# vm_fetch_image DIR: all of it, or nothing.
vm_fetch_image() {
	local new

	echo "Fetching the image of Linux $vm_release" >&2
	mkdir -p "$vm_cache"
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	chmod 755 "$new"
	(cd "$new" && apt-get download -q "linux-image-$vm_release") \
		>"$build/image.log" 2>&1 || {
		cat "$build/image.log" >&2
		rm -rf "$new"
		vm_die "could not download linux-image-$vm_release"
	}
	dpkg -x "$new"/*.deb "$new/root"
	cp "$new/root/boot/vmlinuz-$vm_release" "$new/vmlinuz"
	rm -rf "$new/root" "$new"/*.deb "$1"
	mv "$new" "$1"
}

vm_module() {
	make -C "$top/usertime" KDIR="$vm_kdir" >"$build/module.log" 2>&1 || {
		cat "$build/module.log" >&2
		vm_die "the module does not build"
	}
}

# vm_library: sets vm_liburt, for programs that are linked with it.
vm_library() {
	vm_liburt=$build/lib/liburt.a
	make -C "$top/lib" O="$build/lib" "$vm_liburt" >"$build/lib.log" 2>&1 || {
		cat "$build/lib.log" >&2
		vm_die "the library does not build"
	}
}

# vm_program OUTPUT SOURCE...: a static program for the guest.
vm_program() {
	local out=$1
	shift
	gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
		-I"$top/usertime" -I"$top/lib" -I"$top/test" \
		-static -pthread -o "$out" "$@"
}

# vm_urt OUTPUT: the command, static.
vm_urt() {
	make -s -C "$top/app" O="$build/app" LDFLAGS=-static \
		CFLAGS="-O2 -g -Wall -Wextra -Wpedantic -Werror" urt \
		>"$build/urt.log" 2>&1 || {
		cat "$build/urt.log" >&2
		vm_die "urt does not build"
	}
	cp "$build/app/urt/urt" "$1"
}

# vm_borrow DIR PROGRAM: this machine's, with the libraries that it loads.
vm_borrow() {
	local file

	cp "$(command -v "$2")" "$1/bin/"
	ldd "$1/bin/$2" | grep -o '/[^ ]*' | while read -r file; do
		mkdir -p "$1${file%/*}"
		cp -L "$file" "$1$file"
	done
}

# vm_root DIR: the guest's root: init, a shell and its tools, module, programs.
vm_root() {
	local dir=$1 applet

	rm -rf "$dir"
	mkdir -p "$dir/bin" "$dir/sbin" "$dir/etc" "$dir/dev"
	vm_program "$dir/init" "$top/test/vm/init.c"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$dir/bin/$applet"
	done
	printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' \
		>"$dir/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$dir/etc/group"
	cp "$top/usertime/usertime.ko" "$dir/"
	mkdir -p "$dir/lib/modules/$vm_release"
	: >"$dir/lib/modules/$vm_release/modules.dep"	# modinfo wants one
	vm_program "$dir/bin/register_and_poll" "$top/app/register_and_poll.c"
	vm_urt "$dir/bin/urt"
	vm_borrow "$dir" make		# a real one, for urt to run
}

# vm_pack DIR FILE
vm_pack() {
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$2"
}

# vm_boot INITRAMFS LOG SECONDS "KERNEL ARGUMENTS" QEMU_ARGUMENTS... -- INIT...
# The kernel's console goes to LOG ("-": it is our terminal), the second serial
# port to standard output. Fails unless the guest's command succeeded.
vm_boot() {
	local initramfs=$1 log=$2 limit=$3 append=$4 qemu=() serial port ended=0

	port=$(mktemp "$build/port.XXXXXX")
	shift 4
	while [ "$1" != -- ]; do qemu+=("$1"); shift; done
	shift
	if [ "$log" = - ]; then
		serial=(-serial mon:stdio -serial "file:$port")
	else
		serial=(-serial "file:$log" -serial stdio)
	fi
	timeout --foreground -k 5 "$limit" qemu-system-x86_64 \
		-accel "${URT_ACCEL:-tcg}" -display none -no-reboot -nodefaults \
		-m 1024 -kernel "$vm_image" -initrd "$initramfs" \
		"${serial[@]}" "${qemu[@]}" \
		-append "console=ttyS0 panic=-1 panic_on_warn=1 oops=panic \
mitigations=off $append -- $*" |
		if [ "$log" = - ]; then
			cat
		else
			tee "$port" | sed -u '/^# status [0-9]*$/d'
		fi || ended=${PIPESTATUS[0]}
	[ "$ended" != 124 ] || echo "# no end within $limit s" >>"$port"
	if grep -q '^# status 0$' "$port"; then
		rm "$port"
		return 0
	fi
	echo "# the guest failed: $(tail -n 1 "$port"); its kernel log: $log"
	rm "$port"
	return 1
}
