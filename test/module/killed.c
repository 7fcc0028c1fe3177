// SPDX-License-Identifier: MIT
/*
 * A process that is killed while it waits for another one's lock ends at once.
 *
 * Three processes run on one CPU. The holder repeats one action that runs
 * nearly all of the time under the lock. We and the waiter have a higher
 * priority. When we wake up, the holder stops, most often in the middle. It
 * stays there as long as we do not sleep.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>

#include "lib.h"

#define MEMBERS 200
#define ATTEMPTS 100

static volatile struct scene {
	unsigned int rounds;	/* of the holder */
	int waiter_done;
} *scene;

static int status_fd, stat_fd, session_fd;
static pid_t member, other;

static void be_first(void)
{
	struct sched_param first = { .sched_priority = 1 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
	must(!sched_setscheduler(0, SCHED_FIFO, &first));
}

static void be_last(void)
{
	struct sched_param none = { };

	must(!sched_setscheduler(0, SCHED_OTHER, &none));
}

/* --- the holder --- */

static void render(void)
{
	char c;

	/* Registers anew each time. */
	put(status_fd, "-%d %d", member, member);
	pread(stat_fd, &c, 1, 0);
}

static void map(void)
{
	munmap((void *)map_session(session_fd, MEMBERS),
	       URT_MAP_LENGTH(MEMBERS));
}

static void write_to(int fd)
{
	static char words[4096];

	if (!*words)
		for (size_t i = 0; i + 8 <= sizeof(words); i += 8)
			sprintf(words + i, "%7d", other);
	for (size_t i = 0; i < sizeof(words); i++)
		words[i] = words[i] ?: ' ';
	must(write(fd, words, sizeof(words)) > 0);
}

static void write_status(void)
{
	write_to(status_fd);
}

static void write_session(void)
{
	write_to(session_fd);
}

/* --- the waiter's calls --- */

static void read_same(void)
{
	char c;

	pread(stat_fd, &c, 1, 0);
}

static void read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	char c;

	pread(fd, &c, 1, 0);
	close(fd);
}

static void read_own_stat(void)
{
	read_file(STAT);
}

static void read_own_status(void)
{
	read_file(STATUS);
}

static void add(void)
{
	write_errno("%d", other);
}

static void add_tree(void)
{
	write_errno("tree %d", other);
}

static void unregister(void)
{
	write_errno("-%d", other);
}

static void read_session(void)
{
	char c;

	read(session_fd, &c, 1);
}

static void add_to_session(void)
{
	put(session_fd, "%d", other);
}

static void add_to_status(void)
{
	put(status_fd, "%d", other);
}

static const struct {
	const char *name;
	void (*hold)(void);
	void (*wait)(void);
} scenes[] = {
	{ "reading from the same open file", render, read_same },
	{ "reading the same view", render, read_own_stat },
	{ "reading another view", render, read_own_status },
	{ "registering", render, add },
	{ "registering a tree", render, add_tree },
	{ "unregistering", render, unregister },
	{ "reading a session", map, read_session },
	{ "mapping a session", map, map },
	{ "writing to the same status", write_status, add_to_status },
	{ "writing to the same session", write_session, add_to_session },
};

/* --- the waiter's end --- */

static void hold_in_turn(void *hold)
{
	be_last();
	for (;;) {
		((void (*)(void))hold)();
		scene->rounds++;
	}
}

static void wait_once(void *wait)
{
	((void (*)(void))wait)();
	scene->waiter_done = 1;
	sleep_forever();
}

/* Return: whether it waits in a way that only a fatal signal interrupts. */
static bool waits(pid_t waiter)
{
	char state;

	do {
		sched_yield();
		state = state_of(waiter);
	} while (!scene->waiter_done && state == 'R');
	return !scene->waiter_done && state == 'D';
}

static void take_back(void)
{
	put(status_fd, "-%d", other);
	put(session_fd, "-%d", other);
}

/*
 * Return: whether the waiter waited for the holder and ended before the holder
 * moved. Sometimes the kernel gives the holder a turn, so that it does not
 * starve. Such a round shows nothing.
 */
static bool kill_waiter(void (*wait)(void))
{
	unsigned int rounds;
	pid_t waiter;
	bool met;

	nap();
	scene->waiter_done = 0;
	rounds = scene->rounds;
	waiter = child(wait_once, wait);
	met = waits(waiter);
	kill(waiter, SIGKILL);
	while (met && state_of(waiter) != 'Z' && scene->rounds == rounds)
		sched_yield();
	met = met && scene->rounds == rounds;
	reap(waiter, NULL);
	return met;
}

/* Return: whether the kernel lets us see this. */
static bool play(const char *name, void (*hold)(void), void (*wait)(void))
{
	pid_t holder = child(hold_in_turn, hold);
	unsigned int first = scene->rounds;
	int i, met = 0;

	wait_until(scene->rounds > first + 2, 20000, "%s: no holder", name);
	for (i = 0; i < ATTEMPTS && met < 2; i++) {
		met += kill_waiter(wait);
		take_back();
	}
	end(holder);
	note("%s: %d of %d waiters ended while the holder held it", name, met,
	     i);
	return met;
}

/* Before the files are opened, so that no member keeps one open. */
static void start_members(pid_t *members)
{
	for (int i = 0; i < MEMBERS; i++)
		members[i] = sleeper();
	other = sleeper();
}

static void register_members(const pid_t *members)
{
	for (int i = 0; i < MEMBERS; i++) {
		must(put(status_fd, "%d", members[i]) > 0);
		must(put(session_fd, "%d", members[i]) > 0);
	}
	member = members[0];
}

TEST(cover_killed, "a task killed while it waits for a lock ends before the holder goes on",
     .params = "interval_ms=3600000", .slow = true, .limit = 120)
{
	pid_t members[MEMBERS];
	size_t i, met = 0;

	if (is_realtime())
		skip("locks of this kernel lend their holder the priority");
	scene = share(sizeof(*scene));
	start_members(members);
	status_fd = open_status();
	stat_fd = open(STAT, O_RDONLY);
	session_fd = open_session();
	must(put(session_fd, "interval 3600000") > 0);
	register_members(members);
	be_first();
	for (i = 0; i < sizeof(scenes) / sizeof(*scenes); i++)
		met += play(scenes[i].name, scenes[i].hold, scenes[i].wait);
	/* Without preemption in the kernel, some holders are never caught. */
	expect(met > i / 2, "%zu of %zu", met, i);
}

/* --- a search that is killed --- */

struct search {
	int session;
	pid_t root;
};

static void search(void *arg)
{
	const struct search *s = arg;

	be_last();
	scene->rounds++;
	put(s->session, "tree %d", s->root);
	scene->waiter_done = 1;
	sleep_forever();
}

static void have_many(void *arg)
{
	for (int i = 0; i < MEMBERS; i++)
		sleeper();
	scene->rounds = 1;
	sleep_forever();
}

/*
 * Kills the search after *delay ns. Adapts *delay if this was too early or too
 * late.
 * Return: whether the search was in progress.
 */
static bool kill_search(pid_t root, long *delay)
{
	struct search s = { open_session(), root };
	unsigned int rounds = scene->rounds;
	pid_t pid;
	bool met;

	scene->waiter_done = 0;
	pid = child(search, &s);
	nanosleep(&(struct timespec){ .tv_nsec = *delay }, NULL);
	end(pid);
	met = scene->rounds != rounds && !scene->waiter_done;
	if (scene->rounds == rounds)
		*delay += *delay / 8;
	else if (!met)
		*delay -= *delay / 9;
	expect(!met || !session_members(s.session, MEMBERS),
	       "%u are registered", session_members(s.session, MEMBERS));
	expect(!met || !events_of(s.session, POLLIN), "%#x of an empty session",
	       events_of(s.session, POLLIN));
	close(s.session);
	return met;
}

TEST(cover_search_killed, "a killed search leaves no registration",
     .limit = 120)
{
	long delay = MS / 2;
	pid_t root;
	int i, met = 0;

	scene = share(sizeof(*scene));
	root = child(have_many, NULL);
	wait_until(scene->rounds, 20000, "not so many processes");
	be_first();
	for (i = 0; i < ATTEMPTS && met < 5; i++)
		met += kill_search(root, &delay);
	expect(met, "none of %d searches was met", i);
	note("met %d searches of %d", met, i);
}
