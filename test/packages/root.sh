# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# Makes roots of this machine's own distribution: a fresh root, and layers over it. The
# fresh root is as small as it can be and still boot. The cache keeps both under the
# version of their kernel. Sourced with vm.sh, as root, in a mount namespace of the
# caller's own, so that all mounts go with it.
: "${vm_cache:?}" "${build:?}"

fresh=		# the fresh root; make_fresh sets it
work=		# where overlays are; gone at the end

# The package sources of this machine, as far as they are Debian's.
root_sources() {
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' | sort -u
}

# candidate PACKAGE: prints the version that apt would install, or nothing.
candidate() {
	apt-cache policy "$1" 2>/dev/null |
		sed -n 's/^  Candidate: \([^(]\)/\1/p'
}

make_fresh() {
	local lock

	mkdir -p "$vm_cache"
	exec {lock}>"$vm_cache/packages-lock"
	flock "$lock"		# until the end: there is one work
	fresh=$vm_cache/fresh_$(vm_suite)_$(candidate linux-image-cloud-amd64)
	work=$vm_cache/packages-work
	rm -rf "$work"		# of one that was killed
	mkdir "$work"
	trap leave EXIT
	[ ! -d "$fresh" ] || return 0
	vm_install mmdebstrap
	show "making a fresh root of $(vm_suite)"
	rm -rf "$vm_cache/fresh_$(vm_suite)"_*
	root_sources | mmdebstrap --variant=minbase \
		--include=systemd-sysv,udev,linux-image-cloud-amd64,initramfs-tools \
		"$(vm_suite)" "$work/fresh" - >"$build/fresh.log" 2>&1 || {
		tail -n 20 "$build/fresh.log" >&2
		vm_die "no fresh root of $(vm_suite)"
	}
	mkdir -p "$fresh.archives/partial"
	mv "$work/fresh" "$fresh"
}

leave() {
	local mount

	# The innermost ones come last.
	awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts |
		tac | while read -r mount; do umount -l "$mount"; done
	rm -rf "$work"
	# The files belong to the owner of the checkout, not to root.
	[ -z "${SUDO_UID-}" ] || chown -R "$SUDO_UID:" "$build"
}

# overlay NAME LOWER[:LOWER...]: mounts $work/NAME, which is LOWER and takes
# changes.
overlay() {
	mkdir -p "$work/$1" "$work/$1.upper" "$work/$1.work"
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$work/$1.upper,workdir=$work/$1.work" \
		"$work/$1"
	mount -t proc proc "$work/$1/proc"
	cp -L /etc/resolv.conf "$work/$1/etc/resolv.conf"
}

# overlay_end NAME: unmounts it. Its changes are in $work/NAME.upper. A sleep that
# DKMS has left behind may take a moment to end.
overlay_end() {
	local left=300

	umount "$work/$1/proc"
	until umount "$work/$1" 2>"$build/umount.log"; do
		((left--)) || {
			cat "$build/umount.log"
			return 1
		}
		sleep 0.1
	done
}

# in_root DIR COMMAND...
in_root() {
	local dir=$1
	shift
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
		chroot "$dir" "$@"
}

# keep_archives DIR ARCHIVES: keeps the downloads for that root.
keep_archives() {
	mkdir -p "$2/partial"
	mount --bind "$2" "$1/var/cache/apt/archives"
	cat >"$1/etc/apt/apt.conf.d/99test" <<-END
		APT::Keep-Downloaded-Packages "true";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Dpkg::Use-Pty "false";
		Dpkg::Options { "--force-unsafe-io"; "--force-confold"; };
		Acquire::Check-Valid-Until "false";
	END
}
