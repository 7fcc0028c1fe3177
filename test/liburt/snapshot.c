// SPDX-License-Identifier: MIT
/* Snapshots through liburt, of sessions and of the system registry. */
#define _GNU_SOURCE
#include <sys/mount.h>

#include "common.h"

static const struct urt_process *of(const struct urt_snapshot *s, pid_t pid)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->processes[i].pid == pid)
			return &s->processes[i];
	}
	return NULL;
}

static bool next_urgent(struct urt *u)
{
	struct pollfd p = { .fd = urt_fd(u), .events = POLLPRI };

	must(poll(&p, 1, 10000) >= 0);
	return p.revents & POLLPRI;
}

static void map_once(void *arg)
{
	struct urt *u = session();
	struct urt_snapshot s = { 0 };
	struct urt_process p;

	fails(urt_snapshot(u, &s), EINVAL);
	fails(urt_snapshot_one(u, getpid(), &p), EINVAL);
	fails(urt_map(u, 10000), EINVAL);
	fails(urt_map(u, SIZE_MAX), EINVAL);
	must(!urt_map(u, 0));
	fails(urt_map(u, 0), EBUSY);
	must(!urt_snapshot(u, &s));
	expect(s.count == 0 && s.registered == 0, "%zu", s.count);
	urt_snapshot_free(&s);
	urt_close(u);
}

TEST(lib_map, "a session is mapped once, with the room that it may have at most",
     .params = "max_per_user=100 max_processes=200")
{
	in_user(1000, map_once, NULL);
}

TEST(lib_map_after_wait, "a session that waited can still be mapped, once")
{
	struct urt *u = session();
	struct urt_snapshot s = { 0 };

	adds(u, sleeper(), 0);
	expect(urt_waitpid(u, NULL, -1, WNOHANG) == 0, "%s", strerror(errno));
	fails(urt_snapshot(u, &s), EINVAL);
	fails(urt_map(u, 100000), EINVAL);
	must(!urt_map(u, 10));
	fails(urt_map(u, 10), EBUSY);
	must(!urt_snapshot(u, &s));
	expect(s.count == 1, "%zu", s.count);
	urt_snapshot_free(&s);
}

TEST(lib_map_update, "an updated map has the processes registered since")
{
	struct urt *u = session(), *system = urt_open_system();
	struct urt_snapshot s = { 0 };

	fails(urt_map_update(u), EINVAL);
	fails(urt_map_update(system), ENOTSUP);
	must(!urt_set_interval(u, 3600000) && !urt_map(u, 0));
	burn(10 * MS);	/* the kernel updates a running process's time at ticks */
	adds(u, getpid(), 0);
	must(!urt_map_update(u) && !urt_snapshot(u, &s));
	expect(s.count == 1 && s.registered == 1 && !s.generation &&
	       s.processes[0].pid == getpid() &&
	       s.processes[0].utime_ns + s.processes[0].stime_ns > 0,
	       "%zu of %zu", s.count, s.registered);
	urt_snapshot_free(&s);
	urt_close(system);
	urt_close(u);
}

#define MANY 500

TEST(lib_map_grows, "root's map grows with what is registered, unless told not to",
     .params = "max_per_user=50")
{
	struct urt *u = session(), *fixed = session();
	struct urt_snapshot s = { 0 };
	struct urt_process last;
	pid_t pids[MANY];
	int i;

	must(!urt_set_interval(u, 3600000) && !urt_map(u, 0));
	must(!urt_set_interval(fixed, 3600000) && !urt_map(fixed, 50));
	for (i = 0; i < MANY; i++) {
		pids[i] = sleeper();
		adds(u, pids[i], 0);
		adds(fixed, pids[i], 0);
	}
	must(!urt_map_update(u) && !urt_map_update(fixed));
	must(!urt_snapshot_one(u, pids[MANY - 1], &last));
	must(!urt_snapshot(u, &s));
	expect(s.count == MANY && s.registered == MANY &&
	       s.processes[MANY - 1].pid == pids[MANY - 1], "%zu of %zu",
	       s.count, s.registered);
	must(!urt_snapshot(fixed, &s));
	expect(s.count >= 50 && s.count < 100 && s.registered == MANY,
	       "%zu of %zu", s.count, s.registered);
	fails(urt_snapshot_one(fixed, pids[MANY - 1], &last), ENOENT);
	urt_snapshot_free(&s);
	urt_close(fixed);
	urt_close(u);
}

TEST(lib_wait_grows, "root can wait for one of more than max_per_user processes",
     .params = "max_per_user=50")
{
	struct urt *u = session();
	pid_t last = 0;
	int i;

	for (i = 0; i < MANY; i++) {
		last = sleeper();
		adds(u, last, 0);
	}
	expect(urt_waitpid(u, NULL, last, WNOHANG) == 0, "%s", strerror(errno));
	/*
	 * The process is not registered. The kernel's list is complete, so that
	 * this is known.
	 */
	fails(urt_waitpid(u, NULL, getpid(), WNOHANG), ECHILD);
	urt_close(u);
}

static void burn_forever(void)
{
	for (;;)
		burn(SEC);
}

TEST(lib_snapshot, "a session's snapshot agrees with /proc")
{
	struct waiting w = waiting(burn_forever);
	struct urt_snapshot s = { 0 };
	const struct urt_process *p;
	struct urt_process one;
	struct urt *u = session();
	uint64_t before, cpu;
	pid_t idle = sleeper();

	must(!urt_set_interval(u, 200) && !urt_map(u, 0));
	tell(&w, 0);
	adds(u, w.pid, 0);
	adds(u, idle, 0);
	before = cpu_ns(w.pid);
	next_urgent(u);
	expect(next_urgent(u), "no generation");
	must(!urt_snapshot(u, &s));
	cpu = cpu_ns(w.pid);
	p = of(&s, w.pid);
	expect(s.count == 2 && s.registered == 2 && !s.lost && s.generation &&
	       s.interval_ms >= 200 && s.time_ns < now_ns() && p, "%zu, %u ms",
	       s.count, s.interval_ms);
	expect(p->ppid == getpid() && !p->uid && p->state == 'R' &&
	       p->threads == 1 && !strcmp(p->comm, "tests") &&
	       p->start_ns < s.time_ns, "%c, %u threads, %s", p->state,
	       p->threads, p->comm);
	expect(p->utime_ns + p->stime_ns >= before &&
	       p->utime_ns + p->stime_ns <= cpu, "%ju, not %ju to %ju",
	       (uintmax_t)(p->utime_ns + p->stime_ns), (uintmax_t)before,
	       (uintmax_t)cpu);
	must(!urt_snapshot_one(u, idle, &one));
	p = of(&s, idle);
	expect(p && one.pid == idle && one.state == 'S' &&
	       one.start_ns == p->start_ns, "%d, %c", one.pid, one.state);
	fails(urt_snapshot_one(u, getpid(), &one), ENOENT);
	urt_snapshot_free(&s);
}

TEST(lib_snapshot_grows, "a snapshot that is used again has the processes of now")
{
	struct urt_snapshot s = { 0 };
	struct urt *u = session();
	pid_t pids[60];
	int i;

	must(!urt_set_interval(u, 20) && !urt_map(u, 0));
	for (i = 0; i < 60; i++) {
		pids[i] = sleeper();
		adds(u, pids[i], 0);
		wait_until(!urt_snapshot(u, &s) && s.count == i + 1UL, 5000,
			   "%zu, not %d", s.count, i + 1);
		expect(of(&s, pids[i]), "not in it");
	}
	/* Without the last process, no generation would come. */
	while (--i) {
		must(!urt_remove(u, pids[i]));
		wait_until(!urt_snapshot(u, &s) && s.count == (size_t)i, 5000,
			   "%zu, not %d", s.count, i);
	}
	urt_snapshot_free(&s);
}

static void rename_forever(void *name)
{
	spit("/proc/self/comm", "%s", (const char *)name);
	sleep_forever();
}

TEST(lib_system, "the system registry's snapshot agrees with stat",
     .params = "interval_ms=1000")
{
	struct urt *u = urt_open_system();
	struct urt_snapshot s = { 0 };
	const struct urt_process *p;
	struct header h;
	struct row row;
	pid_t pid = child(rename_forever, "a b\\");

	must(u);
	adds(u, pid, 0);
	adds(u, sleeper(), URT_TREE);
	wait_until(stat_row(pid, &row) && strcmp(row.comm, "tests"), 5000,
		   "%s", slurp(STAT));
	next_generation();
	must(!urt_snapshot(u, &s));
	must(stat_row(pid, &row));
	h = stat_header();
	expect(s.generation == h.generation && s.time_ns == h.time &&
	       s.interval_ms == h.interval && s.count == 2 &&
	       s.registered == 2 && s.lost == h.lost, "%s", slurp(STAT));
	p = of(&s, pid);
	expect(p && p->ppid == row.ppid && p->uid == row.uid &&
	       p->state == row.state && p->threads == row.threads &&
	       p->utime_ns == row.utime && p->stime_ns == row.stime &&
	       p->start_ns == row.start, "%s", slurp(STAT));
	expect(!strcmp(p->comm, "a b\\"), "%s", p->comm);
	must(!urt_remove(u, pid));
	must(!urt_snapshot(u, &s));
	expect(s.count == 1 && !of(&s, pid), "%s", slurp(STAT));
	urt_snapshot_free(&s);
	urt_close(u);
}

TEST(lib_system_many, "a thousand processes are read in one snapshot",
     .params = "interval_ms=100 max_per_user=2000")
{
	struct urt *u = urt_open_system();
	struct urt_snapshot s = { 0 };
	int i, count = scaled(1000);

	for (i = 0; i < count; i++)
		adds(u, sleeper(), 0);
	must(!urt_snapshot(u, &s));
	expect(s.count == (size_t)count && s.registered == (size_t)count,
	       "%zu", s.count);
	urt_snapshot_free(&s);
}

TEST(lib_system_poll, "the system registry's descriptor tells of generations")
{
	struct urt *u = urt_open_system();
	struct urt_snapshot s = { 0 };
	uint64_t last;
	int i;

	adds(u, sleeper(), 0);
	for (i = 0; i < 3; i++) {
		must(!urt_snapshot(u, &s));
		last = s.generation;
		expect(next_urgent(u), "no generation after %ju",
		       (uintmax_t)last);
		must(!urt_snapshot(u, &s));
		expect(s.generation > last, "still %ju", (uintmax_t)last);
	}
	urt_snapshot_free(&s);
}

TEST(lib_system_not, "calls that the system registry lacks are ENOTSUP")
{
	struct urt *u = urt_open_system();
	struct urt_process p;
	struct urt_record r;

	must(u);
	fails(urt_next(u, &r, 0), ENOTSUP);
	fails(urt_map(u, 0), ENOTSUP);
	fails(urt_set_interval(u, 100), ENOTSUP);
	fails(urt_waitpid(u, NULL, getpid(), 0), ENOTSUP);
	fails(urt_waitpid_record(u, &r, -1, WNOHANG), ENOTSUP);
	fails(urt_snapshot_one(u, getpid(), &p), ENOTSUP);
}

static void list_only(void *arg)
{
	struct urt *u = urt_open_system();
	struct urt_snapshot s = { 0 };

	expect(u, "%s", strerror(errno));
	must(!urt_snapshot(u, &s));
	expect(s.count == 1, "%zu", s.count);
	fails(urt_add(u, getpid(), 0), EACCES);
	fails(urt_remove(u, getpid()), EACCES);
	urt_close(u);
}

static void list_read_only(void *arg)
{
	struct urt *u;

	must(!unshare(CLONE_NEWNS) &&
	     !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	     !mount(NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	fails(urt_open() ? 0 : -1, EROFS);
	u = urt_open_system();
	expect(u, "%s", strerror(errno));
	fails(urt_add(u, getpid(), 0), EROFS);
	fails(urt_remove(u, getpid()), EROFS);
	urt_close(u);
}

TEST(lib_system_read_only, "on a read-only /proc a user can read, and gets EROFS")
{
	in_child(list_read_only, NULL);
}

TEST(lib_system_mode, "a user who may not write status can read, and gets EACCES",
     .params = "status_mode=0644")
{
	registers("%d", sleeper());
	in_user(USER, list_only, NULL);
}
