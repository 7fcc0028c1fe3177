# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# Which kernel runs in the VM, and what is needed to build for it. Sourced by vm.sh.
# URT_KERNEL names a kernel of tools/vm/kernels/list. The default is the kernel of
# this machine's distribution.
#
# The cache keeps downloads, roots of other suites, and kernels that are built here,
# under the versions of their packages.

: "${top:?}" "${build:?}"
vm_cache=${URT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usertime}
vm_host_arch=$(dpkg --print-architecture 2>/dev/null || true)
vm_arch=$vm_host_arch
vm_sysroot=	# the root to build in; none: this machine's own
vm_cross=	# what the names of its compilers begin with
vm_make=()	# more arguments for the module's make
vm_own=	# y: it is that of this machine's own distribution
vm_skip=	# why the kernel cannot be had
: "${vm_headers_only=}"	# y: a kernel that is built here only as far as modules
			# only compile, without an image

# Prints tools/vm/kernels/list without its comments.
vm_kernels() { grep -v '^#' "$top/tools/vm/kernels/list"; }

# vm_kernel: sets vm_release, vm_kdir, vm_image, vm_compiler and the variables
# above. Returns 3, with vm_skip set, if the kernel is not available.
vm_kernel() {
	local name suite arch package rest lock

	mkdir -p "$vm_cache"
	exec {lock}>"$vm_cache/lock-${URT_KERNEL:-own}"
	flock "$lock"
	if [ -z "${URT_KERNEL-}" ]; then
		vm_own=y
		vm_own_kernel "$(vm_headers_package)"
	else
		read -r name suite arch package rest \
			<<<"$(vm_kernels | grep "^$URT_KERNEL ")"
		[ -n "$name" ] || vm_die "no kernel '$URT_KERNEL'; \
there are: $(vm_kernels | cut -d' ' -f1 | paste -sd' ')"
		vm_arch=$arch
		if [ "$suite" = source ]; then
			vm_source_kernel "$package"
		elif [ "$suite $arch" = "$(vm_suite) $vm_host_arch" ]; then
			[ "$package" != "$(vm_headers_package)" ] || vm_own=y
			vm_own_kernel "$package"
		else
			vm_root_kernel "$suite" "$package"
		fi
	fi || return
	exec {lock}>&-
	vm_machine
	vm_compiler="gcc $(vm_in "${vm_cross}gcc" -dumpfullversion)"
}

vm_suite() { . /etc/os-release; echo "${VERSION_CODENAME-}"; }

# vm_in COMMAND...: runs a command where programs for the guest and modules are
# built. The checkout and the cache have their usual names there.
vm_in() {
	[ -n "$vm_sysroot" ] || { "$@"; return; }
	# shellcheck disable=SC2016 # expanded in there
	vm_as_root unshare --mount --propagation private bash -ec '
		root=$1 top=$2 dir=$PWD
		shift 2
		mount -t proc proc "$root/proc"
		mkdir -p "$root$top"
		mount --bind "$top" "$root$top"
		exec chroot "$root" /bin/sh -c "cd \"\$0\"; exec \"\$@\"" "$dir" "$@"
	' - "$vm_sysroot" "$top" "$@"
}

# The package whose newest version pulls in this distribution's VM kernel.
vm_headers_package() {
	case $(. /etc/os-release; echo "$ID:$vm_host_arch") in
	ubuntu:*) echo linux-headers-virtual ;;
	*:amd64) echo linux-headers-cloud-amd64 ;;
	*) vm_die "no VM for architecture '$vm_host_arch' yet: amd64 only" ;;
	esac
}

# --- this machine's own suite ---

# Takes only the image from its package, because this machine does not boot it.
vm_own_kernel() {
	vm_install "$1"
	vm_find_kernel "$1"
	[ ! -s "$vm_image" ] || return 0
	# The archive has the image for the newest headers, but perhaps not for
	# older ones.
	vm_apt_install "$1"
	vm_find_kernel "$1"
	[ -s "$vm_image" ] || vm_fetch_image "$vm_image" apt-get
}

vm_find_kernel() {
	local package

	package=$(dpkg-query -W -f '${Depends}' "$1" |
		grep -o 'linux-headers-[0-9][^ ,]*' | head -n 1)
	vm_release=${package#linux-headers-}
	vm_kdir=/usr/src/$package
	vm_image=$vm_cache/$(dpkg-query -W -f '${Package}_${Version}' \
		"$package")/vmlinuz
}

# vm_fetch_image FILE APT_GET...: fills its directory completely, or not at all.
vm_fetch_image() {
	local image=$1 new
	shift

	echo "Fetching the image of Linux $vm_release" >&2
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	chmod 755 "$new"
	(
		set -e
		cd "$new"
		"$@" download -q "linux-image-$vm_release"
		dpkg -x ./*.deb root
		if [ -e "root/boot/vmlinuz-$vm_release" ]; then
			mv "root/boot/vmlinuz-$vm_release" vmlinuz
		else	# newer ones are two packages
			"$@" download -q "linux-binary-$vm_release"
			dpkg -x ./linux-binary-*.deb root
			mv "root/usr/lib/modules/$vm_release/vmlinuz" vmlinuz
		fi
	) >"$build/image.log" 2>&1 || {
		cat "$build/image.log" >&2
		rm -rf "$new"
		vm_die "could not download linux-image-$vm_release"
	}
	rm -rf "$new/root" "$new"/*.deb
	if [ -d "${image%/*}" ]; then
		mv "$new/vmlinuz" "$image"
		rm -rf "$new"
	else
		mv "$new" "${image%/*}"
	fi
}

# --- another suite, another architecture ---

# vm_suite_apt SUITE COMMAND...: runs apt-get or apt-cache with the lists of that
# suite and of vm_arch.
vm_suite_apt() {
	local dir=$vm_cache/apt/$1-$vm_arch command=$2
	shift 2

	"$command" -q -o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State="$dir" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache" \
		-o APT::Architecture="$vm_arch" \
		-o APT::Architectures="$vm_arch" \
		-o APT::Sandbox::User=root \
		-o Acquire::Check-Valid-Until=false "$@"
}

# Prints the mirror that this machine uses for its own suite.
vm_mirror() {
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' |
		sed -n "s/^$(vm_suite) //p" | head -n 1
}

vm_unreachable() {
	vm_skip=$1
	return 3
}

vm_suite_lists() {
	local dir=$vm_cache/apt/$1-$vm_arch

	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	echo "deb $(vm_mirror) $1 main" >"$dir/sources.list"
	# If an update fails, the lists of the last time are used.
	vm_suite_apt "$1" apt-get update --error-on=any \
		>"$build/apt-$1.log" 2>&1 ||
		[ -n "$(vm_suite_apt "$1" apt-cache pkgnames linux-headers)" ] ||
		vm_unreachable "no lists of $1: $(grep -m 1 '^[EW]:' "$build/apt-$1.log")"
}

vm_root_kernel() {
	local suite=$1 package=$2 version

	vm_install mmdebstrap arch-test binutils
	vm_suite_lists "$suite" || return
	version=$(vm_suite_apt "$suite" apt-cache show --no-all-versions \
		"$package" 2>/dev/null | sed -n 's/^Version: //p')
	vm_release=$(vm_suite_apt "$suite" apt-cache depends "$package" \
		2>/dev/null |
		sed -n 's/.*Depends: linux-headers-\([0-9].*\)/\1/p' | head -n 1)
	[ -n "$vm_release" ] || { vm_unreachable "$suite has no $package"; return; }
	vm_kdir=/usr/src/linux-headers-$vm_release
	# The last number grows with each change of vm_root_packages.
	vm_sysroot=$vm_cache/root_${URT_KERNEL}_${version}_2
	vm_image=$vm_sysroot.image/vmlinuz
	[ "$vm_arch" != arm64 ] || {
		vm_cross=aarch64-linux-gnu-
		vm_make=(ARCH=arm64 "CROSS_COMPILE=$vm_cross")
	}
	[ -d "$vm_sysroot" ] || vm_make_root "$suite" "$package" || return
	[ -s "$vm_image" ] ||
		vm_fetch_image "$vm_image" vm_suite_apt "$suite" apt-get
}

# Packages to build in a root: modules, and programs for other architectures. The
# warnings of W=1 need the complete perl.
vm_root_packages() {
	local libraries=libc6-dev,libjansson-dev,libncurses-dev,busybox-static

	case $vm_arch in
	"$vm_host_arch") echo "$2,make,gcc,perl" ;;
	arm64)
		# Headers for arm64 would bring a compiler that does not run here.
		echo "make,perl,gcc-aarch64-linux-gnu,${libraries//,/:arm64,}:arm64,$(
			vm_suite_apt "$1" apt-cache depends \
				"linux-headers-$vm_release" |
			sed -nE 's/.*Depends: (linux-(headers|kbuild).*)/\1/p' | paste -sd,)" ;;
	*) echo "$2,make,gcc,perl,$libraries" ;;
	esac
}

vm_make_root() {
	local suite=$1 package=$2 new architectures=$vm_arch

	[ "$vm_arch" != arm64 ] || architectures=$vm_host_arch,arm64
	if [ "$vm_arch" = i386 ] && ! arch-test -n i386 >/dev/null; then
		vm_unreachable "this machine runs no i386 programs"
		return
	fi
	echo "Making a root of $suite ($vm_arch) for Linux $vm_release" >&2
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	rm -rf "$vm_cache/root_${URT_KERNEL}"_*
	vm_as_root mmdebstrap --variant=apt --architectures="$architectures" \
		--include="$(vm_root_packages "$suite" "$package")" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		"$suite" "$new" "$(vm_mirror)" >"$build/root-$suite.log" 2>&1 || {
		vm_as_root rm -rf "$new"
		vm_unreachable "no root of $suite: $(grep -m 1 '^E:' "$build/root-$suite.log")"
		return
	}
	[ "$vm_arch" != arm64 ] ||
		vm_add_foreign "$suite" "$new" "linux-headers-$vm_release" make
	vm_as_root mv "$new" "$vm_sysroot"
}

# vm_add_foreign SUITE ROOT PACKAGE...: adds their files, but not those of their
# dependencies.
vm_add_foreign() {
	local suite=$1 root=$2 package dir
	shift 2

	dir=$(mktemp -d "$vm_cache/new.XXXXXX")
	for package; do
		(cd "$dir" && vm_suite_apt "$suite" apt-get download "$package" \
			>/dev/null) || vm_die "could not download $package"
		if [ "$package" = make ]; then	# there is one that runs here
			vm_as_root dpkg -x "$dir"/make_*.deb "$root/foreign"
		else
			vm_as_root dpkg -x "$dir/$package"_*.deb "$root"
		fi
	done
	rm -rf "$dir"
}

# --- kernels built here, from the source and the patches in syscall/ ---

vm_source_kernel() {
	local package=$1 version source config key
	local patches=("$top"/syscall/patches/*.patch)

	apt-cache show "$package" >/dev/null 2>&1 ||
		{ vm_unreachable "there is no $package here"; return; }
	vm_install "$package" xz-utils patch flex bison bc libelf-dev libssl-dev
	version=$(dpkg-query -W -f '${Version}' "$package")
	source=$vm_cache/${package}_${version}_$(vm_hash "${patches[@]}")
	config=("$top/tools/vm/kernels/source.config")
	case $URT_KERNEL in
	debug-*) config+=("$top/tools/vm/kernels/debug.config") ;;
	esac
	config+=("$top/tools/vm/kernels/$URT_KERNEL.config")
	key=$(vm_hash "${config[@]}" "${patches[@]}")
	vm_kdir=$vm_cache/${URT_KERNEL}_${version}_$key
	vm_image=$vm_kdir/arch/x86/boot/bzImage
	[ -e "$vm_kdir/built" ] || {
		vm_unpack_source "$package" "$source" "${patches[@]}"
		[ -e "$vm_kdir/prepared" ] || {
			rm -rf "$vm_cache/${URT_KERNEL}_"*
			vm_configure "$source" "${config[@]}"
			vm_prepare_kernel "$source"
		}
		[ -n "$vm_headers_only" ] || vm_build_kernel "$source"
	}
	vm_assert_config "${config[@]}"
	vm_release=$(cat "$vm_kdir/include/config/kernel.release")
	# If the kernel supports it, the module counts executed lines.
	! grep -q '^CONFIG_GCOV_KERNEL=y' "$vm_kdir/.config" ||
		vm_make=(GCOV_PROFILE=y)
}

# vm_hash FILE...: prints a hash of their contents.
vm_hash() { cat "$@" | sha256sum | cut -c 1-12; }

# vm_unpack_source PACKAGE DIR PATCH...: unpacks the source once, for several
# kernels.
vm_unpack_source() {
	local package=$1 source=$2 new patch lock
	shift 2

	exec {lock}>"$vm_cache/lock-source"
	flock "$lock"
	[ ! -e "$source/Makefile" ] || { exec {lock}>&-; return; }
	echo "Unpacking $package" >&2
	rm -rf "$vm_cache/$package"_*
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	tar -xf "/usr/src/$package.tar.xz" -C "$new" --strip-components=1
	for patch; do
		patch -d "$new" -p1 -F0 -s <"$patch" >"$build/patch.log" 2>&1 || {
			cat "$build/patch.log" >&2
			rm -rf "$new"
			vm_die "$patch does not apply to $package"
		}
	done
	mv "$new" "$source"
	exec {lock}>&-
}

vm_configure() {
	local source=$1
	shift

	mkdir -p "$vm_kdir"
	{
		make -s -C "$source" O="$vm_kdir" tinyconfig &&
		cat "$@" >>"$vm_kdir/.config" &&
		make -s -C "$source" O="$vm_kdir" olddefconfig
	} >"$build/config.log" 2>&1 || {
		tail -n 20 "$build/config.log" >&2
		vm_die "could not configure $URT_KERNEL"
	}
}

# kconfig silently drops options that it cannot set.
vm_assert_config() {
	local line missing=0

	while read -r line; do
		case $line in
		'' | '#'*) continue ;;
		*=n) ! grep -q "^${line%=n}=" "$vm_kdir/.config" || missing=1 ;;
		*) grep -qxF "$line" "$vm_kdir/.config" || missing=1 ;;
		esac
		[ "$missing" = 0 ] || vm_die "$URT_KERNEL lacks $line: $vm_kdir/.config"
	done < <(cat "$@")
}

# Prepares the kernel for compiling modules.
vm_prepare_kernel() {
	vm_assert_config "${config[@]}"
	make -s -C "$1" O="$vm_kdir" -j"$(nproc)" modules_prepare \
		>"$build/kernel-build.log" 2>&1 || {
		tail -n 20 "$build/kernel-build.log" >&2
		vm_die "could not prepare $URT_KERNEL"
	}
	touch "$vm_kdir/prepared"
}

vm_build_kernel() {
	echo "Building $URT_KERNEL; this takes some minutes" >&2
	make -s -C "$1" O="$vm_kdir" -j"$(nproc)" bzImage modules \
		>"$build/kernel-build.log" 2>&1 || {
		tail -n 20 "$build/kernel-build.log" >&2
		vm_die "could not build $URT_KERNEL"
	}
	touch "$vm_kdir/built"
}
