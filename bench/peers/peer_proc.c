// SPDX-License-Identifier: MIT
/*
 * Files of /proc/PID, with the work that any program needs to parse their text.
 * They are opened for each sample, or kept open and read from their beginning.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../guest/base.h"
#include "peers.h"

#define TICK_NS 10000000	/* of a clock tick as user space has it */
#define PATH_LEN 28		/* "/proc/4194304/schedstat" */
#define LINE_LEN 1024

struct files {
	const char *name;
	int count;
	char (*paths)[PATH_LEN];
	int *fds;
};

static struct files stat_files = { .name = "stat" };
static struct files stat_kept_files = { .name = "stat" };
static struct files schedstat_files = { .name = "schedstat" };

static void name_files(struct files *files, const pid_t *ids, int count)
{
	files->count = count;
	files->paths = calloc(count, sizeof(*files->paths));
	must(files->paths);
	for (int i = 0; i < count; i++)
		snprintf(files->paths[i], PATH_LEN, "/proc/%d/%s", ids[i],
			 files->name);
}

static const char *keep_files(struct files *files, const pid_t *ids, int count)
{
	name_files(files, ids, count);
	if (access(files->paths[0], R_OK)) {
		free(files->paths);
		return "/proc/PID has no such file";
	}
	files->fds = calloc(count, sizeof(*files->fds));
	must(files->fds);
	for (int i = 0; i < count; i++) {
		files->fds[i] = open(files->paths[i], O_RDONLY | O_CLOEXEC);
		must(files->fds[i] >= 0);
	}
	return NULL;
}

static void close_files(struct files *files)
{
	for (int i = 0; i < files->count; i++)
		close(files->fds[i]);
	free(files->fds);
	free(files->paths);
}

static const char *number(const char *at, uint64_t *value)
{
	uint64_t n = 0;

	while ((unsigned char)(*at - '0') < 10)
		n = n * 10 + (*at++ - '0');
	*value = n;
	return at;
}

/* Fields 14 and 15, utime and stime. A name may contain blanks and brackets. */
static uint64_t parse_stat(const char *line, ssize_t len)
{
	const char *at = memrchr(line, ')', len);
	uint64_t utime, stime;

	must(at);
	for (int blanks = 0; blanks < 12; blanks += *at++ == ' ')
		;
	number(number(at, &utime) + 1, &stime);
	return (utime + stime) * TICK_NS;
}

/* --- stat, opened for each sample --- */

static const char *stat_open(const pid_t *ids, int count)
{
	name_files(&stat_files, ids, count);
	return NULL;
}

static uint64_t stat_sample(void)
{
	char line[LINE_LEN];
	uint64_t sum = 0;
	ssize_t len;
	int fd;

	for (int i = 0; i < stat_files.count; i++) {
		fd = open(stat_files.paths[i], O_RDONLY | O_CLOEXEC);
		len = read(fd, line, sizeof(line));
		must(len > 0);
		close(fd);
		sum += parse_stat(line, len);
	}
	return sum;
}

static void stat_close(void)
{
	free(stat_files.paths);
}

const struct peer peer_stat = {
	.name = "stat",
	.row = "/proc/PID/stat open-read-close",
	.adjusts = true,
	.whole = true,
	.open = stat_open,
	.sample = stat_sample,
	.close = stat_close,
};

/* --- stat, kept open --- */

static const char *stat_kept_open(const pid_t *ids, int count)
{
	return keep_files(&stat_kept_files, ids, count);
}

static uint64_t stat_kept_sample(void)
{
	char line[LINE_LEN];
	uint64_t sum = 0;
	ssize_t len;

	for (int i = 0; i < stat_kept_files.count; i++) {
		len = pread(stat_kept_files.fds[i], line, sizeof(line), 0);
		must(len > 0);
		sum += parse_stat(line, len);
	}
	return sum;
}

static void stat_kept_close(void)
{
	close_files(&stat_kept_files);
}

const struct peer peer_stat_kept = {
	.name = "stat-kept",
	.row = "/proc/PID/stat kept open",
	.adjusts = true,
	.whole = true,
	.open = stat_kept_open,
	.sample = stat_kept_sample,
	.close = stat_kept_close,
};

/*
 * --- schedstat, kept open: the time of one thread, in ns, without a split ---
 */

static const char *schedstat_open(const pid_t *ids, int count)
{
	return keep_files(&schedstat_files, ids, count);
}

static uint64_t schedstat_sample(void)
{
	uint64_t sum = 0, time;
	char line[LINE_LEN];

	for (int i = 0; i < schedstat_files.count; i++) {
		must(pread(schedstat_files.fds[i], line, sizeof(line), 0) > 0);
		number(line, &time);
		sum += time;
	}
	return sum;
}

static void schedstat_close(void)
{
	close_files(&schedstat_files);
}

const struct peer peer_schedstat = {
	.name = "schedstat",
	.row = "/proc/PID/schedstat kept open",
	.by_thread = true,
	.whole = true,
	.open = schedstat_open,
	.sample = schedstat_sample,
	.close = schedstat_close,
};
