# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with test/prometheus.sh and vm.sh
# Unpacks Debian's Prometheus, its promtool and prometheus-process-exporter into
# the cache. They are not installed, so that no service starts. Sourced by
# test/prometheus.sh.

: "${vm_cache:?}" "${build:?}"
tools_packages=(prometheus prometheus-process-exporter)

# Sets tools, the directory where they are unpacked, prometheus and promtool.
get_tools() {
	local versions new package

	mkdir -p "$vm_cache"
	versions=$(tools_versions)
	[[ $versions != *none* ]] || {
		vm_as_root apt-get update -q >"$build/apt.log" 2>&1 || true
		versions=$(tools_versions)
	}
	tools=$vm_cache/prometheus_$(sha256sum <<<"$versions" | cut -c 1-12)
	prometheus=$tools/usr/bin/prometheus promtool=$tools/usr/bin/promtool
	[ ! -d "$tools" ] || return 0
	echo "Unpacking ${tools_packages[*]}" >&2
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	chmod 755 "$new"
	for package in "${tools_packages[@]}"; do
		(cd "$new" && apt-get download -q "$package" &&
			dpkg -x "$package"_*.deb . && rm "$package"_*.deb) \
			>"$build/tools.log" 2>&1 || {
			rm -rf "$new"
			tail -n 5 "$build/tools.log" >&2
			vm_die "could not get $package; all of it: $build/tools.log"
		}
	done
	rm -rf "$vm_cache"/prometheus_*
	mv "$new" "$tools"
}

tools_versions() {
	apt-cache policy "${tools_packages[@]}" | sed -n 's/^  Candidate: //p'
	[ "$(apt-cache policy "${tools_packages[@]}" | grep -c '^  Cand')" = \
		${#tools_packages[@]} ] || echo none
}

# net_modules DIR: copies the modules of the guest's network card, and names them
# in the order of loading. They come from the package of the image.
net_modules() {
	local cache=${vm_image%/*}/net new file number=10

	[ -d "$cache" ] || {
		new=$(mktemp -d "$vm_cache/new.XXXXXX")
		chmod 755 "$new"
		(cd "$new" && apt-get download -q "linux-image-$vm_release" &&
			dpkg -x ./*.deb . && rm ./*.deb &&
			depmod -b "$new" "$vm_release" && mkdir net &&
			for file in virtio_pci virtio_net; do
				modprobe -S "$vm_release" -d "$new" \
					--show-depends "$file"
			done | sed -n 's/^insmod //p' | awk '!seen[$1]++' |
			while read -r file; do
				cp "$file" "net/$number-${file##*/}"
				number=$((number + 1))
			done && mv net "$cache") >"$build/net.log" 2>&1 || {
			rm -rf "$new"
			tail -n 5 "$build/net.log" >&2
			vm_die "no modules for a network card; see $build/net.log"
		}
		rm -rf "$new"
	}
	cp -r "$cache" "$1"
}
