// SPDX-License-Identifier: MIT
/* The view from containers: namespaces of PIDs, users and time. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>

#include "lib.h"

/* Runs fn as PID 1 of a new PID namespace, with a /proc of its own. */
struct container {
	void (*fn)(void *arg);
	void *arg;
};

static void contained(void *arg)
{
	struct container *c = arg;

	must(getpid() == 1);
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, NULL));
	c->fn(c->arg);
}

static pid_t container(void (*fn)(void *), void *arg)
{
	must(!unshare(CLONE_NEWPID));
	return child(contained, &(struct container){ fn, arg });
}

static void expect_good_end(pid_t pid)
{
	int status;

	reap(pid, &status);
	expect(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", status);
}

static void register_self(void *hosts)
{
	struct row r;

	registers("1");
	expect(write_errno("%d", *(pid_t *)hosts) == ESRCH,
	       "a number of the host's");
	expect(listed(1, NULL) && stat_header().processes == 1, "%s",
	       slurp(STAT));
	expect(stat_row(1, &r) && r.ppid == 0, "%s", slurp(STAT));
}

TEST(space_pid, "a container registers its own PID 1 and sees only its own processes")
{
	pid_t host = sleeper();

	registers("%d", host);
	/* No process inside has a number as high as this one. */
	expect_good_end(container(register_self, &host));
}

static void register_and_wait(void *fd)
{
	registers("1");
	must(write(*(int *)fd, "", 1) == 1);
	sleep_forever();
}

TEST(space_pid_host, "the host sees the container's process by its own number")
{
	int fds[2];
	pid_t pid;

	must(!pipe(fds));
	pid = container(register_and_wait, &fds[1]);
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	expect(listed(pid, NULL) && !listed(1, NULL), "%s", slurp(STATUS));
	registers("-%d", pid);
	expect(!listed(pid, NULL), "%s", slurp(STATUS));
}

static void read_passed(void *arg)
{
	expect(strstr(slurp_fd(*(int *)arg), ": "), "the host's file is empty");
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
}

TEST(space_pid_opener, "numbers are those of the opener of the file")
{
	int fd = open_status();

	registers("%d", sleeper());
	expect_good_end(container(read_passed, &fd));
}

struct pair {
	pid_t roots, others;
};

static void see_uids(void *arg)
{
	struct pair *p = arg;
	struct row r;

	must(!unshare(CLONE_NEWUSER));
	spit("/proc/self/uid_map", "7 0 1");
	expect(stat_row(p->roots, &r) && r.uid == 7, "%s", slurp(STAT));
	expect(stat_row(p->others, &r) && r.uid == 65534, "%s", slurp(STAT));
}

static void be_user(void *fd)
{
	become(1000);
	must(write(*(int *)fd, "", 1) == 1);
	sleep_forever();
}

TEST(space_user, "uids are those of the opener's user namespace")
{
	struct pair p;
	int fds[2];

	must(!pipe(fds));
	p.roots = sleeper();
	p.others = child(be_user, &fds[1]);
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	registers("%d %d", p.roots, p.others);
	in_child(see_uids, &p);
}

static void see_start(void *arg)
{
	struct row *host = arg, r;
	struct header h = stat_header();

	must(stat_row(host->pid, &r));
	expect(r.start == host->start + 1000 * SEC, "%llu, host %llu", r.start,
	       host->start);
	expect(r.runtime == host->runtime, "%llu, host %llu", r.runtime,
	       host->runtime);
	expect(h.time > 1000 * SEC && h.time < now_ns(), "%llu", h.time);
}

TEST(space_time, "clocks are shifted to the opener's time namespace",
     .params = "interval_ms=3600000")
{
	pid_t pid = sleeper();
	struct row r;

	registers("%d", pid);
	must(stat_row(pid, &r));
	must(!unshare(CLONE_NEWTIME));
	spit("/proc/self/timens_offsets", "boottime 1000 0");
	in_child(see_start, &r);
}

static void spend_and_exit(void *arg)
{
	burn(20 * MS);
}

/*
 * After PIDs have wrapped around, they start at 300, and lower ones are not
 * used again. FEW numbers are left, besides those of the kernel's own threads.
 * The kernel would also allow a single number, but fork() fails while a kworker
 * has that one.
 */
#define WRAP 300
#define FEW 50

static void have_few_numbers(void)
{
	pid_t pid;

	spit("/proc/sys/kernel/pid_max", "%d", WRAP + FEW);
	do {
		pid = sleeper();
		end(pid);
	} while (pid < WRAP);
}

/* Forks until a child has the number. Return: this child. */
static pid_t fork_as(pid_t nr)
{
	pid_t pid;
	int i;

	for (i = 0; i < 4 * FEW; i++) {
		pid = sleeper();
		if (pid == nr)
			return pid;
		end(pid);
	}
	return 0;
}

TEST(space_reuse, "a process with a reused PID is not taken for the old one",
     .params = "interval_ms=2000", .limit = 180, .boot = "two",
     .slow = true)
{
	struct row old, r;
	int round, hits = 0;
	pid_t pid, again;

	have_few_numbers();
	for (round = 0; round < 5; round++) {
		pid = child(spend_and_exit, NULL);
		registers("%d", pid);
		reap(pid, NULL);
		again = fork_as(pid);
		if (!again)
			continue;
		hits++;
		memset(&old, 0, sizeof(old));	/* the row may be gone by now */
		/* Until its row goes, the row is of an ended process. */
		wait_until(({
			bool there = stat_row(pid, &old);

			expect(!there || strchr("ZX", old.state),
			       "the new one in its place: %s", slurp(STAT));
			!there;
		}), 20000, "%s", slurp(STAT));
		/*
		 * The number means the living process, which is not registered.
		 */
		expect(write_errno("-%d", pid) == ENOENT, "%s", slurp(STAT));
		registers("%d", pid);
		expect(stat_row(pid, &r) && r.start > old.start, "%s",
		       slurp(STAT));
		registers("-%d", pid);
		end(again);
	}
	note("%d reused numbers", hits);
	expect(hits >= 3, "only %d numbers were reused", hits);
}

TEST(space_reuse_both, "-PID means the living process if an exited one had the number",
     .params = "interval_ms=3600000")
{
	pid_t pid, again;
	struct row r;

	have_few_numbers();
	pid = child(spend_and_exit, NULL);
	registers("%d", pid);
	reap(pid, NULL);
	again = fork_as(pid);
	if (!again)
		skip("the number was not reused");
	expect(write_errno("-%d", pid) == ENOENT, "the exited one was meant");
	registers("%d", pid);
	expect(stat_header().processes == 2, "%s", slurp(STAT));
	registers("-%d", pid);
	expect(stat_row(pid, &r) && r.state != 'S', "%s", slurp(STAT));
	end(again);
	wait_until(!write_errno("-%d", pid), 5000, "%s", slurp(STAT));
	expect(!stat_header().processes, "%s", slurp(STAT));
}
