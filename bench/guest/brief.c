// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "brief.h"

#include <unistd.h>

#include "base.h"
#include "burn.h"

#define SETTLE (120 * MS)	/* some grace periods, of several ticks each */

/*
 * Is busy until all delayed work is done: RCU's callbacks, and work that these
 * delay.
 * Return: the time that this took. Without delayed work, it is always the same.
 */
uint64_t until_quiet(void)
{
	uint64_t begin = tsc();

	burn_blocks(SETTLE / BURN_BLOCK);
	return tsc() - begin;
}

/*
 * The stacks of the dead are unmapped together when there are some 1,600 of
 * them, which hits one round in five. Unloading a module unmaps them at once.
 */
void unmap_stacks(void)
{
	module_load("");
	module_unload();
}

/* Return: a process that has ended, and has copied no memory. */
pid_t fork_brief(void)
{
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	must(pid > 0);
	return pid;
}
