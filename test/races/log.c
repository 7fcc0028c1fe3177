// SPDX-License-Identifier: MIT
/*
 * What the kernel says while all this goes on. Any warning is one too many, and
 * so is any line that names us. Only KCSAN's reports in which we have no part
 * are but counted: the kernel has races of its own.
 */
#include "races.h"

static int kmsg = -1;
static unsigned int bad, foreign;

static char report[16384];	/* of KCSAN, as far as it has come */
static size_t reported;

void log_begin(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	must(kmsg >= 0 && lseek(kmsg, 0, SEEK_END) == 0);
}

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
		"sched: DL replenish lagged too much",
		/* CPU hotplug. */
		"smpboot: ", "psci: ", "CPU", "x86: ", "IRQ",
		"process ",	/* ... no longer affine to cpu */
		"kvm-clock: ", "numa_", "TSC ",
		"workqueue: ",	/* a work has run for long: it is emulated */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!strncmp(line, known[i], strlen(known[i])))
			return true;
	}
	return false;
}

static bool names_us(const char *text)
{
	return strstr(text, "usertime") || strstr(text, "urt_");
}

static void end_report(void)
{
	if (names_us(report)) {
		printf("# kernel log:\n%s", report);
		bad++;
	} else {
		foreign++;
	}
	reported = 0;
}

static void add_to_report(const char *line)
{
	if (reported + strlen(line) + 4 > sizeof(report))
		return;
	reported += sprintf(report + reported, "# %s\n", line);
}

/* Lines of "=" go around it. Return: whether the line belongs to one. */
static bool take_report(const char *line)
{
	bool border = !strncmp(line, "=====", 5);

	if (!reported && strncmp(line, "BUG: KCSAN", 10))
		return border;
	add_to_report(line);
	if (border)
		end_report();
	return true;
}

static void take_line(int level, const char *line)
{
	if (take_report(line) || harmless(line))
		return;
	if (level <= 4 || names_us(line)) {
		printf("# kernel log: %s\n", line);
		bad++;
	}
}

/* Return: how many bad lines there have been until now. */
unsigned int log_watch(void)
{
	char record[8192], *line;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0) {
			printf("# kernel log: lines were lost\n");
			bad++;
			continue;
		}
		record[n] = '\0';
		line = strchr(record, ';');
		if (!line++)
			continue;
		line[strcspn(line, "\n")] = '\0';
		take_line(atoi(record) & 7, line);
	}
	return bad;
}

/* The same, when nothing more is to come: what was cut off is not known. */
unsigned int log_end(void)
{
	log_watch();
	if (reported) {
		printf("# kernel log:\n%s# (cut off)\n", report);
		bad++;
	}
	return bad;
}

unsigned int log_foreign(void)
{
	return foreign;
}
