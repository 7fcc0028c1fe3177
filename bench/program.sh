# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Builds the guest's program. Sourced after tools/vm/vm.sh.

: "${top:?}" "${build:?}"

bench_packages() { echo clang libbpf-dev libelf-dev zlib1g-dev; }

# bench_program ROOT: builds bin/bench of the guest's root, and the BPF programs
# that it loads.
bench_program() {
	local root=$1 name

	for name in tasks walk; do
		clang -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
			-target bpf -I"/usr/include/$(gcc -dumpmachine)" \
			-c "$top/bench/bpf/$name.bpf.c" -o "$root/$name.bpf.o"
	done
	vm_library
	# shellcheck disable=SC2154 # vm_library sets vm_liburt
	vm_program "$root/bin/bench" "$top"/bench/{guest,peers}/*.c \
		"$vm_liburt" -lbpf -lelf -lz
}
