// SPDX-License-Identifier: MIT
/* Faults while words are written. */
#include <sys/mman.h>

#include "common.h"

#define QUOTA 12

/* --- registered processes --- */

static int fd;			/* the file to write to */
static bool in_session;

static int registered(void)
{
	return in_session ? session_members(fd, QUOTA) :
			    (unsigned int)stat_header().processes;
}

static void expect_registered(int want, const char *when)
{
	int n = registered();

	expect(n == want, "%s: %d registered, not %d", when, n, want);
}

/* --- a family: a parent, two children, a grandchild --- */

static volatile pid_t *family;	/* the parent comes first */
static int asks[2], answers[2];

#define FAMILY 4

static void say(int to, char what)
{
	must(write(to, &what, 1) == 1);
}

static char hear(int from)
{
	char what = 0;

	must(read(from, &what, 1) == 1);
	return what;
}

static void have_child(void *arg)
{
	family[3] = sleeper();
	say(answers[1], '3');
	sleep_forever();
}

/* Forks when asked to. The child stays a zombie until the next time. */
static void head_family(void *arg)
{
	pid_t pid;

	family[1] = sleeper();
	family[2] = child(have_child, NULL);
	for (;;) {
		hear(asks[0]);
		pid = fork();
		if (!pid)
			_exit(0);
		say(answers[1], 'f');
		hear(asks[0]);
		reap(pid, NULL);
		say(answers[1], 'r');
	}
}

static void start_family(void)
{
	family = share(FAMILY * sizeof(*family));
	must(!pipe(asks) && !pipe(answers));
	family[0] = child(head_family, NULL);
	must(hear(answers[0]) == '3');
}

/* A zombie counts as registered. */
static void expect_no_followers(int want)
{
	say(asks[1], 'f');
	hear(answers[0]);
	expect_registered(want, "after a fork");
	say(asks[1], 'r');
	hear(answers[0]);
}

static void forget_family(void)
{
	for (int i = 0; i < FAMILY; i++)
		must(put(fd, "-%d", family[i]) > 0);
	expect_registered(0, "all unregistered");
}

/* --- operations --- */

static char words[256];
static ssize_t written;

static int write_words(void)
{
	written = write(fd, words, strlen(words));
	return written < 0 ? errno : 0;
}

static void add_one(void)
{
	sprintf(words, "+%d", family[0]);
}

static void added_one(int err)
{
	expect_registered(!err, "PID");
	if (!err)
		must(put(fd, "-%d", family[0]) > 0);
}

static void remove_one(void)
{
	must(put(fd, "%d", family[0]) > 0);
	sprintf(words, "-%d", family[0]);
}

static void removed_one(int err)
{
	expect_registered(!!err, "-PID");
	if (err)
		must(put(fd, "-%d", family[0]) > 0);
}

static void add_tree(void)
{
	sprintf(words, "tree %d", family[0]);
}

static void added_tree(int err)
{
	expect_registered(err ? 0 : FAMILY, "tree PID");
	if (err)
		expect_no_followers(0);
	else
		forget_family();
}

/* Two are members already. One of them was registered by itself. */
static void upgrade(void)
{
	must(put(fd, "%d %d", family[0], family[2]) > 0);
	add_tree();
}

static void upgraded(int err)
{
	expect_registered(err ? 2 : FAMILY, "tree of one that is registered");
	if (!err) {
		forget_family();
		return;
	}
	expect_no_followers(2);
	must(put(fd, "-%d -%d", family[0], family[2]) > 0);
}

/* An incomplete write returns how far it came. */
static void add_many(void)
{
	sprintf(words, "%d\n%d\n%d %d", family[0], family[1], family[2],
		family[3]);
}

static void added_many(int err)
{
	int done = written == (ssize_t)strlen(words), i;

	/* The rest begins behind a blank. */
	for (i = 0; i < written; i++)
		done += words[i] == ' ' || words[i] == '\n';
	expect_registered(done, "many words");
	for (i = 0; i < done; i++)
		must(put(fd, "-%d", family[i]) > 0);
}

static const struct operation writing[] = {
	{ "+PID", add_one, write_words, added_one, { ENOMEM, EFAULT } },
	{ "-PID", remove_one, write_words, removed_one, { ENOMEM, EFAULT } },
	{ "tree PID", add_tree, write_words, added_tree, { ENOMEM, EFAULT } },
	{ "tree PID, registered", upgrade, write_words, upgraded,
	  { ENOMEM, EFAULT } },
	{ "four PIDs", add_many, write_words, added_many, { ENOMEM, EFAULT } },
};

static void walk_all(void)
{
	for (size_t i = 0; i < sizeof(writing) / sizeof(*writing); i++)
		faults_walk(&writing[i]);
}

/* A quota that failures had used would be missing now. */
static void expect_quota(void)
{
	pid_t pids[QUOTA + 1];
	int n = 0;

	while (n <= QUOTA && put(fd, "%d", pids[n] = sleeper()) > 0)
		n++;
	expect(n == QUOTA, "%d can be registered, not %d", n, QUOTA);
	while (n--)
		must(put(fd, "-%d", pids[n]) > 0);
}

static void write_status(void *arg)
{
	start_family();
	fd = open_status();
	walk_all();
	expect_quota();
}

TEST(faults_status, "a word in status that fails changes nothing",
     .params = "interval_ms=3600000 max_per_user=12", .faults = true,
     .limit = 120)
{
	faults_need();
	faults_in_user(write_status);
}

/* --- interval, in a session --- */

static unsigned int interval(void)
{
	const struct urt_map *map = map_session(fd, QUOTA);
	unsigned int ms = map->interval_ms;

	must(!munmap((void *)map, URT_MAP_LENGTH(QUOTA)));
	return ms;
}

static void set_pace(void)
{
	must(put(fd, "interval 700000") > 0);
	sprintf(words, "interval 800000");
}

static void pace_set(int err)
{
	expect(interval() == (err ? 700000 : 800000), "%u ms", interval());
}

static const struct operation pacing = {
	"interval MS", set_pace, write_words, pace_set, { ENOMEM, EFAULT },
};

static void write_session(void *arg)
{
	start_family();
	fd = open_session();
	in_session = true;
	must(put(fd, "interval 3600000") > 0);
	walk_all();
	faults_walk(&pacing);
	expect(events_of(fd, POLLIN) == POLLHUP, "a record of somebody: %#x",
	       events_of(fd, POLLIN));
	expect_quota();
}

TEST(faults_session, "a word in a session that fails changes nothing",
     .params = "max_per_user=12", .faults = true, .limit = 120)
{
	faults_need();
	faults_in_user(write_session);
}
