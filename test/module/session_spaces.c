// SPDX-License-Identifier: MIT
/* Sessions in namespaces and under restrict=1. */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib.h"

static void contained(void *fn)
{
	must(getpid() == 1);
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, NULL));
	((void (*)(void))fn)();
}

static void in_container(void (*fn)(void))
{
	must(!unshare(CLONE_NEWPID));
	in_child(contained, (void *)fn);
}

static pid_t hosts;
static struct session passed;

static void fork_inside(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(3);
	must(waitpid(pid, NULL, 0) == pid);
	_exit(4);
}

static void register_inside(void)
{
	struct session s;
	struct record r;
	pid_t root;
	int i;

	session_open(&s);
	expect(put(s.fd, "%d", hosts) == -ESRCH, "a number of the host's");
	expect(put(s.fd, "tree %d", hosts) == -ESRCH, "a tree of the host's");
	root = stopped(fork_inside, NULL);
	must(root == 2 && put(s.fd, "tree 2") > 0);
	kill(root, SIGCONT);
	reap(root, NULL);
	/*
	 * In either order, because on two CPUs both may become final at once.
	 */
	for (i = 0; i < 2; i++)
		expect(next_record(&s, &r) == EXIT &&
		       (r.pid == 2 || r.pid == 3) && r.ppid == r.pid - 1 &&
		       r.status == (r.pid == 3 ? 3 : 4) << 8, "%d of %d: %#x",
		       r.pid, r.ppid, r.status);
	expect(next_record(&s, &r) == END, "%d", r.pid);
}

TEST(sspace_pid, "a container's session has the container's numbers only")
{
	hosts = sleeper();
	in_container(register_inside);
}

static void register_init(void)
{
	const struct urt_map_process *p;
	const struct urt_map *map;
	int fd = open_session();

	must(put(fd, "1") > 0);
	map = map_session(fd, 1);
	p = (void *)((char *)map + map->snapshot_offset[map->sequence & 1] +
		     map->process_offset);
	expect(p->pid == 1 && p->ppid == 0, "%u of %u", p->pid, p->ppid);
}

TEST(sspace_init, "the parent of a container's first process is 0 in its map")
{
	in_container(register_init);
}

static void use_passed(void)
{
	expect(put(passed.fd, "1") > 0, "%s", strerror(errno));
	expect(put(passed.fd, "%d", hosts) > 0, "%s", strerror(errno));
	must(put(passed.fd, "-1 -%d", hosts) > 0);
}

TEST(sspace_opener, "numbers written to a passed session are its opener's")
{
	hosts = sleeper();
	session_open(&passed);
	in_container(use_passed);
}

static void end_as(void *uid)
{
	must(!setresuid((intptr_t)uid, (intptr_t)uid, (intptr_t)uid));
}

static void see_uids(void *arg)
{
	struct session s;
	struct record r;
	pid_t a, b;

	/* Before that, because afterwards it can stop only as its owner. */
	a = stopped(end_as, (void *)0);
	b = stopped(end_as, (void *)1000);
	must(!unshare(CLONE_NEWUSER));
	spit("/proc/self/uid_map", "7 0 1");
	session_open(&s);
	must(put(s.fd, "%d %d", a, b) > 0);
	kill(a, SIGCONT);
	reap(a, NULL);
	expect(next_record(&s, &r) == EXIT && r.uid == 7, "%u", r.uid);
	kill(b, SIGCONT);
	reap(b, NULL);
	expect(next_record(&s, &r) == EXIT && r.uid == 65534, "%u", r.uid);
}

TEST(sspace_user, "uids of records are those of the opener's user namespace")
{
	in_child(see_uids, NULL);
}

static unsigned int opened;

static void open_until_full(void *arg)
{
	while (open(SESSION, O_RDWR) >= 0)
		opened++;
	expect(errno == EDQUOT, "%s", strerror(errno));
}

static void open_in_space(void *arg)
{
	must(open_session() >= 0);
	must(!unshare(CLONE_NEWUSER));
	spit("/proc/self/setgroups", "deny");
	spit("/proc/self/uid_map", "0 1000 1");
	open_until_full(NULL);
	expect(opened == 2, "%u more in a user namespace", opened);
	in_child(open_until_full, NULL);
}

TEST(sspace_quota, "a user namespace adds nothing to its owner's max_sessions",
     .params = "max_sessions=3")
{
	in_user(1000, open_in_space, NULL);
}

struct started {
	pid_t pid;
	unsigned long long ticks;	/* outside; 5.10: also inside */
};

static void see_start(void *arg)
{
	const struct started *started = arg;
	unsigned long long ticks = started->ticks + 1000ULL * 100;
	pid_t pid = started->pid;
	struct session s;
	struct record r;

	session_open(&s);
	must(put(s.fd, "%d", pid) > 0);
	kill(pid, SIGKILL);
	/* Our parent reaps it. */
	expect(next_record(&s, &r) == EXIT, "no record");
	expect(r.start / (10 * MS) == ticks, "%llu ns, not %llu ticks", r.start,
	       ticks);
	expect(r.runtime < 60 * SEC, "%llu", r.runtime);
}

TEST(sspace_time, "START is shifted to the opener's time namespace")
{
	struct started started = { .pid = sleeper() };
	pid_t seer;
	int status;

	started.ticks = proc_field(started.pid, 22);
	must(!unshare(CLONE_NEWTIME));
	spit("/proc/self/timens_offsets", "boottime 1000 0");
	seer = child(see_start, &started);
	reap(started.pid, NULL);
	reap(seer, &status);
	expect(!status, "%#x", status);
}

/* --- restrict=1 --- */

struct others {
	pid_t mine, theirs, roots;
};

static void try_restricted(void *arg)
{
	struct others *o = arg;
	struct session s;
	struct record r;
	int n;

	session_open(&s);
	n = put(s.fd, "%d", o->theirs);
	expect(n == -EPERM, "theirs: %d", n);
	n = put(s.fd, "tree %d", o->roots);
	expect(n == -EPERM, "root's: %d", n);
	n = put(s.fd, "-%d", o->roots);
	expect(n == -EPERM || n == -ENOENT, "-PID: %d", n);
	must(put(s.fd, "tree %d", o->mine) > 0);
	kill(o->mine, SIGKILL);
	expect(next_record(&s, &r) == EXIT && r.pid == o->mine &&
	       r.status == SIGKILL, "%d: %#x", r.pid, r.status);
	expect(next_record(&s, &r) == END, "%d", r.pid);
}

static void try_as_user(void *arg)
{
	become(1000);
	try_restricted(arg);
}

static void expect_restricted(void)
{
	struct others o = { sleeper_as(1000), sleeper_as(1001), sleeper() };
	int status;
	pid_t pid;

	pid = child(try_as_user, &o);
	reap(o.mine, NULL);
	reap(pid, &status);
	expect(!status, "%#x", status);
}

TEST(sspace_restrict, "with restrict=1, a session takes only its opener's processes",
     .params = "restrict=1")
{
	expect_restricted();
}

TEST(sspace_hidepid, "a session on a procfs with hidepid has the rights of restrict=1")
{
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, "hidepid=2"));
	expect_restricted();
}

static void set_capabilities(unsigned int which)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 } };

	d[0].effective = d[0].permitted = which;
	must(!syscall(SYS_capset, &h, d));
}

/* Three children pass to another process, and one stays. */
static void fork_others(void *arg)
{
	int i;

	must(!prctl(PR_SET_KEEPCAPS, 1) && !setresuid(1000, 1000, 1000));
	set_capabilities(1 << CAP_SETUID);
	kill(getpid(), SIGSTOP);
	for (i = 0; i < 4; i++) {
		if (!fork()) {
			burn(20 * MS);
			if (i)
				must(!setresuid(1001, 1001, 1001));
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	exit(0);
}

static void see_own_only(void *arg)
{
	pid_t root = *(pid_t *)arg;
	unsigned long long lost = 0, ns = 0;
	struct session s;
	struct record r;
	int rows = 0;

	become(1000);
	session_open(&s);
	must(put(s.fd, "tree %d", root) > 0);
	must(write(STDIN_FILENO, "", 1) == 1);
	while (next_record(&s, &r) != END) {
		rows += r.kind == EXIT;
		expect(r.kind != EXIT || r.uid == 1000, "%d of %u", r.pid, r.uid);
		if (r.kind == LOST) {
			lost += r.count;
			ns += r.utime + r.stime;
		}
	}
	expect(rows == 2 && lost == 3, "%d rows, %llu lost", rows, lost);
	expect(ns >= 60 * MS, "%llu ns lost", ns);
}

TEST(sspace_restrict_lost, "with restrict=1, members that change their owner are lost",
     .params = "restrict=1")
{
	pid_t pid = child(fork_others, NULL), watcher;
	int fds[2], status;

	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	must(!pipe(fds));
	must(dup2(fds[1], STDIN_FILENO) == STDIN_FILENO);
	watcher = child(see_own_only, &pid);
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	kill(pid, SIGCONT);
	reap(pid, NULL);
	reap(watcher, &status);
	expect(!status, "%#x", status);
}
