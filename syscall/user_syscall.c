// SPDX-License-Identifier: MIT
/*
 * The cost of system calls: one that does nothing, and several that do little.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "measure.h"
#include "stub.h"

static pid_t parent;

DOOR(quiet, "system call, hello_quiet()")
{
	call_kernel(NR_HELLO_QUIET, 0);
}

DOOR(getppid, "system call, getppid()")
{
	call_kernel(SYS_getppid, 0);
}

DOOR(libc, "system call, getppid() through syscall(2)")
{
	syscall(SYS_getppid);
}

DOOR(self, "system call, get_process_runtime(0)")
{
	call_kernel(NR_GET_PROCESS_RUNTIME, 0);
}

DOOR(other, "system call, get_process_runtime(PID)")
{
	call_kernel(NR_GET_PROCESS_RUNTIME, parent);
}

DOOR(hello, "system call, hello(), beyond its ten lines")
{
	call_kernel(NR_HELLO, 0);
}

int main(void)
{
	parent = getppid();
	if (call_kernel(NR_HELLO_QUIET, 0) == -ENOSYS) {
		fprintf(stderr, "user_syscall: this kernel has no hello_quiet(): it is not patched; see syscall/README.md\n");
		return 3;
	}
	must(call_kernel(NR_GET_PROCESS_RUNTIME, parent) >= 0);
	measure_begin();
	measure(&door_quiet);
	measure(&door_getppid);
	measure(&door_libc);
	measure(&door_self);
	measure(&door_other);
	measure(&door_hello);
	return 0;
}
