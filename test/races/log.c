// SPDX-License-Identifier: MIT
/*
 * What the kernel says while all this goes on. Any warning is one too many, and
 * so is any line that names us. Reports without us are only counted where the
 * kernel is known to be the cause: KCSAN's of races in its own code, and below.
 */
#define _GNU_SOURCE
#include "races.h"

static int kmsg = -1;
static unsigned int bad, foreign;

/* Warnings of the kernel's own, in which we have no part. */
static const char *const known_warnings[] = {
	/* Linux 6.12: a CPU goes while its fair server's timer is on its way. */
	"inactive_task_timer",
};

static char report[16384];	/* as far as it has come */
static const char *report_end;	/* how its last line begins */
static size_t reported;

void log_open(void)
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

static bool is_foreign(void)
{
	const char *where = strstr(report, "WARNING: ");

	if (strstr(report, "BUG: KCSAN"))
		return !names_us(report);
	if (!where)
		return false;
	where = strstr(where, " at ");	/* the file and the function */
	for (size_t i = 0; i < sizeof(known_warnings) / sizeof(char *); i++) {
		if (where && !strncmp(strchrnul(where + 4, ' ') + 1,
				      known_warnings[i],
				      strlen(known_warnings[i])))
			return true;
	}
	return false;
}

static void end_report(void)
{
	if (is_foreign()) {
		foreign++;
	} else {
		printf("# kernel log:\n%s", report);
		bad++;
	}
	reported = 0;
}

static void add_to_report(const char *line)
{
	if (reported + strlen(line) + 4 > sizeof(report))
		return;
	reported += sprintf(report + reported, "# %s\n", line);
}

/* Return: whether the line belongs to a report. */
static bool take_report(const char *line)
{
	bool ends = reported && !strncmp(line, report_end, strlen(report_end));

	if (!strncmp(line, "BUG: KCSAN", 10))
		report_end = "=====";
	else if (!strncmp(line, "------------[ cut here", 22))
		report_end = "---[ end trace";
	else if (!reported)
		return false;
	add_to_report(line);
	if (ends)
		end_report();
	return true;
}

static void take_line(int level, const char *line)
{
	if (take_report(line) || !strncmp(line, "=====", 5) || harmless(line))
		return;
	if (level <= 4 || names_us(line)) {
		printf("# kernel log: %s\n", line);
		bad++;
	}
}

/* Return: how many bad lines there have been until now. */
unsigned int log_read(void)
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
	log_read();
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
