// SPDX-License-Identifier: MIT
/*
 * The memory that one user can make the kernel keep, and the cgroup that pays
 * for it.
 */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib.h"

/* --- a memory cgroup --- */

#define CGROUP "/tmp/cgroup"
#define OURS CGROUP "/ours"
#define SESSIONS 60
#define CHILDREN 900

static volatile int *step;

static void wait_for(int n)
{
	wait_until(*step == n, 20000, "step %d, not %d", *step, n);
}

static void have_maps(void)
{
	int i;

	for (i = 0; i < SESSIONS; i++)
		map_session(open_session(), 1000);
}

static void fork_much(void *arg)
{
	int i;

	for (i = 0; i < CHILDREN; i++) {
		if (!fork())
			_exit(0);
		wait(NULL);
	}
	raise(SIGSTOP);
}

/* Makes records that are never read. */
static void have_records(void)
{
	pid_t root = stopped(fork_much, NULL);
	int i, status;

	for (i = 0; i < 14; i++)
		must(put(open_session(), "tree %d", root) > 0);
	kill(root, SIGCONT);
	must(waitpid(root, &status, WUNTRACED) == root && WIFSTOPPED(status));
}

static void use_much(void *fn)
{
	spit(OURS "/cgroup.procs", "0");
	become(1000);
	*step = 1;
	wait_for(2);
	((void (*)(void))fn)();
	*step = 3;
	sleep_forever();
}

static long charged_kb(void)
{
	char *text = slurp(OURS "/memory.current");
	long kb = strtol(text, NULL, 10) / 1024;

	free(text);
	return kb;
}

static void make_cgroup(void)
{
	must(!mkdir(CGROUP, 0755) || errno == EEXIST);
	if (mount("cgroup", CGROUP, "cgroup2", 0, NULL) ||
	    !strstr(slurp(CGROUP "/cgroup.controllers"), "memory"))
		skip("no cgroup2 with a memory controller");
	spit(CGROUP "/cgroup.subtree_control", "+memory");
	must(!mkdir(OURS, 0755) || errno == EEXIST);
}

/*
 * kb: the memory that this keeps; 0 if only the whole kernel's memory shows it.
 */
static void expect_charged(void (*fn)(void), long kb)
{
	long charged, grown;

	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	make_cgroup();
	step = share(sizeof(*step));
	child(use_much, (void *)fn);
	wait_for(1);
	charged = charged_kb();
	grown = memory_kb();
	*step = 2;
	wait_for(3);
	charged = charged_kb() - charged;
	grown = kb ? kb : memory_kb() - grown;
	note("the kernel keeps %ld kB more, %ld kB charged", grown, charged);
	expect(grown > 1500, "only %ld kB more", grown);
	/* Workers and the kernel keep only a little for themselves. */
	expect(charged > grown - grown / 4, "%ld kB, %ld kB charged", grown,
	       charged);
}

TEST(secure_memcg, "the memory of maps is charged to their user's cgroup")
{
	expect_charged(have_maps, SESSIONS * (long)URT_MAP_LENGTH(1000) / 1024);
}

TEST(secure_memcg_records, "the memory of unread records is charged to their user's cgroup")
{
	if (is_realtime())
		skip("PREEMPT_RT: a worker allocates what children need");
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		skip("kmemleak keeps as much, of each allocation, itself");
	expect_charged(have_records, 0);
}

/* --- namespaces --- */

#define LIMIT 20

static const char *const limits[] = {
	"/proc/sys/user/max_pid_namespaces",
	"/proc/sys/user/max_user_namespaces",
};

static char *old_limits[2];
static pid_t tester;

static void restore_limits(void)
{
	if (getpid() != tester)
		return;
	spit(limits[0], "%s", old_limits[0]);
	spit(limits[1], "%s", old_limits[1]);
}

static void use_all(void *arg)
{
	int fd = open_session(), status = open_status();

	must(getpid() == 1);
	must(put(fd, "tree 1") > 0 && put(status, "tree 1") > 0);
	map_session(fd, 10);
	if (!fork())
		_exit(0);
	wait(NULL);
	/* The record contains facts about its namespaces. It is never read. */
	wait_until(events_of(fd, POLLIN) & POLLIN, 10000, "no record");
	free(slurp_fd(status));
	free(slurp(STAT));
}

/* The kernel itself counts namespaces, and refuses one too many. */
static bool have_spaces(void)
{
	if (!unshare(CLONE_NEWUSER | CLONE_NEWPID))
		return true;
	must(errno == ENOSPC);
	return false;
}

/* A session from outside notes the namespace of an exited process. */
static void use_spaces(void *arg)
{
	int outer = open_session();

	wait_until(have_spaces(), 10000,
		   "namespaces of processes that have gone are still there");
	must(put(outer, "tree %d", getpid()) > 0);
	in_child(use_all, NULL);
	wait_until(events_of(outer, POLLIN) & POLLIN, 10000, "no record");
}

TEST(secure_spaces_end, "namespaces end when no file of theirs is open and no process registered",
     .params = "interval_ms=50")
{
	int i;

	tester = getpid();
	for (i = 0; i < 2; i++) {
		old_limits[i] = slurp(limits[i]);
		spit(limits[i], "%d", LIMIT);
	}
	atexit(restore_limits);
	for (i = 0; i < 5 * LIMIT; i++)
		in_child(use_spaces, NULL);
}

/* --- endless registering and unregistering --- */

#define CHURNERS 3

static void churn(void *arg)
{
	uint64_t begin = now_ns();
	char page[4096];
	int len = 0, fd = open_session();

	while (len < 4000)
		len += sprintf(page + len, "%d -%d ", getpid(), getpid());
	while (now_ns() - begin < SEC)
		must(write(fd, page, len) == len);
}

TEST(secure_churn, "registering and unregistering in a loop piles up no memory")
{
	long before = memory_kb(), most = 0, now;
	pid_t pids[CHURNERS];
	int i, left = CHURNERS;

	for (i = 0; i < CHURNERS; i++)
		pids[i] = child(churn, NULL);
	while (left) {
		now = memory_kb() - before;
		if (now > most)
			most = now;
		nap();
		for (i = 0; i < CHURNERS; i++)
			left -= pids[i] && waitpid(pids[i], NULL, WNOHANG) ==
				pids[i] && !(pids[i] = 0);
	}
	note("at most %ld kB", most);
	/*
	 * The memory that waits for an RCU grace period; measured: 260 kB on
	 * one CPU.
	 */
	expect(most < 65536, "%ld kB", most);
	wait_until((now = memory_kb() - before) < 8192, 10000, "%ld kB", now);
}

/* --- descriptors without a process --- */

static void send_fd(int to, int fd)
{
	char c = 'x', text[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = text, .msg_controllen = sizeof(text),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&m);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	must(sendmsg(to, &m, 0) == 1);
}

static void post_sessions(void *arg)
{
	int sockets[2], fd, i;

	must(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	for (i = 0; i < 3; i++) {
		fd = open_session();
		must(put(fd, "%d", getpid()) > 0);
		send_fd(sockets[0], fd);
		close(fd);
	}
	expect(open(SESSION, O_RDWR) < 0 && errno == EDQUOT, "on their way "
	       "they do not count: %s", strerror(errno));
	/* A loop: each socket waits in the other one's queue. */
	send_fd(sockets[0], sockets[1]);
	send_fd(sockets[1], sockets[0]);
	close(sockets[0]);
	close(sockets[1]);
	/* Closing a socket makes the kernel look for such loops. */
	wait_until(!close(socket(AF_UNIX, SOCK_DGRAM, 0)) &&
		   (fd = open(SESSION, O_RDWR)) >= 0, 10000,
		   "when nobody can receive them any more: %s",
		   strerror(errno));
	must(put(fd, "%d", getpid()) > 0);
}

TEST(secure_in_flight, "sessions that are sent through a socket count as open",
     .params = "max_sessions=3 max_per_user=3")
{
	in_user(1000, post_sessions, NULL);
}
