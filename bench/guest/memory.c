// SPDX-License-Identifier: MIT
/*
 * The memory that the kernel needs for each registration, record, session and
 * mapped entry, and for each process that peers watch.
 *
 * There are two measures of the growth: the pages that are missing from the
 * free ones, whatever took them, and the growth of slab caches. Slab pages
 * count as a whole. The last page of a cache may be nearly empty, which is a
 * few bytes for each object.
 */
#define _GNU_SOURCE
#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../peers/perf.h"
#include "base.h"
#include "brief.h"
#include "figures.h"
#include "session.h"
#include "sleepers.h"
#include "urt.h"

#define TABLE "memory"
#define COUNT 10000
#define SESSIONS 1000
#define PAGE 4096
#define CACHES 512

struct cache {
	char name[48];
	long objects;
	long object_size;
	long pages;
};

struct memory {
	long free_pages;
	int count;
	struct cache caches[CACHES];
};

static struct memory before, after;
static int fds[COUNT];		/* one for each process */

/* --- present memory --- */

/* Pages that a CPU keeps for itself are free, and counted apart. */
static long free_pages(void)
{
	FILE *f = fopen("/proc/zoneinfo", "r");
	bool of_cpu = false;
	long pages = 0, n;
	char line[256];

	must(f);
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "pagesets"))
			of_cpu = true;
		else if (!strncmp(line, "Node", 4))
			of_cpu = false;
		if (sscanf(line, " pages free %ld", &n) == 1 ||
		    (of_cpu && sscanf(line, " count: %ld", &n) == 1))
			pages += n;
	}
	fclose(f);
	return pages;
}

static void read_caches(struct memory *m)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	long per_slab, slabs;
	char line[512];

	must(f);
	m->count = 0;
	while (fgets(line, sizeof(line), f)) {
		struct cache *c = &m->caches[m->count];

		if (sscanf(line, "%47s %ld %*d %ld %*d %ld : tunables %*d %*d %*d : slabdata %*d %ld",
			   c->name, &c->objects, &c->object_size, &per_slab,
			   &slabs) != 5)
			continue;
		c->pages = per_slab * slabs;
		must(++m->count < CACHES);
	}
	fclose(f);
	must(m->count);
}

/* Waits until freed memory is free. */
static void look(struct memory *m)
{
	sleep_until(now_ns() + SECOND);
	read_caches(m);
	m->free_pages = free_pages();
}

static const struct cache *find(const struct memory *m, const char *name)
{
	for (int i = 0; i < m->count; i++) {
		if (!strcmp(m->caches[i].name, name))
			return &m->caches[i];
	}
	return NULL;
}

static void tell(const char *row, const struct cache *c, long objects)
{
	printf("# " TABLE ": %s: %ld more of %s, %ld bytes each\n", row,
	       objects, c->name, c->object_size);
}

/* Prints the growth for each of so many. */
static void print(const char *row, int count, bool ours)
{
	long pages = 0, objects;
	const struct cache *c, *was;

	for (int i = 0; i < after.count; i++) {
		c = &after.caches[i];
		was = find(&before, c->name);
		pages += c->pages - (was ? was->pages : 0);
		objects = c->objects - (was ? was->objects : 0);
		if (ours && objects > count / 4)
			tell(row, c, objects);
	}
	figure(TABLE, row, "all pages",
	       (double)(before.free_pages - after.free_pages) * PAGE / count,
	       "bytes");
	figure(TABLE, row, "slab pages", (double)pages * PAGE / count, "bytes");
}

/* --- ours --- */

static void write_pids(int fd, const pid_t *pids)
{
	char word[16];
	int len;

	for (int i = 0; i < COUNT; i++) {
		len = snprintf(word, sizeof(word), "%d\n", pids[i]);
		must(write(fd, word, len) == len);
	}
}

static void registrations(const pid_t *pids)
{
	int fd = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);

	must(fd >= 0);
	look(&before);
	write_pids(fd, pids);
	look(&after);
	print("registration", COUNT, true);
	close(fd);
}

static void mapped(const pid_t *pids)
{
	int fd = session_open("interval 3600000");
	void *map;

	write_pids(fd, pids);
	look(&before);
	map = mmap(NULL, URT_MAP_LENGTH(COUNT), PROT_READ, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	look(&after);
	print("mapped entry", COUNT, true);
	must(!munmap(map, URT_MAP_LENGTH(COUNT)));
	close(fd);
}

static void sessions(void)
{
	look(&before);
	for (int i = 0; i < SESSIONS; i++)
		fds[i] = session_open("interval 3600000");
	look(&after);
	print("session with its descriptor", SESSIONS, true);
	for (int i = 0; i < SESSIONS; i++)
		close(fds[i]);
}

/* An entry becomes its record, and frees its other facts of the process. */
static void records(void)
{
	int session = session_open("interval 3600000");
	char word[24];
	pid_t pid;
	int len;

	len = snprintf(word, sizeof(word), "tree %d", getpid());
	look(&before);
	must(write(session, word, len) == len);
	for (int i = 0; i < COUNT; i++) {
		pid = fork_brief();
		must(waitpid(pid, NULL, 0) == pid);
	}
	look(&after);
	print("exit record not read", COUNT, true);
	close(session);
}

/* --- peers --- */

/* The first read allocates its buffer. */
static int open_stat(pid_t pid)
{
	char path[32], c;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && read(fd, &c, 1) == 1);
	return fd;
}

static int open_pidfd(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static int open_perf(pid_t pid)
{
	return perf_open(pid, false);
}

static void descriptors(const char *row, const pid_t *pids, int (*get)(pid_t))
{
	look(&before);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = get(pids[i]);
		if (!i && fds[i] < 0) {
			figure_absent(TABLE, row, "no such descriptors");
			return;
		}
		must(fds[i] >= 0);
	}
	look(&after);
	print(row, COUNT, false);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
}

void memory_measure(void)
{
	pid_t *pids;

	module_load("interval_ms=3600000 max_per_user=20000 max_records=20000");
	records();	/* before any other child could be a member */
	pids = sleepers_start(COUNT);
	registrations(pids);
	sessions();
	mapped(pids);
	module_unload();
	descriptors("/proc/PID/stat kept open", pids, open_stat);
	descriptors("perf task-clock descriptor", pids, open_perf);
	descriptors("pidfd", pids, open_pidfd);
	sleepers_end();
}
