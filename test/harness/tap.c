// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "tap.h"

const char *tap_about;

static int planned, number, failed;

void tap_plan(int count)
{
	planned = count;
	number = 0;
	failed = 0;
	printf("1..%d\n", count);
}

void tap(bool good, const char *claim, const char *seen)
{
	failed += !good;
	if (!good && seen)
		printf("# %s\n", seen);
	printf("%sok %d - %s%s%s\n", good ? "" : "not ", ++number,
	       tap_about ? tap_about : "", tap_about ? ": " : "", claim);
	fflush(stdout);
}

int tap_done(void)
{
	if (!planned)
		printf("1..%d\n", number);
	return failed != 0;
}
