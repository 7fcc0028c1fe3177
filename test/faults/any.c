// SPDX-License-Identifier: MIT
/* Faults in any code of the module, in any context. */
#define _GNU_SOURCE
#include "common.h"

#define ROUNDS 4
#define BROOD 5

/* --- a busy tree --- */

static void exit_at_once(void *arg)
{
	_exit(0);
}

/* No grandchildren, because children of a missed process are not members. */
static void breed(void *arg)
{
	int i, k;

	for (i = 0; i < ROUNDS; i++) {
		for (k = 0; k < BROOD; k++)
			child(exit_at_once, NULL);
		while (wait(NULL) > 0)
			;
	}
}

/* --- everything, while every Nth allocation of ours fails --- */

static unsigned int failures, missed;

/* Only uses the files. Another test checks them under faults. */
static void try_files(void)
{
	char text[4096];
	int fd = open(STAT, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text)) < 0) {
		expect(errno == ENOMEM || errno == EFAULT, "%s",
		       strerror(errno));
		failures++;
	}
	if (fd >= 0)
		close(fd);
}

struct sums {
	unsigned long long exits, missed;
};

static void sum_up(struct session *s, struct sums *sums)
{
	struct record r;

	while (next_record(s, &r) != END) {
		expect(r.kind != LOST, "%llu lost", r.count);
		if (r.kind == EXIT)
			sums->exits++;
		else
			sums->missed += r.count;
	}
}

static void run_tree(unsigned int interval)
{
	unsigned long long before;
	const struct urt_map *map;
	struct sums sums = { };
	struct session s;
	pid_t root;

	session_open(&s);
	map = map_session(s.fd, 8);
	root = stopped(breed, NULL);
	must(put(s.fd, "interval 50 tree %d", root) > 0);
	before = map_latest(map)->generation;
	faults_every(interval);
	kill(root, SIGCONT);
	while (state_of(root) != 'Z') {
		try_files();
		nap();
	}
	wait_until(map_latest(map)->generation > before + 1, 10000,
		   "no refresh without memory");
	reap(root, NULL);
	faults_every(0);
	sum_up(&s, &sums);
	note("every %u.: %llu exits, %llu missed", interval, sums.exits,
	     sums.missed);
	expect(sums.exits + sums.missed == ROUNDS * BROOD + 1,
	       "%llu + %llu of %u", sums.exits, sums.missed,
	       ROUNDS * BROOD + 1);
	missed += sums.missed;
	close(s.fd);
}

TEST(faults_everywhere, "where our allocations fail, every child is recorded or counted as missed",
     .faults = true, .limit = 120)
{
	unsigned int interval;

	faults_need();
	faults_only_of_module();
	for (interval = 1; interval <= 3; interval++)
		run_tree(interval);
	expect(missed, "no child was ever missed");
	expect(failures, "no file was ever refused");
	faults_count("forks and reads", missed + failures, failures);
}

