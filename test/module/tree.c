// SPDX-License-Identifier: MIT
/* "tree PID" misses no fork, whichever way a member forks. */
#define _GNU_SOURCE
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "lib.h"

/* A process, and its parent, which noted it when it forked. */
struct member {
	volatile pid_t pid, ppid;
	bool seen;
};

static struct family {
	volatile int count;
	volatile bool go;		/* a signal of a tree to itself */
	volatile int ready, forked;
	struct member members[30000];
} *family;

static struct session session;

static void note_member(pid_t pid, pid_t ppid)
{
	int at = __sync_fetch_and_add(&family->count, 1);

	family->members[at].ppid = ppid;
	family->members[at].pid = pid;
}

static pid_t kid(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (pid)
		note_member(pid, getpid());
	return pid;
}

static void wait_all(void)
{
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/* A root that has not begun, registered as a tree in our session. */
static pid_t start_tree(void (*fn)(void *), void *arg)
{
	pid_t root;

	family = share(sizeof(*family));
	session_open(&session);
	root = stopped(fn, arg);
	note_member(root, getpid());
	must(put(session.fd, "tree %d", root) > 0);
	return root;
}

static struct member *find(pid_t pid)
{
	int i;

	for (i = 0; i < family->count; i++) {
		if (family->members[i].pid == pid && !family->members[i].seen)
			return &family->members[i];
	}
	return NULL;
}

/*
 * Reads to the end: each member once, with its parent, no other process, none
 * lost.
 */
static void expect_family(void)
{
	struct member *m;
	struct record r;
	int i;

	while (next_record(&session, &r) != END) {
		expect(r.kind == EXIT, "kind %d, %llu", r.kind, r.count);
		m = find(r.pid);
		expect(m, "%d (%s) of %d: twice, or not of the family", r.pid,
		       r.comm, r.ppid);
		expect(m->ppid == r.ppid, "%d has parent %d instead of %d",
		       r.pid, r.ppid, m->ppid);
		m->seen = true;
	}
	for (i = 0; i < family->count; i++)
		expect(family->members[i].seen, "no record of %d, child of %d",
		       family->members[i].pid, family->members[i].ppid);
}

static void run_tree(void (*fn)(void *), void *arg)
{
	pid_t root = start_tree(fn, arg);
	int status;

	kill(root, SIGCONT);
	reap(root, &status);
	expect(!status, "status %#x", status);
	expect_family();
}

/* --- ways to fork --- */

static void fork_short(void *arg)
{
	int i;

	for (i = 0; i < 300; i++) {
		if (!kid())
			_exit(0);
	}
	wait_all();
}

TEST(tree_short, "children that end at once are all recorded")
{
	run_tree(fork_short, NULL);
}

static void fork_and_leave(void *arg)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (kid())
			_exit(0);
	}
	_exit(0);
}

TEST(tree_leaving, "a chain of processes that exit after their fork is recorded whole")
{
	run_tree(fork_and_leave, NULL);
}

static void fork_daemons(void *arg)
{
	pid_t pid;
	int i;

	for (i = 0; i < 30; i++) {
		pid = kid();
		if (pid) {
			must(waitpid(pid, NULL, 0) == pid);
			continue;
		}
		must(setsid() > 0);
		if (kid())
			_exit(0);
		nap();
		if (!kid())
			_exit(0);
		wait_all();
		_exit(0);
	}
}

TEST(tree_daemons, "daemons of their own session stay in the tree, with children")
{
	run_tree(fork_daemons, NULL);
}

static void vfork_some(void *arg)
{
	volatile pid_t pid;
	volatile int i;

	for (i = 0; i < 20; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
		pid = vfork();
		if (!pid) {
			if (i % 2)
				_exit(0);
			execl("/bin/true", "true", NULL);
			_exit(99);
		}
		note_member(pid, getpid());
	}
	wait_all();
}

TEST(tree_vfork, "children of vfork are recorded, with exec or without")
{
	run_tree(vfork_some, NULL);
}

static void clone_siblings(void *arg)
{
	pid_t pid;
	int i;

	for (i = 0; i < 20; i++) {
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			syscall(SYS_exit_group, 0);
		note_member(pid, getppid());
	}
}

TEST(tree_clone_parent, "a child of CLONE_PARENT is a member, though its parent is none")
{
	pid_t root = start_tree(clone_siblings, NULL);

	kill(root, SIGCONT);
	wait_all();
	expect(family->count == 21, "%d", family->count);
	expect_family();
}

static void *fork_in_thread(void *arg)
{
	int i;

	for (i = 0; i < 20; i++) {
		if (!kid()) {
			if (!kid())
				_exit(0);
			wait_all();
			_exit(0);
		}
	}
	return NULL;
}

static void fork_threads(void *arg)
{
	pthread_t t[3];
	int i;

	for (i = 0; i < 3; i++)
		must(!pthread_create(&t[i], NULL, fork_in_thread, NULL));
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	wait_all();
}

TEST(tree_threads, "children of a thread belong to its process")
{
	run_tree(fork_threads, NULL);
}

static void *fork_without_leader(void *arg)
{
	nap();
	fork_in_thread(NULL);
	wait_all();
	exit(0);
}

static void leader_leaves(void *arg)
{
	pthread_t t;

	must(!pthread_create(&t, NULL, fork_without_leader, NULL));
	syscall(SYS_exit, 0);
}

TEST(tree_leader_leaves, "threads fork on after their leader's exit")
{
	run_tree(leader_leaves, NULL);
}

static void exec_shell(const char *words)
{
	execl("/bin/sh", "sh", "-c", words, NULL);
	_exit(99);
}

static void exec_parent(void *arg)
{
	exec_shell("(exit 4); (exit 5); exit 6");
}

static void *exec_in_thread(void *arg)
{
	exec_parent(NULL);
	return NULL;
}

static void exec_by_thread(void *arg)
{
	pthread_t t;

	must(!pthread_create(&t, NULL, exec_in_thread, NULL));
	sleep_forever();
}

/* Expects a root that becomes a shell with two children. */
static void expect_shell(void (*fn)(void *))
{
	pid_t root = start_tree(fn, NULL);
	struct record r;
	int i, status, codes = 0;

	kill(root, SIGCONT);
	reap(root, &status);
	expect(WEXITSTATUS(status) == 6, "%#x", status);
	for (i = 0; i < 3; i++) {
		expect(next_record(&session, &r) == EXIT, "%d records", i);
		expect(!strcmp(r.comm, "sh"), "%s", r.comm);
		expect(r.ppid == (r.pid == root ? getpid() : root), "%d of %d",
		       r.pid, r.ppid);
		codes += WEXITSTATUS(r.status);
	}
	expect(codes == 4 + 5 + 6, "%d", codes);
	expect(next_record(&session, &r) == END, "one more, %d", r.pid);
}

TEST(tree_exec, "a member stays a member after exec, and its children are recorded")
{
	expect_shell(exec_parent);
}

TEST(tree_exec_thread, "a member stays a member after exec by a thread that is not the leader")
{
	expect_shell(exec_by_thread);
}

static void fork_container(void *arg)
{
	pid_t pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	if (!pid) {
		/* Numbers 2 to 6 are in here. */
		for (int i = 0; i < 5; i++) {
			if (!fork())
				_exit(7);
		}
		wait_all();
		_exit(0);
	}
	must(pid > 0);
	note_member(pid, getpid());
	wait_all();
}

TEST(tree_pid_space, "members in a new PID namespace have the opener's numbers")
{
	pid_t root = start_tree(fork_container, NULL), inner;
	struct record r;
	int i = 0;

	kill(root, SIGCONT);
	reap(root, NULL);
	inner = family->members[1].pid;
	while (next_record(&session, &r) == EXIT) {
		i++;
		if (r.pid == root || r.pid == inner)
			continue;
		expect(r.ppid == inner && r.pid > inner && r.pid < inner + 20 &&
		       r.status == 7 << 8, "%d of %d: %#x", r.pid, r.ppid,
		       r.status);
	}
	expect(i == 7 && r.kind == END, "%d records, then %d", i, r.kind);
}

/* --- reparenting --- */

static void fork_reparented(void *arg)
{
	/* The grandfather of the family adopts. The root itself ends first. */
	if (!kid()) {
		if (!kid()) {
			while (getppid() != *(pid_t *)arg)
				nap();
			if (!kid())
				_exit(0);
			wait_all();
		}
		_exit(0);
	}
	_exit(0);
}

TEST(tree_subreaper, "adopted members stay, and their parent is the one that forked them")
{
	pid_t self = getpid();

	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	start_tree(fork_reparented, &self);
	kill(family->members[0].pid, SIGCONT);
	wait_all();
	expect(family->count == 4, "%d", family->count);
	expect_family();
}

/* --- living descendants --- */

/*
 * The gate is closed while we have its other end. Waiting at it costs nothing.
 */
static int gate[2];

static void wait_at_gate(void)
{
	char c;

	must(!read(gate[0], &c, 1));
}

static void open_gate(void)
{
	close(gate[1]);
}

/* Each process forks the next one, up to arg, and waits for it at the end. */
static void chain(void *arg)
{
	intptr_t left = (intptr_t)arg;

	open_gate();	/* opens our end of it */
	while (left && !kid())
		left--;
	if (!left)
		family->ready = 1;
	wait_at_gate();
	wait_all();
	_exit(0);
}

TEST(tree_chain, "tree finds 50 living generations, and records what they fork later")
{
	pid_t root;

	family = share(sizeof(*family));
	session_open(&session);
	must(!pipe(gate));
	root = child(chain, (void *)50);
	note_member(root, getpid());
	wait_until(family->ready, 20000, "%d", family->count);
	must(put(session.fd, "tree %d", root) > 0);
	open_gate();
	reap(root, NULL);
	expect(family->count == 51, "%d", family->count);
	expect_family();
}

#define WIDE 200
#define LATER 5		/* forks of each, after the write */

/* Forks all the time. Notes only forks that certainly came after the write. */
static void fork_on(void)
{
	int after = 0;
	bool known;
	pid_t pid;

	__sync_fetch_and_add(&family->ready, 1);
	while (family->ready < WIDE)
		nap();
	while (after < LATER) {
		known = family->go;
		pid = fork();
		must(pid >= 0);
		if (!pid)
			_exit(known ? 21 : 20);
		if (known) {
			note_member(pid, getpid());
			after++;
		}
		waitpid(pid, NULL, 0);
		family->forked++;
	}
	_exit(0);
}

static void fork_wide(void *arg)
{
	int i;

	for (i = 0; i < WIDE; i++) {
		if (!kid())
			fork_on();
	}
	wait_all();
}

TEST(tree_wide, "none of 200 descendants that fork all the time is missed",
     .limit = 200, .slow = true)
{
	pid_t root;
	struct record r;
	struct member *m;
	int i, early = 0;

	family = share(sizeof(*family));
	session_open(&session);
	root = child(fork_wide, NULL);
	note_member(root, getpid());
	wait_until(family->forked > WIDE, 60000, "%d", family->forked);
	must(put(session.fd, "tree %d", root) > 0);
	family->go = true;
	while (next_reaping(&session, &r, root) == EXIT) {
		/*
		 * A process that was forked during the search may be found or
		 * not.
		 */
		if (r.status == 20 << 8 && ++early)
			continue;
		m = find(r.pid);
		expect(m && m->ppid == r.ppid, "%d of %d", r.pid, r.ppid);
		m->seen = true;
	}
	expect(r.kind == END && family->count == 1 + WIDE * (1 + LATER),
	       "kind %d, %llu; %d", r.kind, r.count, family->count);
	note("%d more were forked during the search", early);
	for (i = 0; i < family->count; i++)
		expect(family->members[i].seen, "no record of %d of %d",
		       family->members[i].pid, family->members[i].ppid);
}

/* --- forks that are faster than the module --- */

struct event_message {
	struct nlmsghdr nl;
	struct cn_msg cn;
	struct proc_event event;
} __attribute__((packed));

/* Return: a socket that reports each fork before the tracepoint does. */
static int connector_open(void)
{
	struct {
		struct nlmsghdr nl;
		struct cn_msg cn;
		enum proc_cn_mcast_op op;
	} __attribute__((packed)) listen = {
		.nl = { .nlmsg_len = sizeof(listen), .nlmsg_type = NLMSG_DONE },
		.cn = {
			.id = { .idx = CN_IDX_PROC, .val = CN_VAL_PROC },
			.len = sizeof(listen.op),
		},
		.op = PROC_CN_MCAST_LISTEN,
	};
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC,
	};
	struct timeval limit = { .tv_sec = limit_ns(20000) / SEC };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_CONNECTOR);

	if (fd < 0)
		skip("the kernel has no process connector");
	must(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	must(!bind(fd, (struct sockaddr *)&address, sizeof(address)));
	must(send(fd, &listen, sizeof(listen), 0) == sizeof(listen));
	return fd;
}

/* Return: the next child of this process. */
static pid_t connector_child(int fd, pid_t parent)
{
	struct event_message m;

	do {
		must(recv(fd, &m, sizeof(m), 0) > 0);
	} while (m.event.what != PROC_EVENT_FORK ||
		 m.event.event_data.fork.parent_tgid != parent ||
		 m.event.event_data.fork.child_pid !=
			 m.event.event_data.fork.child_tgid);
	return m.event.event_data.fork.child_tgid;
}

#define EARLY 20

static void fork_forkers(void *arg)
{
	for (int i = 0; i < EARLY; i++) {
		if (kid())
			continue;
		if (!kid())
			_exit(0);
		wait_all();
		_exit(0);
	}
	wait_all();
}

/* If the kernel preempts, we run as soon as the connector has told us. */
TEST(tree_early, "children registered by number during their fork are members")
{
	struct sched_param first = { .sched_priority = 50 };
	int fd = connector_open();
	pid_t root = start_tree(fork_forkers, NULL);

	must(!sched_setscheduler(0, SCHED_FIFO, &first));
	kill(root, SIGCONT);
	for (int i = 0; i < EARLY; i++)
		must(put(session.fd, "%d", connector_child(fd, root)) > 0);
	reap(root, NULL);
	expect_family();
	expect(family->count == 1 + 2 * EARLY, "%d", family->count);
}

TEST(tree_zombies, "tree finds living descendants that are zombies")
{
	struct session s;
	struct record r;
	pid_t a;
	siginfo_t info;

	/* It is a zombie of ours, and we are the root. */
	a = sleeper();
	kill(a, SIGKILL);
	must(!waitid(P_PID, a, &info, WEXITED | WNOWAIT));
	session_open(&s);
	must(put(s.fd, "tree %d", getpid()) > 0);
	reap(a, NULL);
	expect(next_record(&s, &r) == EXIT && r.pid == a && r.ppid == getpid() &&
	       r.status == SIGKILL, "%d of %d: %#x", r.pid, r.ppid, r.status);
}

/* --- the word itself --- */

/* Forks a child that ends, for each SIGCONT. Notes none of them. */
static void fork_when_told(void *arg)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(0);
		must(waitpid(pid, NULL, 0) == pid);
		kill(getpid(), SIGSTOP);
	}
}

static void tell(pid_t pid)
{
	int status;

	kill(pid, SIGCONT);
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
}

static void expect_child_of(pid_t root)
{
	struct record r;

	expect(next_record(&session, &r) == EXIT && r.ppid == root,
	       "%d of %d", r.pid, r.ppid);
}

TEST(tree_upgrade, "tree upgrades a plain registration, and PID downgrades none")
{
	pid_t root = stopped(fork_when_told, NULL);
	struct record r;

	session_open(&session);
	must(put(session.fd, "%d", root) > 0);
	tell(root);
	must(put(session.fd, "tree %d", root) > 0);
	tell(root);
	expect_child_of(root);
	must(put(session.fd, "%d +%d", root, root) > 0);
	tell(root);
	expect_child_of(root);
	must(put(session.fd, "tree %d -%d %d", root, root, root) > 0);
	tell(root);
	end(root);
	expect(next_record(&session, &r) == EXIT && r.pid == root,
	       "%d of %d after -PID and PID", r.pid, r.ppid);
	expect(next_record(&session, &r) == END, "%d of %d", r.pid, r.ppid);
}

static volatile pid_t *forker;	/* a child that takes signals as well */

static void fork_forker(void *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		kill(getpid(), SIGSTOP);
		fork_when_told(NULL);
	}
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	*forker = pid;
	fork_when_told(NULL);
}

TEST(tree_remove_root, "-PID of the root leaves the others members")
{
	struct record r;
	pid_t root;

	forker = share(sizeof(*forker));
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	session_open(&session);
	root = stopped(fork_forker, NULL);
	must(put(session.fd, "tree %d", root) > 0);
	tell(root);
	expect_child_of(root);
	must(put(session.fd, "-%d", root) > 0);
	tell(root);
	/* From here on, its child is ours to reap. */
	end(root);
	tell(*forker);
	expect_child_of(*forker);
	end(*forker);
	expect(next_record(&session, &r) == EXIT && r.pid == *forker,
	       "%d of %d", r.pid, r.ppid);
	expect(next_record(&session, &r) == END, "%d of %d", r.pid, r.ppid);
}

static volatile pid_t *tid;

static void *tell_tid(void *arg)
{
	*tid = syscall(SYS_gettid);
	sleep_forever();
	return NULL;
}

static void fork_beside_thread(void *arg)
{
	pthread_t t;

	must(!pthread_create(&t, NULL, tell_tid, NULL));
	while (!family->go)
		nap();
	if (!kid())
		_exit(0);
	wait_all();
	exit(0);
}

TEST(tree_thread_id, "the number of a thread means the tree of its process")
{
	pid_t root;

	tid = share(sizeof(*tid));
	family = share(sizeof(*family));
	session_open(&session);
	root = child(fork_beside_thread, NULL);
	note_member(root, getpid());
	wait_until(*tid, 5000, "no thread");
	must(put(session.fd, "tree %d", *tid) > 0);
	family->go = true;
	reap(root, NULL);
	expect_family();
}

TEST(tree_two_sessions, "two sessions with trees in each other each have their own records")
{
	pid_t root, inner;
	struct session outer;
	struct record r;
	int i;

	forker = share(sizeof(*forker));
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	session_open(&session);
	session_open(&outer);
	root = stopped(fork_forker, NULL);
	must(put(outer.fd, "tree %d", root) > 0);
	tell(root);
	inner = *forker;
	must(put(session.fd, "tree %d", inner) > 0);
	kill(inner, SIGCONT);
	expect_child_of(inner);
	wait_until(state_of(inner) == 'T', 5000, "%c", state_of(inner));
	end(root);
	end(inner);
	expect(next_record(&session, &r) == EXIT && r.pid == inner,
	       "%d of %d", r.pid, r.ppid);
	expect(next_record(&session, &r) == END, "%d of %d", r.pid, r.ppid);
	for (i = 0; next_record(&outer, &r) == EXIT; i++)
		expect(r.ppid == getpid() || r.ppid == root || r.ppid == inner,
		       "%d of %d", r.pid, r.ppid);
	expect(i == 4, "%d records", i);
}

TEST(tree_last_word, "children of an unregistered tree are not registered")
{
	pid_t root = stopped(fork_when_told, NULL);
	struct record r;

	session_open(&session);
	must(put(session.fd, "tree %d", root) > 0);
	tell(root);
	must(put(session.fd, "-%d", root) > 0);
	tell(root);
	expect_child_of(root);
	expect(next_record(&session, &r) == END, "%d of %d", r.pid, r.ppid);
}

/* --- in status --- */

TEST(tree_status, "tree in status lists children until they are final",
     .params = "interval_ms=1000")
{
	struct member *m;
	struct row r;
	pid_t root;
	int i;

	family = share(sizeof(*family));
	must(!pipe(gate));
	root = stopped(chain, (void *)20);
	registers("tree %d", root);
	kill(root, SIGCONT);
	wait_until(family->ready, 5000, "%d", family->count);
	for (i = 0; i < 20; i++) {
		m = &family->members[i];
		expect(stat_row(m->pid, &r) && r.ppid == m->ppid,
		       "%d of %d: %s", m->pid, m->ppid, slurp(STAT));
	}
	expect(stat_header().processes == 21, "%s", slurp(STAT));
	expect(!write_errno("-%d", root), "-PID of the root");
	expect(stat_header().processes == 20, "%s", slurp(STAT));
	open_gate();
	reap(root, NULL);
	wait_until(!stat_header().processes, 10000, "%s", slurp(STAT));
	expect(!stat_header().lost, "%s", slurp(STAT));
}

static void fork_ten(void *arg)
{
	int i;

	become(1000);
	kill(getpid(), SIGSTOP);
	for (i = 0; i < 10; i++) {
		if (!kid())
			sleep_forever();
	}
	family->ready = 1;
	sleep_forever();
}

static void register_tree(void *pid)
{
	registers("tree %d", *(pid_t *)pid);
}

TEST(tree_status_lost, "children beyond the quota are counted in stat's header",
     .params = "interval_ms=1000 max_per_user=5")
{
	pid_t root;
	int status;

	family = share(sizeof(*family));
	root = child(fork_ten, NULL);
	must(waitpid(root, &status, WUNTRACED) == root && WIFSTOPPED(status));
	in_user(1000, register_tree, &root);
	kill(root, SIGCONT);
	wait_until(family->ready, 5000, "%d", family->count);
	wait_until(stat_header().lost == 6, 5000, "%s", slurp(STAT));
	expect(stat_header().processes == 5, "%s", slurp(STAT));
}

/* --- races --- */

static void fork_for_ever(void *arg)
{
	int i;

	for (i = 0; i < 3; i++)
		fork();
	for (;;) {
		if (!fork())
			_exit(0);
		wait(NULL);
	}
}

TEST(tree_closing, "sessions end in the midst of their trees' forks, 300 times",
     .limit = 200)
{
	pid_t root = child(fork_for_ever, NULL);
	struct session s;
	struct record r;
	int i, exits = 0, rounds = scaled(300);

	for (i = 0; i < rounds; i++) {
		session_open(&s);
		must(put(s.fd, "interval 10 tree %d", root) > 0);
		if (i % 3 == 0)
			exits += next_record(&s, &r) == EXIT;
		if (i % 3 == 1)
			must(put(s.fd, "-%d", root) > 0);
		close(s.fd);
	}
	expect(exits == rounds / 3, "%d", exits);
}
