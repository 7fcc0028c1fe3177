#!/bin/sh
# SPDX-License-Identifier: MIT
# secure_guest.sh enforce|enroll|secure: runs in the guests of secure.sh. Tests
# which modules the kernel loads, and its message if it does not; or writes the
# variables of the firmware.
vars=/sys/firmware/efi/efivars
global=8be4df61-93ca-11d2-aa0d-00e098032b8c	# the GUIDs of UEFI
database=d719b2cb-3d3a-4596-a3bc-dad00e67656f

mount_variables() {
	insmod /efivarfs.ko && mount -t efivarfs efivarfs $vars
}

# The first four bytes are attributes.
secure_boot() {
	echo "Secure Boot: $(tail -c 1 $vars/SecureBoot-$global | od -An -tu1 |
		tr -d ' ')"
}

# write_variable NAME GUID
write_variable() {
	if dd if="/$1.var" of="$vars/$1-$2" bs=64k 2>/dev/null; then
		echo "$1: written"
	else
		echo "$1: not written"
	fi
}

# The last line of insmod ends in the error.
load() {
	if ! insmod "/$1.ko" 2>/tmp/error; then
		echo "$1: $(sed 's/.*: //' /tmp/error)"
		return
	fi
	echo "$1: loaded"
	echo $$ >/proc/urt/status
	echo "$1: $(grep -c "^$$: " /proc/urt/status) registered"
	rmmod usertime
}

load_all() {
	for name in unsigned stranger ours dkms; do load "$name"; done
}

echo
case $1 in
enforce) load_all ;;
enroll)
	mount_variables || exit
	secure_boot
	write_variable db $database
	write_variable KEK $global
	write_variable PK $global ;;		# it ends the setup mode
secure)
	mount_variables || exit
	secure_boot
	mount -t securityfs securityfs /sys/kernel/security || exit
	echo "lockdown: $(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/security/lockdown)"
	load_all ;;
esac
