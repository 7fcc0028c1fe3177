// SPDX-License-Identifier: MIT
/*
 * Several writers search at once. A search that succeeds has registered its
 * whole tree. A search that fails leaves nothing behind.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib.h"

/* A tree of two generations below its root. */
struct family {
	int middles, leaves;		/* of each middle */
	volatile int count;
	volatile pid_t pids[2048];	/* the root, then each middle's */
};

static struct family *family;

static void have_leaves(void *first)
{
	volatile pid_t *pids = first;

	for (int i = 1; i <= family->leaves; i++) {
		pid_t pid = sleeper();

		pids[i] = pid;
		__sync_fetch_and_add(&family->count, 1);
	}
	sleep_forever();
}

static int middle(int i)
{
	return 1 + i * (1 + family->leaves);
}

static void have_middles(void *arg)
{
	if (arg)
		must(!setresuid(1000, 1000, 1000));
	for (int i = 0; i < family->middles; i++) {
		volatile pid_t *pids = &family->pids[middle(i)];
		pid_t pid = child(have_leaves, (void *)pids);

		pids[0] = pid;
		__sync_fetch_and_add(&family->count, 1);
	}
	sleep_forever();
}

static int all(void)
{
	return 1 + family->middles * (1 + family->leaves);
}

static void make_family(int middles, int leaves, bool users)
{
	family = share(sizeof(*family));
	family->middles = middles;
	family->leaves = leaves;
	family->pids[0] = child(have_middles, users ? family : NULL);
	wait_until(family->count == all() - 1, 60000, "%d", family->count);
}

static unsigned int registered(void)
{
	return stat_header().processes;
}

/* By PID: whether it is registered now. */
static bool there[1 << 22];

static void look(void)
{
	char *text = slurp(STATUS), *line = text;

	memset(there, 0, sizeof(there));
	for (; *line; line = strchr(line, '\n') + 1)
		there[atoi(line)] = true;
	free(text);
}

static void unregister_all(void)
{
	int fd = open_status();

	for (int i = 0; i < all(); i++)
		put(fd, "-%d ", family->pids[i]);
	expect(!registered(), "%s", slurp(STATUS));
}

/* --- writers --- */

struct writer {
	uid_t uid;
	int root;		/* of the tree, an index of pids */
	unsigned int delay_us;
	bool killed;		/* we kill it, sooner or later */
	pid_t pid;
	volatile int err;	/* -1: not known */
};

static volatile bool *start;

/* A user that may follow any process, and has a quota. */
static void become_tracer(uid_t uid)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { {
		.effective = 1 << CAP_SYS_PTRACE,
		.permitted = 1 << CAP_SYS_PTRACE,
	} };

	must(!prctl(PR_SET_KEEPCAPS, 1));
	must(!setresuid(uid, uid, uid));
	must(!syscall(SYS_capset, &head, data));
}

static void write_tree(void *arg)
{
	struct writer *w = arg;
	int fd, n;

	if (w->uid)
		become_tracer(w->uid);
	fd = open_status();
	while (!*start)
		sched_yield();
	nanosleep(&(struct timespec){ .tv_nsec = w->delay_us * 1000L }, NULL);
	n = put(fd, "tree %d", family->pids[w->root]);
	w->err = n < 0 ? -n : 0;
}

static void start_writer(struct writer *w)
{
	w->err = -1;
	w->pid = child(write_tree, w);
}

static void go(struct writer *writers, int count)
{
	*start = true;
	for (int i = 0; i < count; i++) {
		if (writers[i].killed)
			kill(writers[i].pid, SIGKILL);
	}
	for (int i = 0; i < count; i++)
		reap(writers[i].pid, NULL);
	*start = false;
}

static void make_writers(struct writer **writers, int count)
{
	*writers = share(count * sizeof(**writers));
	start = share(1);
}

/* Checks how many processes the user can register after all this. */
static void expect_quota(void *want)
{
	int fd = open_session(), i;

	for (i = 0; i < all() && put(fd, "%d", family->pids[i]) > 0; i++)
		;
	expect(i == *(int *)want, "%d can be registered, not %d", i,
	       *(int *)want);
}

TEST(complete_two, "a user's tree is whole, also if another user's search fails",
     .params = "interval_ms=3600000 max_per_user=600", .boot = "two",
     .limit = 120)
{
	struct writer *w;
	int quota = 600;

	make_family(30, 30, true);
	make_writers(&w, 2);
	for (int round = 0; round < 12; round++) {
		w[0] = (struct writer){ .uid = 0, .delay_us = round % 3 * 700 };
		w[1] = (struct writer){ .uid = 1000,
					.delay_us = round / 3 * 1500 };
		start_writer(&w[0]);
		start_writer(&w[1]);
		go(w, 2);
		/* If root came first, the others need not pay. */
		expect(!w[0].err && (w[1].err == EDQUOT || !w[1].err), "%s, %s",
		       strerror(w[0].err), strerror(w[1].err));
		expect(registered() == (unsigned int)all(),
		       "round %d: %u of %d", round, registered(), all());
		in_user(1000, expect_quota, &quota);
		unregister_all();
	}
}

TEST(complete_two_fail, "two searches that fail leave no registration, and quotas unchanged",
     .params = "interval_ms=3600000 max_per_user=600 max_processes=700",
     .limit = 120)
{
	struct writer *w;
	int quota = 600;

	make_family(30, 30, true);
	make_writers(&w, 2);
	for (int round = 0; round < 6; round++) {
		w[0] = (struct writer){ .uid = 0, .delay_us = round * 500 };
		w[1] = (struct writer){ .uid = 1000 };
		start_writer(&w[0]);
		start_writer(&w[1]);
		go(w, 2);
		expect(w[0].err == ENOSPC && (w[1].err == EDQUOT ||
					      w[1].err == ENOSPC), "%s, %s",
		       strerror(w[0].err), strerror(w[1].err));
		expect(!registered(), "round %d: %u are left", round,
		       registered());
		in_user(1000, expect_quota, &quota);
	}
}

static bool below(int root, int i)
{
	return !root || (i >= root && i <= root + family->leaves);
}

/*
 * Return: whether exactly the trees of successful writers are registered. With
 * killed, a killed writer counts as successful.
 */
static bool as_gotten(const struct writer *writers, int count, bool killed)
{
	for (int i = 0; i < all(); i++) {
		bool want = false;

		for (int k = 0; k < count; k++) {
			const struct writer *w = &writers[k];

			if (!w->err || (killed && w->err < 0))
				want |= below(w->root, i);
		}
		if (want != there[family->pids[i]])
			return false;
	}
	return true;
}

#define WRITERS 40	/* more than can search at the same time */
#define QUOTA 300

static void choose(struct writer *w, int i, int round)
{
	*w = (struct writer){
		.uid = i ? 2000 + i : 0,
		.root = random() % 3 ? middle(random() % family->middles) : 0,
		.delay_us = random() % 20000,
	};
	if (!i) {
		w->root = 0;
		w->killed = round % 2;
	}
}

TEST(complete_many, "many writers at once get their trees, and each pays for its own",
     .params = "interval_ms=3600000 max_per_user=300", .boot = "two", .limit = 300)
{
	int rounds = scaled(8), quota = QUOTA, killed;
	struct writer *w;

	srandom(seed_of_run());
	make_family(20, 40, false);
	make_writers(&w, WRITERS);
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < WRITERS; i++) {
			choose(&w[i], i, round);
			start_writer(&w[i]);
		}
		go(w, WRITERS);
		killed = w[0].err < 0;
		look();
		for (int i = 1; i < WRITERS; i++)
			expect(!w[i].err || (!w[i].root && w[i].err == EDQUOT),
			       "writer %d: %s", i, strerror(w[i].err));
		expect(as_gotten(w, WRITERS, false) ||
		       (killed && as_gotten(w, WRITERS, true)),
		       "round %d: %u are registered", round, registered());
		unregister_all();
		for (int i = 1; i < WRITERS; i += 7)
			in_user(w[i].uid, expect_quota, &quota);
	}
}

/* --- one session --- */

static void *write_here(void *fd)
{
	return (void *)(long)put(*(int *)fd, "tree %d", family->pids[0]);
}

TEST(complete_session, "several threads that write to one session register all they name")
{
	int fd = open_session();
	pthread_t threads[4];
	void *n;

	make_family(10, 10, false);
	for (int i = 0; i < 4; i++)
		must(!pthread_create(&threads[i], NULL, write_here, &fd));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &n);
		expect((long)n > 0, "%ld", (long)n);
	}
	expect(session_members(fd, 200) == (unsigned int)all(), "%u of %d",
	       session_members(fd, 200), all());
}

/* --- other calls meanwhile --- */

struct remover {
	volatile bool begun, ended;
	int middle;
};

static void remove_often(void *arg)
{
	struct remover *r = arg;
	int fd = open_status();

	r->begun = true;
	while (!r->ended) {
		put(fd, "-%d", family->pids[r->middle]);
		sched_yield();
	}
}

TEST(complete_removed, "unregistering a process during a search hides none of its descendants",
     .params = "interval_ms=3600000", .boot = "two", .limit = 120)
{
	struct remover *r = share(sizeof(*r));
	pid_t pid;
	int busy;

	make_family(10, 30, false);
	for (int round = 0; round < 10; round++) {
		r->begun = r->ended = false;
		r->middle = round % 2 ? middle(0) : 0;	/* or the root */
		pid = child(remove_often, r);
		wait_until(r->begun, 10000, "it does not begin");
		/*
		 * Other writers may keep a search from ending. It then reports
		 * EBUSY.
		 */
		busy = write_errno("tree %d", family->pids[0]);
		expect(!busy || busy == EBUSY, "%s", strerror(busy));
		r->ended = true;
		reap(pid, NULL);
		look();
		for (int i = 0; i < all() && !busy; i++)
			expect(i == r->middle || there[family->pids[i]],
			       "number %d of %d", i, all());
		unregister_all();
	}
}

static void register_plain(void *arg)
{
	struct writer *w = arg;
	int n;

	must(!setresuid(w->uid, w->uid, w->uid));
	while (!*start)
		sched_yield();
	nanosleep(&(struct timespec){ .tv_nsec = w->delay_us * 1000L }, NULL);
	n = put(open_status(), "%d", family->pids[w->root]);
	w->err = n < 0 ? -n : 0;
}

static void expect_own(void *root)
{
	registers("-%d", family->pids[*(int *)root]);
}

TEST(complete_plain, "a plain registration survives a failed search, and stays with its writer",
     .params = "interval_ms=3600000 max_per_user=400", .limit = 120)
{
	struct writer *w;

	make_family(20, 30, true);
	make_writers(&w, 2);
	for (int round = 0; round < 8; round++) {
		w[0] = (struct writer){ .uid = 1000 };
		w[1] = (struct writer){ .uid = 1001, .root = middle(0),
					.delay_us = round * 600 };
		start_writer(&w[0]);
		w[1].err = -1;
		w[1].pid = child(register_plain, &w[1]);
		go(w, 2);
		expect(w[0].err == EDQUOT && !w[1].err, "%s, %s",
		       strerror(w[0].err), strerror(w[1].err));
		expect(registered() == 1 &&
		       listed(family->pids[w[1].root], NULL),
		       "round %d: %u are registered", round, registered());
		in_user(1001, expect_own, &w[1].root);
	}
}
