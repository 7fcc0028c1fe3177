#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests signed modules, on Debian's kernel that must enforce signatures, and under
# UEFI Secure Boot, with firmware that has our key. debian.sh runs before. The
# kernel and a module that DKMS has built and signed come from there. Prints TAP.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
made=$top/build/packages/debian
build=$top/build/packages/secure
export LC_ALL=C
. "$top/tools/vm/vm.sh"
. "$top/test/packages/tap.sh"

firmware=/usr/share/OVMF/OVMF_CODE_4M.fd
blank=/usr/share/OVMF/OVMF_VARS_4M.fd

# make_key NAME: makes a key and its certificate, as packaging/SECURE-BOOT.md does.
make_key() {
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 36500 \
		-subj "/CN=usertime test, $1" -keyout "$build/$1.key" \
		-out "$build/$1.crt" 2>"$build/openssl.log"
}

# Makes a module without a signature, and copies with three signatures.
make_modules() {
	local key

	# strip removes the signature, which is at the end of the file.
	cp "$made/usertime.ko" "$build/root/dkms.ko"
	strip -g -o "$build/root/unsigned.ko" "$made/usertime.ko"
	for key in ours stranger; do
		make_key "$key"
		"$made/sign-file" sha256 "$build/$key.key" "$build/$key.crt" \
			"$build/root/unsigned.ko" "$build/root/$key.ko"
	done
	[ -z "$(modinfo -F signer "$build/root/unsigned.ko")" ]
	[ "$(modinfo -F signer "$build/root/ours.ko")" = "usertime test, ours" ]
	cp "$made/efivarfs.ko" "$build/root/"
}

# Makes the variables of the firmware: the trusted keys (db), and the keys that may
# change them (KEK, PK). An EFI variable is written as its attributes and its new
# value.
make_variables() {
	local name guid=26ab4d9c-7b04-4d0c-a7be-4d6a2ff8d2a1

	cd "$build"
	openssl x509 -inform DER -in "$made/mok.pub" -out dkms.crt
	for name in ours dkms; do
		cert-to-efi-sig-list -g "$guid" "$name.crt" "$name.esl"
	done
	cp ours.esl PK.esl
	cp ours.esl KEK.esl
	cat ours.esl dkms.esl >db.esl
	for name in PK KEK db; do
		sign-efi-sig-list -g "$guid" -k ours.key -c ours.crt "$name" \
			"$name.esl" "$name.auth"
		{ printf '\x27\0\0\0'; cat "$name.auth"; } >"root/$name.var"
	done
	# Firmware needs a signature of the kernel as well.
	sbsign --key ours.key --cert ours.crt --output vmlinuz "$vm_image"
}

make_root() {
	local applet

	mkdir -p "$build/root/bin"
	vm_program "$build/root/init" "$top/tools/vm/init.c"
	vm_busybox "$build/root/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$build/root/bin/$applet"
	done
	install -m 755 "$top/test/packages/secure_guest.sh" "$build/root/"
	make_modules
	make_variables
	vm_pack "$build/root" "$build/root.cpio.gz"
}

# guest NAME "KERNEL ARGUMENTS" [QEMU_ARGUMENT]...: writes its output to
# $build/NAME.
guest() {
	local name=$1 append=$2
	shift 2
	vm_boot "$build/root.cpio.gz" "$build/boot-$name.log" "$vm_hang" "$append" "$@" -- \
		port /secure_guest.sh "$name" | tr -d '\r' >"$build/$name" ||
		{ cat -v "$build/$name"; return 1; }
	cat -v "$build/$name"
}

uefi() {
	echo -machine q35 \
		-drive "if=pflash,format=raw,readonly=on,file=$firmware" \
		-drive "if=pflash,format=raw,file=$build/firmware"
}

# said NAME LINE...: the guest printed these lines.
said() {
	local name=$1 line
	shift
	for line; do
		grep -xF -- "$line" "$build/$name" >/dev/null ||
			{ echo "it did not say: $line"; return 1; }
	done
}

rejected='Key was rejected by service'	# EKEYREJECTED

enforces() {
	guest enforce module.sig_enforce=1
	said enforce "unsigned: $rejected" "stranger: $rejected" \
		"ours: $rejected" "dkms: $rejected"
}

enrolls() {
	local words

	cp "$blank" "$build/firmware"
	chmod u+w "$build/firmware"
	read -ra words <<<"$(uefi)"
	guest enroll '' "${words[@]}"
	said enroll 'Secure Boot: 0' 'db: written' 'KEK: written' 'PK: written'
}

boots_securely() {
	local words

	read -ra words <<<"$(uefi)"
	vm_image=$build/vmlinuz guest secure '' "${words[@]}"
	said secure 'Secure Boot: 1' 'lockdown: integrity'
}

refuses() { said secure "unsigned: $rejected" "stranger: $rejected"; }

accepts() { said secure 'ours: loaded' 'ours: 1 registered' 'dkms: loaded' \
	'dkms: 1 registered'; }

[ -e "$made/sign-file" ] || vm_die "there is no $made/sign-file: debian.sh makes it"
rm -rf "$build"
mkdir -p "$build"
vm_install busybox-static cpio gcc libc6-dev binutils kmod openssl ovmf efitools \
	sbsigntool qemu-system-x86
vm_release=$(cat "$made/release")
vm_image=$made/vmlinuz-$vm_release
vm_machine
claim 'modules are signed: by nobody, by DKMS, by us, by a stranger' make_root
claim 'a kernel with module.sig_enforce=1 refuses all it has no key of' enforces
show_file "$build/enforce"
claim 'firmware takes our key and that of DKMS (db, KEK, PK)' enrolls
claim 'a kernel with our signature boots under Secure Boot, locked down' boots_securely
claim 'it refuses the module without a signature, and that of a stranger' refuses
claim 'it loads the module with our signature and that of DKMS' accepts
show_file "$build/secure" | sed -n '/^# Secure Boot/,$p'
finish
