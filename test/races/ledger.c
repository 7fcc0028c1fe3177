// SPDX-License-Identifier: MIT
/*
 * Trees whose forks are counted. The records must have all of them, with their
 * PIDs and all of their CPU time. No other process signals or kills these.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "races.h"

static struct ledger {
	volatile unsigned int forked;
	volatile bool was[32769];	/* whether it was one of ours */
	volatile unsigned long long children_us;	/* of the root, as getrusage says */
	bool flat;			/* children fork none */
} *ledger;

static pid_t counted_spawn(void)
{
	pid_t pid = spawn();

	if (pid) {
		__sync_fetch_and_add(&ledger->forked, 1);
		ledger->was[pid] = true;
	}
	return pid;
}

static void *end_by_exec(void *arg)
{
	execl("/proc/self/exe", "end", "--end", NULL);
	_exit(127);
}

static void run_in_thread(void *(*fn)(void *))
{
	pthread_t thread;

	while (pthread_create(&thread, NULL, fn, NULL))
		usleep(1000);
	sleep_forever();
}

static void *end_all(void *arg)
{
	exit(0);
}

/* Ends a process in a random way. */
static void one_child(void)
{
	switch (rnd(ledger->flat ? 8 : 10)) {
	case 0:
		burn(rnd(2000000));
		break;
	case 1:
		did(OP_execs);
		end_by_exec(NULL);
		break;
	case 2:
		did(OP_execs);
		run_in_thread(end_by_exec);
		break;
	case 3:
		run_in_thread(end_all);
		break;
	case 4:
		kill(getpid(), SIGKILL);
		break;
	case 8:		/* and waits for it */
		if (!counted_spawn())
			_exit(0);
		wait(NULL);
		break;
	case 9:		/* and does not */
		if (!counted_spawn()) {
			usleep(rnd(3000));
			_exit(0);
		}
	}
	_exit(rnd(256));
}

static void be_root(void *arg)
{
	unsigned int left = 5 + rnd(60), running = 0, at_once = 1 + rnd(8);
	struct rusage ru;

	while (left || running) {
		if (!left || running == at_once) {
			must(wait(NULL) > 0);
			running--;
			continue;
		}
		if (!counted_spawn())
			one_child();
		left--;
		running++;
	}
	getrusage(RUSAGE_CHILDREN, &ru);
	ledger->children_us =
		(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000ULL +
		ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
}

struct sums {
	unsigned long long rows, lost, missed, ns;
};

/* The session ends when all have exited and a grace period is over. */
static void read_all(int fd, pid_t first, struct sums *sums)
{
	struct session s = { .fd = fd };
	struct record r;
	uint64_t until = now_ns() + HANG_S * SEC;

	do {
		while (!line_waits(&s, 100)) {
			waitpid(first, NULL, WNOHANG);
			expect(now_ns() < until, "no end within %d s: %llu rows, "
			       "%llu lost, %llu missed, %u forked",
			       HANG_S, sums->rows, sums->lost, sums->missed,
			       ledger->forked);
		}
		next_record(&s, &r);
		did(OP_records);
		if (r.kind == EXIT) {
			sums->rows++;
			expect(r.pid == first || ledger->was[r.pid],
			       "a record of %d, who was none of us", r.pid);
		} else if (r.kind == LOST) {
			sums->lost += r.count;
		} else if (r.kind == MISSED) {
			sums->missed += r.count;
		}
		sums->ns += r.utime + r.stime;
	} while (r.kind != END);
}

static void check_sums(const struct sums *sums)
{
	unsigned int all = ledger->forked + 1;
	unsigned long long seen = sums->rows + sums->lost + sums->missed;

	/* A child of a missed process is no member. */
	expect(sums->missed && !ledger->flat ? seen <= all : seen == all,
	       "%llu rows, %llu lost, %llu missed of %u", sums->rows,
	       sums->lost, sums->missed, all);
	/*
	 * getrusage() cuts both times of a process to us. Our sum is cut once.
	 */
	expect(sums->missed || sums->ns / 1000 + 2 >= ledger->children_us,
	       "%llu us, getrusage: %llu us", sums->ns / 1000,
	       ledger->children_us);
}

/* Return: whether the quota had room for it. */
static bool register_root(int fd, pid_t pid)
{
	must(put(fd, "interval %u", 100 + rnd(400)) > 0);
	if (root)
		return allow(put(fd, "tree %d", pid), ENOSPC) > 0;
	return allow(put(fd, "tree %d", pid), ENOSPC, EDQUOT) > 0;
}

static void tree_step(void)
{
	int fd = result(open(SESSION, O_RDWR | O_CLOEXEC));
	struct sums sums = { 0 };
	pid_t pid;

	if (fd < 0) {
		allow(fd, ENOENT, ENODEV, root ? ENODEV : EDQUOT);
		return pause_ms(5);
	}
	ledger = share(sizeof(*ledger));
	ledger->flat = rnd(2);
	pid = stopped(be_root, NULL);
	if (register_root(fd, pid)) {
		kill(pid, SIGCONT);
		read_all(fd, pid, &sums);
		check_sums(&sums);
		did(OP_trees);
	} else {
		kill(pid, SIGKILL);
	}
	close(fd);
	while (waitpid(pid, NULL, 0) == pid)
		;
	munmap(ledger, sizeof(*ledger));
}

ACTOR(tree, .step = tree_step, .count = 2);
ACTOR(user_tree, .step = tree_step, .count = 1, .uid = 1000);
