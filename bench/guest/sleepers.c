// SPDX-License-Identifier: MIT
/*
 * Thousands of processes that only exist. They share our memory, so that each
 * is cheap to make and takes little.
 */
#define _GNU_SOURCE
#include "sleepers.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"

static char stack[4096] __attribute__((aligned(16)));
static pid_t *pids;
static int count;

/*
 * All of them use one stack. Each puts equal contents there, and none removes
 * them.
 */
static int be_there(void *unused)
{
	for (;;)
		syscall(SYS_pause);
	return 0;
}

pid_t *sleepers_start(int n)
{
	count = n;
	pids = calloc(n, sizeof(*pids));
	must(pids);
	for (int i = 0; i < n; i++) {
		pids[i] = clone(be_there, stack + sizeof(stack),
				CLONE_VM | SIGCHLD, NULL);
		must(pids[i] > 0);
	}
	/* They run until they sleep. */
	sleep_until(now_ns() + SECOND);
	return pids;
}

void sleepers_end(void)
{
	for (int i = 0; i < count; i++)
		must(!kill(pids[i], SIGKILL));
	for (int i = 0; i < count; i++)
		must(waitpid(pids[i], NULL, 0) == pids[i]);
	sleepers_forget();
}

void sleepers_forget(void)
{
	free(pids);
}
