// SPDX-License-Identifier: MIT
/*
 * Runs tests of the guest's kind (TEST() in lib.h) on this machine. These tests
 * need neither the module nor root. TAP.
 */
#include "lib.h"
#include "runner.h"
#include "tap.h"

static struct test *tests;

void test_add(struct test *test)
{
	struct test **at = &tests;

	while (*at)
		at = &(*at)->next;
	*at = test;
}

static bool holds(const struct test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		test->run();
		exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

int main(void)
{
	for (struct test *t = tests; t; t = t->next)
		tap(holds(t), t->claim, NULL);
	return tap_done();
}
