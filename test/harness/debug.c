// SPDX-License-Identifier: MIT
/* What only debug kernels know: leaks, and which lines were executed. */
#include <sys/stat.h>

#include "lib.h"
#include "runner.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define GCOV "/sys/kernel/debug/gcov"

/* Prints and counts what nothing points to any more. */
static int scan(void)
{
	char *report, *line, *next;
	int found = 0;

	spit(KMEMLEAK, "scan");
	report = slurp(KMEMLEAK);
	for (line = report; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		printf("# kmemleak: %s\n", line);
		found += !strncmp(line, "unreferenced", strlen("unreferenced"));
	}
	free(report);
	if (found)
		spit(KMEMLEAK, "clear");
	return found;
}

/*
 * A scan takes as long as many tests; what has leaked stays, however, and its
 * report names the process and the call. So one scan is for some unloads. What
 * is younger than 5 s is not reported yet: the next one sees it.
 */
int debug_leaks(void)
{
	static unsigned int unloads;

	if (access(KMEMLEAK, W_OK) || ++unloads % 100)
		return 0;
	return scan();
}

/*
 * After the last unload: waits until all can be reported. What has changed since
 * the scan before, as all that is new has, is not reported, either: hence two.
 */
int debug_last_leaks(void)
{
	uint64_t until = now_ns() + 6 * SEC;

	if (access(KMEMLEAK, W_OK))
		return 0;
	while (now_ns() < until)
		nap();
	spit(KMEMLEAK, "scan");
	return scan();
}

/* A tar of the counters, to the serial port that URT_DATA names. */
void debug_save_coverage(void)
{
	if (access(GCOV, R_OK) || !getenv("URT_DATA"))
		return;
	/* They have no size in debugfs: tar would take them for empty. */
	/* NOLINTNEXTLINE(cert-env33-c): URT_DATA is what our /init gives */
	must(!system("cp -r " GCOV " /tmp/gcov && "
		     "stty -F $URT_DATA raw -echo && "
		     "tar -cf $URT_DATA -C /tmp/gcov ."));
}
