// SPDX-License-Identifier: MIT
/* The kernel's log. */
#include "lib.h"
#include "runner.h"

static int kmsg;

void log_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	must(kmsg >= 0);
}

/*
 * Lines that the kernel may print: the module is not its own, insmod was called
 * wrongly, the machine is emulated and slow.
 */
static bool harmless(const char *line)
{
	static const char *const known[] = {
		"usertime: loading out-of-tree module taints kernel",
		"usertime: module verification failed",
		"usertime: `",	/* ... invalid for parameter: to root, at load */
		"hrtimer: interrupt took",
		"clocksource: ",
		"perf: interrupt took too long",
		"sched: RT throttling activated",
		"autogroup_create: ",	/* of a process that gets killed */
		/* CPUs that are removed and added again. */
		"smpboot: ", "psci: ", "CPU", "IRQ", "TSC ", "APIC: Stale IRR: ",
		"process ",	/* ... no longer affine to cpu */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!strncmp(line, known[i], strlen(known[i])))
			return true;
	}
	return false;
}

/*
 * Lines that it may print when a test denies it memory, and the module's
 * message about that at load. A trace that belongs to no warning may follow, up
 * to its end.
 */
static bool of_faults(const char *line)
{
	static const char *const known[] = {
		"kmemleak: Cannot allocate a scan area",
		"kobject: ",
		"usertime: no probe at tracepoint ",
		"workqueue: Failed to ",
	};
	static bool in_trace;

	if (in_trace) {
		in_trace = !strstr(line, "</TASK>");
		return true;
	}
	in_trace = strstr(line, "kmem_cache_create") &&
		   strstr(line, "(urt_entry) failed with error");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!strncmp(line, known[i], strlen(known[i])))
			return true;
	}
	return in_trace;
}

static bool faults;

/* The test that runs now injects faults, or none. */
void log_expect_faults(bool expected)
{
	faults = expected;
}

/*
 * KCSAN reports races in all of the kernel, between lines of '='. A report is
 * ours if it has a function of the module.
 */
static struct {
	bool inside, ours;
	char text[16384];
	unsigned int others;
} race;

static bool add_to_race(const char *line, bool print)
{
	size_t len = strlen(race.text);

	if (strncmp(line, "=====", 5)) {
		race.ours |= strstr(line, "[usertime]") || strstr(line, " urt_");
		snprintf(race.text + len, sizeof(race.text) - len,
			 "# kernel log: %s\n", line);
		return false;
	}
	race.inside = false;
	race.others += !race.ours;
	if (race.ours && print)
		printf("%s", race.text);
	return race.ours;
}

static bool bad_line(int level, const char *line, bool print)
{
	if (race.inside)
		return add_to_race(line, print);
	if (!strncmp(line, "=====", 5))
		return false;
	if (!strncmp(line, "BUG: KCSAN: ", strlen("BUG: KCSAN: "))) {
		race.inside = true;
		race.ours = false;
		race.text[0] = '\0';
		return add_to_race(line, print);
	}
	if (faults && of_faults(line))
		return false;
	if (harmless(line) || (level > 4 && !strstr(line, "usertime") &&
			       !strstr(line, "urt_")))
		return false;
	if (print)
		printf("# kernel log: %s\n", line);
	return true;
}

/*
 * Return: how many warnings, or lines of the module, came since the last call.
 */
int log_read(bool print)
{
	char record[8192], *line;
	int bad = 0;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0) {
			if (print)
				printf("# kernel log: lines were overwritten\n");
			bad++;
			continue;
		}
		record[n] = '\0';
		line = strchr(record, ';');
		if (!line++)
			continue;
		line[strcspn(line, "\n")] = '\0';
		bad += bad_line(atoi(record) & 7, line, print);
	}
	return bad;
}

/* Races in the kernel itself that KCSAN has reported. */
unsigned int log_others(void)
{
	return race.others;
}
