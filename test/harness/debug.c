// SPDX-License-Identifier: MIT
/* Facts that only debug kernels know: leaks, and executed lines. */
#include <sys/stat.h>

#include "lib.h"
#include "runner.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define GCOV "/sys/kernel/debug/gcov"

/* Prints and counts memory that no pointer refers to. */
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
 * A scan takes as long as many tests. But leaked memory stays leaked, and its
 * report names the process and the call. Therefore one scan covers several
 * unloads. Memory younger than 5 s is not reported yet, but the next scan sees
 * it.
 */
int debug_leaks(void)
{
	static unsigned int unloads;

	if (access(KMEMLEAK, W_OK) || ++unloads % 100)
		return 0;
	return scan();
}

/*
 * After the last unload, waits until all leaks can be reported. A scan does not
 * report memory that has changed since the scan before, as all new memory has.
 * Therefore two scans are needed.
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

/* Writes a tar of the counters to the serial port that URT_DATA names. */
void debug_save_coverage(void)
{
	if (access(GCOV, R_OK) || !getenv("URT_DATA"))
		return;
	/* debugfs shows a size of 0, so that tar would store empty files. */
	/* NOLINTNEXTLINE(cert-env33-c): URT_DATA is what our /init gives */
	must(!system("cp -r " GCOV " /tmp/gcov && "
		     "stty -F $URT_DATA raw -echo && "
		     "tar -cf $URT_DATA -C /tmp/gcov ."));
}
