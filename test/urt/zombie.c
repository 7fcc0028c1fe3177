// SPDX-License-Identifier: MIT
/* If PID 1 does not reap, as in many containers, no command waits for ever. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mount.h>

#include "common.h"

/*
 * Seen elsewhere: in a container whose PID 1 is the application, wrappers wait for
 * ever for what has exited long ago.
 */
/* fn is PID 1 of a namespace, so that orphans become its children. */
static void as_first(void (*fn)(void *))
{
	must(!unshare(CLONE_NEWPID | CLONE_NEWNS) &&
	     !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	in_child(fn, NULL);
}

static void own_proc(void)
{
	must(getpid() == 1 && !mount("proc", "/proc", "proc", 0, NULL));
}

#define SLEPT (500 * MS)
#define LATE (600 * MS)		/* a refresh in 100 ms; a busy machine */

static void run_waits(void *unused)
{
	uint64_t begin, took;
	struct said said;
	json_t *report, *row;

	own_proc();
	begin = now_ns();
	said = shell("urt run --wait --each --json -o /tmp/zombie.json -- "
		     "sh -c 'sleep 0.5 & exit 3'");
	took = now_ns() - begin;
	report = parse_json(slurp("/tmp/zombie.json"));
	row = row_with(report, "name", "sleep");
	expect(said.status == 3 && row && number(report, "running") == 0 &&
	       number(report, "unreaped") == 1 && number(row, "unreaped") == 1 &&
	       json_is_null(json_object_get(row, "exit")), "%d: %s", said.status,
	       slurp("/tmp/zombie.json"));
	expect(number(row, "real_ns") >= SLEPT - 50 * MS &&
	       number(row, "real_ns") <= SLEPT + LATE * slowness(),
	       "it ran for %llu ms", number(row, "real_ns") / MS);
	expect(took < limit_ns(10000), "%llu ms", took / MS);
	expect_sum(report);
	/* The pictures agree, and do not draw the process to the end. */
	said = shell("urt report --svg - /tmp/zombie.json");
	expect(strstr(said.out, "not reaped</title>") &&
	       !strstr(said.out, "still running</title>"), "%s", said.out);
	said = shell("urt run --wait -- sh -c 'sleep 0.1 & exit 0'");
	expect(!said.status && strstr(said.err, "sleep*\n") &&
	       strstr(said.err, "\n* 1 exited, but not reaped"), "%d: %s",
	       said.status, said.err);
}

TEST(urt_zombie_run, "urt run --wait does not wait for a zombie that is never reaped")
{
	as_first(run_waits);
}

static pid_t zombie(void)
{
	pid_t pid = sleeper();

	kill(pid, SIGKILL);
	wait_until(state_of(pid) == 'Z', 5000, "state %c", state_of(pid));
	return pid;
}

TEST(urt_zombie_stat, "urt stat ends, and says so, when only zombies that are never reaped are left")
{
	pid_t pid = zombie();
	struct said said = shell("urt stat -p %d 0.2", pid);

	expect(!said.status && strstr(said.err, "do not reap") &&
	       strstr(said.out, "average"), "%d: %s%s", said.status, said.out,
	       said.err);
	/* How long it ran is unknown, and so is its share. */
	said = shell("urt stat -p %d", pid);
	expect(!said.status && strstr(said.out, "   -       -       -  "),
	       "%s", said.out);
	registers("%d", pid);
	said = shell("urt stat 0.2");
	expect(!said.status && strstr(said.err, "do not reap"), "%d: %s",
	       said.status, said.err);
}

static void *sleep_some(void *unused)
{
	usleep(3500000);
	exit(5);
}

static void outlive_leader(void)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, sleep_some, NULL));
	pthread_exit(NULL);
}

static void reap_one(void *shared)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		outlive_leader();
	*(pid_t *)shared = pid;
	waitpid(pid, NULL, 0);
}

TEST(urt_zombie_leader, "a process whose threads outlive its leader has not exited")
{
	pid_t *pid = share(sizeof(*pid));
	struct said said;

	child(reap_one, pid);
	wait_until(*pid && state_of(*pid) == 'Z', 5000, "no zombie");
	said = shell("urt stat --json -p %d 0.2", *pid);
	expect(!said.status && !strstr(said.err, "do not reap") &&
	       strstr(said.out, "\"exit\":5"), "%d: %s%s", said.status, said.out,
	       said.err);
}
