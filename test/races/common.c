// SPDX-License-Identifier: MIT
/* Functions of all actors. */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "runner.h"
#include "races.h"

struct race *race;
unsigned int self, instance;
bool root = true;

static unsigned int state;

void did(enum operation op)
{
	if (race)
		__atomic_fetch_add(&race->did[self][op], 1, __ATOMIC_RELAXED);
}

void rnd_seed(unsigned int seed)
{
	state = seed;
}

unsigned int rnd(unsigned int n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

unsigned int mix(unsigned int seed, const char *name, unsigned int nr)
{
	unsigned int hash = seed ^ 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ nr) * 16777619u;
}

int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

int allow_errno(const char *file, int line, const char *what, int ret,
		const int *allowed)
{
	const int *err = allowed;

	if (ret >= 0)
		return ret;
	while (*err && *err != -ret)
		err++;
	if (!*err)
		broken(file, line, what, "%s", strerror(-ret));
	did(OP_refused);
	return ret;
}

pid_t spawn(void)
{
	unsigned int seed = rnd(1 << 24);
	pid_t pid;

	fflush(stdout);
	/* A signal may end the wait. */
	while ((pid = fork()) < 0 && errno == EAGAIN)
		usleep(1000);
	must(pid >= 0);
	if (pid) {
		did(OP_forks);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rnd_seed(seed);
	return 0;
}

void bury(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		must(errno == EINTR);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BROKEN)
		exit(EXIT_BROKEN);
}

void pause_ms(unsigned int ms)
{
	uint64_t until = now_ns() + ms * MS;

	while (now_ns() < until && !(race && race->stop))
		nap();
}

pid_t victim(void)
{
	pid_t pid = race->victims[rnd(VICTIMS)];

	return pid && rnd(16) ? pid : getpid();
}

/*
 * Adds 2 % and half a second, because there are two clocks, several CPUs, and
 * interrupts.
 */
uint64_t most_of(uint64_t lived)
{
	return (lived + lived / 50 + SEC / 2) * race->cpus;
}

void look(struct seen *seen, int pid, unsigned long long start,
	  unsigned long long utime, unsigned long long stime, bool parts)
{
	unsigned long long now = now_ns(), lived = now - start;
	unsigned int at = (pid * 31ull + start / MS) % SEEN_MAX;

	expect(pid > 0 && (unsigned int)pid <= race->pid_max, "PID %d", pid);
	expect(start && start <= now, "%d: started at %llu of %llu", pid, start,
	       now);
	expect(utime + stime <= most_of(lived),
	       "%d: %llu + %llu ns of CPU time in %llu ns", pid, utime, stime,
	       lived);
	while (seen->by[at].pid &&
	       (seen->by[at].pid != pid || seen->by[at].start != start))
		at = (at + 1) % SEEN_MAX;
	expect(utime + stime >= seen->by[at].utime + seen->by[at].stime &&
	       (!parts || (utime >= seen->by[at].utime &&
			   stime >= seen->by[at].stime)),
	       "%d: %llu + %llu ns after %llu + %llu", pid, utime, stime,
	       seen->by[at].utime, seen->by[at].stime);
	if (!seen->by[at].pid && ++seen->used > SEEN_MAX / 2) {
		memset(seen, 0, sizeof(*seen));
		return;
	}
	seen->by[at].pid = pid;
	seen->by[at].start = start;
	seen->by[at].utime = utime;
	seen->by[at].stime = stime;
}
