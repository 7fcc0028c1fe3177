// SPDX-License-Identifier: MIT
/* liburt over the module: samples, and how well user and system time are known. */
#define _GNU_SOURCE
#include "common.h"

/* A session that samples what is forked from now on, with us as its root. */
static struct urt *precise_session(void)
{
	struct urt *u = session();

	if (urt_set_precision(u, 1000)) {
		must(errno == EOPNOTSUPP);
		skip("the kernel has no preemption notifiers");
	}
	adds(u, getpid(), URT_TREE);
	return u;
}

static void work(void *unused)
{
	burn(20 * MS);
}

static struct urt_record record_of(struct urt *u, pid_t pid)
{
	struct urt_record r;

	do {
		r = next(u);
	} while (r.pid != pid);
	return r;
}

TEST(lib_precision_errors, "periods out of range are EINVAL, where there are any")
{
	struct urt *u = session();

	must(!urt_set_precision(u, 1000) || errno == EOPNOTSUPP);
	fails(urt_set_precision(u, 0), EINVAL);
	if (errno == EOPNOTSUPP)
		skip("the kernel has no preemption notifiers");
	fails(urt_set_precision(u, 19), EINVAL);
	fails(urt_set_precision(u, 1001), EINVAL);
	fails(urt_set_precision(urt_open_system(), 1000), ENOTSUP);
}

TEST(lib_record_accuracy, "the record of a sampled process has its accuracy")
{
	struct urt *u = precise_session();
	struct urt_accuracy a;
	struct urt_record r;
	pid_t pid;

	fails(urt_record_accuracy(u, &a), ENODATA);
	pid = child(work, NULL);
	reap(pid, NULL);
	r = record_of(u, pid);
	must(!urt_record_accuracy(u, &a));
	expect(a.samples > 5 && a.samples < 100 && a.error_ns &&
	       a.error_ns <= r.utime_ns + r.stime_ns, "%llu samples, +-%llu",
	       (unsigned long long)a.samples, (unsigned long long)a.error_ns);
}

TEST(lib_record_unknown, "the record of a process that was not sampled has no accuracy")
{
	struct urt *u = session();
	struct urt_accuracy a;
	pid_t pid;

	adds(u, getpid(), URT_TREE);
	pid = child(work, NULL);
	reap(pid, NULL);
	record_of(u, pid);
	fails(urt_record_accuracy(u, &a), ENODATA);
}

TEST(lib_wait_accuracy, "records that a wait sets aside keep their accuracy")
{
	struct urt *u = precise_session();
	struct urt_accuracy a;
	struct urt_record r;
	pid_t first, second;

	first = child(work, NULL);
	reap(first, NULL);
	second = child(work, NULL);
	reap(second, NULL);
	must(urt_waitpid(u, NULL, second, 0) == second);
	must(!urt_record_accuracy(u, &a) && a.samples);
	r = next(u);
	expect(r.pid == first, "%d", r.pid);
	must(!urt_record_accuracy(u, &a));
	expect(a.samples, "no samples");
}

static void work_on(void *unused)
{
	for (;;)
		burn(10 * MS);
}

static uint64_t error_in(const struct urt_snapshot *s, pid_t pid)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->processes[i].pid == pid)
			return urt_snapshot_error(s, i);
	}
	return 0;
}

TEST(lib_snapshot_error, "a snapshot has errors of sampled processes only")
{
	struct urt_snapshot s = { 0 };
	struct urt *u = session();
	pid_t early = child(work_on, NULL), late;
	uint64_t error;

	adds(u, early, 0);
	if (urt_set_precision(u, 1000))
		skip("the kernel has no preemption notifiers");
	adds(u, getpid(), URT_TREE);
	must(!urt_set_interval(u, 100) && !urt_map(u, 0));
	late = child(work_on, NULL);
	wait_until(!urt_snapshot(u, &s) && error_in(&s, late) > 1, 10000,
		   "no error");
	error = error_in(&s, late);
	expect(error < 10 * SEC, "+-%llu", (unsigned long long)error);
	expect(error_in(&s, early) == URT_ERROR_UNKNOWN, "+-%llu",
	       (unsigned long long)error_in(&s, early));
	expect(urt_snapshot_error(&s, s.count) == URT_ERROR_UNKNOWN,
	       "beyond the last one");
	urt_snapshot_free(&s);
}
