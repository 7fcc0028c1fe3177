// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "common.h"

#define TICK_MS 10		/* of /proc/PID/stat on any kernel */

void need_patches(void)
{
	if (syscall(NR_HELLO_QUIET) < 0 && errno == ENOSYS)
		skip("this kernel does not have the system calls of syscall/");
}

long runtime_of(pid_t pid)
{
	long ms = syscall(NR_GET_PROCESS_RUNTIME, pid);

	return ms < 0 ? -errno : ms;
}

struct body {
	void (*fn)(void *arg);
	void *arg;
	struct start *start;
};

static void wait_for_start(void *arg)
{
	struct body *body = arg;

	while (!__atomic_load_n(&body->start->before, __ATOMIC_ACQUIRE))
		nap();
	body->fn(body->arg);
}

/*
 * Another process may have had the CPU meanwhile. Then the moment is not known
 * to tenths of a ms. Start and call together must be known to 2 ms.
 */
static bool is_known(const struct start *moment, int tenths)
{
	return moment->before - moment->after <= tenths * MS / 10 * slowness();
}

/* Return: the child, which waits for its start. */
static pid_t fork_child(struct body *body, struct start *moment)
{
	pid_t pid;

	moment->after = now_ns();
	pid = child(wait_for_start, body);
	moment->before = now_ns();
	return pid;
}

static void let_start(struct start *start, const struct start *moment)
{
	start->after = moment->after;
	__atomic_store_n(&start->before, moment->before, __ATOMIC_RELEASE);
}

pid_t start_child(void (*fn)(void *), void *arg, struct start **start)
{
	struct body body = { fn, arg, *start = share(sizeof(**start)) };
	struct start moment;
	int tries = 0;
	pid_t pid;

	for (;;) {
		pid = fork_child(&body, &moment);
		if (is_known(&moment, 17))
			break;
		must(tries++ < 100);
		kill(pid, SIGKILL);
		must(waitpid(pid, NULL, 0) == pid);
		/*
		 * Two processes that try at one time would disturb each other.
		 */
		for (int i = getpid() % 8 * 20; i; i--)
			nap();
	}
	let_start(*start, &moment);
	return pid;
}

static void sleep_on(void *unused)
{
	sleep_forever();
}

pid_t start_sleeper(struct start **start)
{
	return start_child(sleep_on, NULL, start);
}

void expect_runtime(pid_t pid, const struct start *start)
{
	struct start asked;
	uint64_t least, most;
	int tries = 0;
	long ms;

	do {
		must(tries++ < 100);
		asked.after = now_ns();
		ms = runtime_of(pid);
		asked.before = now_ns();
	} while (!is_known(&asked, 2));
	expect(ms >= 0, "process %d: %s", pid, strerror(-ms));
	least = (asked.after - start->before) / MS;
	most = (asked.before - start->after) / MS;
	expect(least <= (uint64_t)ms && (uint64_t)ms <= most,
	       "process %d: %ld ms, our clock says %" PRIu64 " to %" PRIu64,
	       pid, ms, least, most);
	expect(most - least <= 2UL * slowness(), "%" PRIu64 " to %" PRIu64
	       " ms: too vague to tell", least, most);
}

void expect_runtime_ticks(pid_t pid)
{
	uint64_t start = proc_field(pid, 22) * TICK_MS * MS;
	const struct start about = { start, start + TICK_MS * MS };
	uint64_t before = now_ns(), least, most;
	long ms = runtime_of(pid);

	expect(ms >= 0, "process %d: %s", pid, strerror(-ms));
	least = before > about.before ? (before - about.before) / MS : 0;
	most = (now_ns() - about.after) / MS;
	expect((uint64_t)ms + 1 >= least && (uint64_t)ms <= most + 1,
	       "process %d: %ld ms, /proc says %" PRIu64 " to %" PRIu64, pid,
	       ms, least, most);
}

static void contained(void *arg)
{
	struct body *body = arg;

	if (getpid() == 1) {
		must(!unshare(CLONE_NEWNS));
		must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
		must(!mount("proc", "/proc", "proc", 0, NULL));
	}
	body->fn(body->arg);
}

static int own_space(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

pid_t start_apart(int spaces, void (*fn)(void *), void *arg,
		  struct start **start)
{
	struct body inner = { fn, arg, NULL };
	struct body body = { contained, &inner, share(sizeof(**start)) };
	int pids = own_space("pid"), times = own_space("time");
	struct start moment;
	pid_t pid;

	must(!unshare(spaces));
	if (spaces & CLONE_NEWTIME)
		spit("/proc/self/timens_offsets", "boottime 1000 0");
	/* Only once, because no process can join a namespace that has ended. */
	pid = fork_child(&body, &moment);
	*start = body.start;
	let_start(*start, &moment);
	/* Our other children are in our own namespaces. */
	must(!setns(pids, CLONE_NEWPID) && !setns(times, CLONE_NEWTIME));
	close(pids);
	close(times);
	return pid;
}

void expect_good_end(pid_t pid)
{
	int status;

	reap(pid, &status);
	expect(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", status);
}
