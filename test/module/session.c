// SPDX-License-Identifier: MIT
/* Words that can be written to a session. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "lib.h"

#define MAX_WORDS "max_per_user=4 interval_ms=200"

static void expect_word(int fd, int want, const char *word, pid_t pid)
{
	int seen = put(fd, "%s%d", word, pid);

	if (seen > 0)
		seen = 0;
	expect(seen == -want, "%s%d by uid %u: %s instead of %s", word, pid,
	       geteuid(), strerror(-seen), strerror(want));
}

/* Whether the session had it. Removes it. */
static bool removed(int fd, pid_t pid)
{
	int n = put(fd, "-%d", pid);

	expect(n > 0 || n == -ENOENT, "-%d: %s", pid, strerror(-n));
	return n > 0;
}

TEST(session_private, "a process in a session is in no other session and not in status")
{
	int a = open_session(), b = open_session();
	pid_t pid = sleeper(), other = sleeper();

	must(put(a, "%d +%d", pid, other) > 0);
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
	expect(!removed(b, pid) && write_errno("-%d", pid) == ENOENT,
	       "-PID elsewhere");
	registers("%d", pid);
	must(put(b, "%d", pid) > 0);
	registers("-%d", pid);
	expect(removed(a, pid) && removed(b, pid) && removed(a, other),
	       "it was lost");
	expect(!removed(a, pid), "it was there twice");
}

TEST(session_blanks, "blanks of all kinds stand before, between and after words")
{
	int fd = open_session();

	expect(put(fd, "tree\t%d\n\n interval \n 1000 %d", getpid(), 1) > 0,
	       "%s", strerror(errno));
	expect(removed(fd, getpid()) && removed(fd, 1), "not registered");
}

TEST(session_partial, "a write ends before the first word that fails, tree or not")
{
	int fd = open_session(), n;
	pid_t pid = sleeper();
	char good[64];

	n = snprintf(good, sizeof(good), "interval 500 tree %d ", pid);
	expect(put(fd, "%stree 0 %d", good, getpid()) == n, "tree 0");
	expect(put(fd, "%sinterval 1 %d", good, getpid()) == n, "interval 1");
	expect(put(fd, "%stree", good) == n, "a tree of nothing");
	expect(removed(fd, pid) && !removed(fd, getpid()), "%s", good);
}

TEST(session_no_process, "tree with the number of no process is ESRCH")
{
	int fd = open_session(), n;
	pid_t gone = sleeper();

	end(gone);
	wait_until((n = put(fd, "tree %d", gone)) == -ESRCH, 1000, "%d", n);
	expect_word(fd, ESRCH, "tree ", 2147483647);
}

/* Each way to cut "tree PID" or "interval MS" at the end of a page. */
TEST(session_page, "a word that a page cuts is left to the next write")
{
	char text[8192], word[64];
	int fd = open_session(), len, cut, n, done;
	pid_t pid = sleeper();

	len = snprintf(word, sizeof(word), "interval 3000 tree %d", pid);
	for (cut = 0; cut <= len; cut++) {
		memset(text, '\n', sizeof(text));
		text[0] = '1';
		memcpy(text + URT_WRITE_MAX - cut, word, len);
		for (done = 0; done < (int)sizeof(text); done += n) {
			n = write(fd, text + done, sizeof(text) - done);
			/* The rest may consist of blanks only. */
			if (n < 0 && errno == EINVAL &&
			    done >= URT_WRITE_MAX - cut + len)
				break;
			expect(n > 0 && n <= URT_WRITE_MAX,
			       "cut after \"%.*s\": %d %s", cut, word, n,
			       strerror(errno));
		}
		expect(removed(fd, pid), "cut after \"%.*s\"", cut, word);
	}
}

TEST(session_pieces, "the number of a word, and its newline, may come with later writes")
{
	pid_t pid = sleeper();
	int fd = open_session();
	const char *const texts[] = { "interval ", "200", "\n", "tree ", NULL };

	for (int i = 0; texts[i]; i++)
		expect(put(fd, "%s", texts[i]) == (int)strlen(texts[i]),
		       "\"%s\": %s", texts[i], strerror(errno));
	must(put(fd, "%d", pid) > 0);
	must(put(fd, "\n") == 1);
	expect(map_session(fd, 1)->interval_ms == 200, "not its interval");
	expect(removed(fd, pid), "%d is not registered", pid);
	must(put(fd, "interval ") > 0);
	expect(put(fd, "\n") == -EINVAL, "a newline for a number");
}

/* Writes as programs do that use a buffer. */
static void expect_buffered(int fd, const char *word, int len, int cut)
{
	char text[URT_CARRY_MIN];

	memset(text, ' ', sizeof(text));
	text[0] = '1';
	memcpy(text + sizeof(text) - cut, word, cut);
	expect(write(fd, text, sizeof(text)) == sizeof(text),
	       "up to \"%.*s\": %s", cut, word, strerror(errno));
	expect(put(fd, "%s ", word + cut) == len - cut + 1,
	       "from \"%s\" on: %s", word + cut, strerror(errno));
}

TEST(session_buffered, "words that a long write cuts go on in the next write")
{
	int fd = open_session(), status = open_status(), len, cut;
	pid_t pid = sleeper();
	char word[64];

	len = snprintf(word, sizeof(word), "tree %d", pid);
	for (cut = 1; cut < len; cut++) {
		expect_buffered(fd, word, len, cut);
		expect(removed(fd, pid), "cut after \"%.*s\"", cut, word);
		expect_buffered(status, word, len, cut);
		expect(removed(status, pid), "status: \"%.*s\"", cut, word);
	}
}

/* --- interval --- */

static void expect_interval(int fd, int ms, int want)
{
	const struct urt_map *map = map_session(fd, 1);
	unsigned int before = map->interval_ms, now;

	expect_word(fd, want, "interval ", ms);
	now = want ? before : (unsigned int)ms;
	expect(map->interval_ms == now, "interval %d: %u, before it was %u", ms,
	       map->interval_ms, before);
}

static void try_intervals(void *arg)
{
	int fd = open_session();

	expect_interval(fd, 99, EINVAL);
	expect_interval(fd, 100, 0);
	expect_interval(fd, 10, EINVAL);
	expect_interval(fd, 3600000, 0);
	expect_interval(fd, 3600001, EINVAL);
}

TEST(session_interval_bounds, "interval takes 100 to 3600000, from 10 with CAP_SYS_RESOURCE, and begins with 5000")
{
	int fd = open_session();

	expect(map_session(fd, 1)->interval_ms == 5000, "%u",
	       map_session(fd, 1)->interval_ms);
	expect_interval(fd, 9, EINVAL);
	expect_interval(fd, 10, 0);
	expect_interval(fd, 3600000, 0);
	expect_interval(fd, 3600001, EINVAL);
	expect_interval(fd, 99, 0);
	in_user(1000, try_intervals, NULL);
	/* The interval belongs to this session only. */
	expect(map_session(open_session(), 1)->interval_ms == 5000 &&
	       stat_header().interval == 200, "%s", slurp(STAT));
}

static bool new_generation(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	must(poll(&p, 1, ms) >= 0);
	return p.revents & POLLPRI;
}

TEST(session_interval, "interval re-arms the session's timer at once",
     .params = "interval_ms=10")
{
	int fd = open_session();

	must(put(fd, "interval 3600000 %d", sleeper()) > 0);
	events_of(fd, POLLPRI);
	expect(!new_generation(fd, 500), "a refresh in an hour's interval");
	must(put(fd, "interval 100") > 0);
	expect(new_generation(fd, 5000) && new_generation(fd, 5000),
	       "no refresh");
	must(put(fd, "interval 3600000") > 0);
	events_of(fd, POLLPRI);
	expect(!new_generation(fd, 500), "still at the old pace");
}

/* --- processes of other users --- */

struct targets {
	pid_t mine, roots, theirs, both;
};

static void two_users(void *arg)
{
	must(!setresuid(1000, 1001, 1001));
	sleep_forever();
}

static void try_trees(void *arg)
{
	int fds[] = { open_session(), open_status() }, i;
	struct targets *t = arg;

	for (i = 0; i < 2; i++) {
		expect_word(fds[i], EPERM, "tree ", t->roots);
		expect_word(fds[i], EPERM, "tree ", t->theirs);
		expect_word(fds[i], EPERM, "tree ", t->both);
		expect_word(fds[i], ENOENT, "-", t->both);
		/* Registration does not make it the user's process. */
		expect_word(fds[i], 0, "", t->theirs);
		expect_word(fds[i], EPERM, "tree ", t->theirs);
		expect_word(fds[i], 0, "-", t->theirs);
		expect_word(fds[i], 0, "tree ", t->mine);
		expect_word(fds[i], 0, "-", t->mine);
	}
}

static struct targets make_targets(void)
{
	struct targets t = {
		sleeper_as(1000), sleeper(), sleeper_as(1001),
		child(two_users, NULL)
	};
	char path[64], *text;

	snprintf(path, sizeof(path), "/proc/%d/status", t.both);
	wait_until(strstr(text = slurp(path), "Uid:\t1000\t1001"), 5000, "%s",
		   text);
	return t;
}

TEST(session_tree_rights, "tree of a process of another user is EPERM, but not for root")
{
	struct targets t = make_targets();
	int fd = open_session();

	in_user(1000, try_trees, &t);
	expect_word(fd, 0, "tree ", t.mine);
	expect_word(fd, 0, "tree ", t.both);
}

struct passed {
	int fd, number;
};

static void use_passed(void *arg)
{
	struct passed *p = arg;

	expect_word(p->fd, 0, "tree ", p->number);
	expect_word(p->fd, 0, "interval ", 10);
}

TEST(session_passed, "a passed session has its opener's rights, not fewer")
{
	struct passed p = { open_session(), sleeper() };

	in_user(1000, use_passed, &p);
	expect(removed(p.fd, p.number), "it is not registered");
}

TEST(session_passed_root, "a passed session has no more rights when root writes to it")
{
	int fd, root = sleeper();

	must(!setresuid(1000, 1000, 0));
	fd = open_session();
	must(!setresuid(0, 0, 0));
	expect_word(fd, EPERM, "tree ", root);
	expect_word(fd, EINVAL, "interval ", 10);
	expect_word(fd, 0, "", root);
}

/* --- quotas --- */

static void open_three(void *arg)
{
	int fds[3], i, fd;

	for (i = 0; i < 3; i++)
		fds[i] = open_session();
	fd = open(SESSION, O_RDWR);
	expect(fd < 0 && errno == EDQUOT, "a fourth: %d %s", fd,
	       strerror(errno));
	must(open_status() >= 0);
	must(dup(fds[0]) >= 0);
	close(fds[0]);
	fd = open(SESSION, O_RDWR);
	expect(fd < 0 && errno == EDQUOT, "it is still open: %d", fd);
	close(fds[1]);
	wait_until((fd = open(SESSION, O_RDWR)) >= 0, 2000, "closed: %s",
		   strerror(errno));
	fd = open(SESSION, O_RDWR);
	expect(fd < 0 && errno == EDQUOT, "only one was closed: %d", fd);
}

static void open_one(void *arg)
{
	open_session();
}

static void become_and_open(void *arg)
{
	int i;

	for (i = 0; i < 10; i++)
		open_session();		/* root's */
	in_user(1000, open_three, NULL);
	/* A process of root opens it, but as the user. */
	must(!seteuid(1000));
	for (i = 0; i < 3; i++)
		must(fcntl(open_session(), F_SETFD, 0) == 0);
	must(!seteuid(0));
	in_user(1001, open_one, NULL);
	must(!seteuid(1000));
	expect(open(SESSION, O_RDWR) < 0 && errno == EDQUOT, "a fourth");
	must(!seteuid(0));
}

TEST(session_max_sessions, "a user's session beyond max_sessions is EDQUOT, but not for root",
     .params = "max_sessions=3")
{
	in_child(become_and_open, NULL);
	in_user(1000, open_three, NULL);
}

static void fill_quota(void *arg)
{
	int a = open_session(), b = open_session(), status = open_status();
	pid_t *pids = arg;

	must(put(a, "%d", pids[0]) > 0 && put(b, "%d", pids[0]) > 0);
	must(put(a, "%d", pids[1]) > 0 && put(status, "%d", pids[0]) > 0);
	expect_word(a, EDQUOT, "", pids[2]);
	expect_word(b, EDQUOT, "", pids[2]);
	expect_word(status, EDQUOT, "", pids[2]);
	expect_word(a, EDQUOT, "tree ", pids[2]);
	/* No more than are registered already. */
	expect_word(a, 0, "", pids[0]);
	expect_word(a, 0, "tree ", pids[0]);
	close(a);
	wait_until(put(b, "%d", pids[1]) > 0, 2000, "closed: %s",
		   strerror(errno));
	wait_until(put(b, "%d", pids[2]) > 0, 2000, "%s", strerror(errno));
	expect_word(b, EDQUOT, "", pids[3]);
	must(put(status, "-%d", pids[0]) > 0);
	expect_word(b, 0, "", pids[3]);
}

TEST(session_quota, "max_per_user counts over status and all sessions",
     .params = MAX_WORDS)
{
	pid_t pids[6];
	int i, fd = open_session();

	for (i = 0; i < 6; i++)
		pids[i] = sleeper_as(1000);
	in_user(1000, fill_quota, pids);
	for (i = 0; i < 6; i++)
		must(put(fd, "%d", pids[i]) > 0);
}

/* Five children, and one more for each SIGUSR1. */
struct brood {
	volatile pid_t pids[8];
	volatile int count;
};

static struct brood *brood;

static void breed(void *arg)
{
	sigset_t usr1;
	int n;

	become(1000);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	for (;;) {
		do {
			brood->pids[brood->count] = sleeper();
			n = ++brood->count;
		} while (n < 5);
		sigwait(&usr1, &n);
	}
}

static pid_t start_brood(void)
{
	pid_t pid;

	brood = share(sizeof(*brood));
	pid = child(breed, NULL);
	wait_until(brood->count == 5, 5000, "%d", brood->count);
	return pid;
}

static void exceed_by_tree(void *arg)
{
	pid_t root = *(pid_t *)arg, more[4];
	int fds[2] = { open_session(), open_status() }, i, k;

	for (i = 0; i < 2; i++) {
		expect_word(fds[i], EDQUOT, "tree ", root);
		expect(!removed(fds[i], root), "the root");
		for (k = 0; k < 5; k++)
			expect(!removed(fds[i], brood->pids[k]), "child %d", k);
	}
	for (k = 0; k < 4; k++) {
		more[k] = sleeper();
		must(put(fds[0], "%d", more[k]) > 0);
	}
	for (k = 0; k < 4; k++)
		must(removed(fds[0], more[k]));
	/* A registered root stays a root. */
	expect_word(fds[0], 0, "", root);
	expect_word(fds[0], EDQUOT, "tree ", root);
	kill(root, SIGUSR1);
	wait_until(brood->count == 6, 5000, "%d", brood->count);
	expect(!removed(fds[0], brood->pids[5]), "it is half a tree");
	expect(removed(fds[0], root), "and not registered any more");
}

TEST(session_tree_quota, "a tree that fails with EDQUOT registers nothing",
     .params = MAX_WORDS)
{
	pid_t root = start_brood();

	in_user(1000, exceed_by_tree, &root);
}

TEST(session_full, "a tree beyond max_processes is ENOSPC, and nothing of it stays",
     .params = "max_processes=4")
{
	int fd = open_session(), k;
	pid_t root = start_brood();

	expect_word(fd, ENOSPC, "tree ", root);
	expect(!removed(fd, root), "the root");
	for (k = 0; k < 4; k++)
		expect_word(fd, 0, "", brood->pids[k]);
	expect_word(fd, ENOSPC, "", brood->pids[4]);
	expect_word(open_session(), ENOSPC, "", brood->pids[0]);
	expect(write_errno("%d", brood->pids[0]) == ENOSPC, "status");
	must(removed(fd, brood->pids[0]));
	expect_word(fd, 0, "", brood->pids[4]);
}

TEST(session_mode, "any user may open a session, and seeking in it fails")
{
	int fd = open_session();
	char c;

	in_user(1000, open_one, NULL);
	expect(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE, "lseek: %s",
	       strerror(errno));
	expect(pread(fd, &c, 1, 0) < 0 && errno == ESPIPE, "pread: %s",
	       strerror(errno));
	expect(pwrite(fd, "1", 1, 0) < 0 && errno == ESPIPE, "pwrite: %s",
	       strerror(errno));
	expect(write(fd, "", 0) == 0, "nothing: %s", strerror(errno));
}
