// SPDX-License-Identifier: MIT
/*
 * Calls the kernel CALLS times for each of several system calls, each in a
 * phase of its own. bench/plugin/profile.c counts the executed instructions by
 * function.
 */
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "../bench/guest/base.h"
#include "calls.h"
#include "stub.h"

#define CALLS 1000

static const struct {
	const char *name;
	long number, argument;
} calls[] = {
	{ "hello_quiet()", NR_HELLO_QUIET, 0 },
	{ "getppid()", SYS_getppid, 0 },
	{ "get_process_runtime(0)", NR_GET_PROCESS_RUNTIME, 0 },
	{ "get_process_runtime(1)", NR_GET_PROCESS_RUNTIME, 1 },
};

/* Shows the plugin, during a phase, where our kernel stack is. */
static void show_stack(void)
{
	profile_mark();
	call_kernel(SYS_getppid, 0);
	profile_mark();
	printf("# phase 1 -\n");
}

int main(void)
{
	show_stack();
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (call_kernel(calls[i].number, calls[i].argument) < 0) {
			fprintf(stderr, "user_trace: %s fails\n", calls[i].name);
			return 1;
		}
		profile_mark();
		for (int n = 0; n < CALLS; n++)
			call_kernel(calls[i].number, calls[i].argument);
		profile_mark();
		printf("# phase %d %s\n", CALLS, calls[i].name);
	}
	return 0;
}
