// SPDX-License-Identifier: MIT
/*
 * The cost of a call that stays in user space: a library's function, and two of
 * the vDSO, the library that the kernel maps into every process.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "library.h"
#include "measure.h"

static struct timespec moment;
static time_t seconds;

DOOR(function, "function call")
{
	library_hello_quiet();
}

DOOR(time, "vDSO call, time()")
{
	seconds = time(NULL);
}

DOOR(clock, "vDSO call, clock_gettime()")
{
	clock_gettime(CLOCK_BOOTTIME, &moment);
}

/* Warns of other clocks, because the vDSO calls the kernel to read them. */
static void warn_of_clock(void)
{
	static const char path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	char name[32] = "";
	FILE *file = fopen(path, "re");

	must(file && fgets(name, sizeof(name), file));
	fclose(file);
	if (strncmp(name, "tsc", 3))	/* it is tsc-early soon after boot */
		printf("# the kernel's clock is %s", name);
}

int main(void)
{
	warn_of_clock();
	measure_begin();
	measure(&door_function);
	measure(&door_time);
	measure(&door_clock);
	must(seconds && (moment.tv_sec || moment.tv_nsec));
	return 0;
}
