// SPDX-License-Identifier: MIT
/* Which users may do what, and how much of it. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib.h"

static void expect_errno(int want, const char *sign, pid_t pid)
{
	int err = write_errno("%s%d", sign, pid);

	expect(err == want, "%s%d by uid %u: %s instead of %s", sign, pid,
	       geteuid(), strerror(err), strerror(want));
}

static void use_all(void *pid)
{
	pid_t other = *(pid_t *)pid;

	registers("%d %d", getpid(), other);
	expect(listed(getpid(), NULL) && listed(other, NULL), "%s",
	       slurp(STATUS));
	registers("-%d -%d", getpid(), other);
	expect(!listed(other, NULL), "%s", slurp(STATUS));
}

TEST(right_anybody, "without root, any user registers and sees any process")
{
	pid_t pid = sleeper();

	in_user(1000, use_all, &pid);
}

struct pids {
	pid_t mine, theirs, roots;
};

static void try_remove(void *arg)
{
	struct pids *p = arg;

	expect_errno(EPERM, "-", p->roots);
	expect_errno(EPERM, "-", p->theirs);
	expect(listed(p->roots, NULL) && listed(p->theirs, NULL), "%s",
	       slurp(STATUS));
	registers("-%d", p->mine);
}

TEST(right_remove, "-PID is EPERM for a user who neither registered nor owns the process")
{
	struct pids p = { sleeper_as(1000), sleeper_as(1001), sleeper() };

	registers("%d %d %d", p.mine, p.theirs, p.roots);
	in_user(1000, try_remove, &p);
	registers("-%d -%d", p.theirs, p.roots);
}

static void register_then_die(void *pid)
{
	registers("%d", *(pid_t *)pid);
}

TEST(right_remove_other, "an administrator unregisters what others registered")
{
	pid_t pid = sleeper_as(1001);

	in_user(1000, register_then_die, &pid);
	registers("-%d", pid);
}

static void try_restricted(void *arg)
{
	struct pids *p = arg;

	expect_errno(EPERM, "", p->theirs);
	expect_errno(EPERM, "+", p->roots);
	expect_errno(EPERM, "-", p->roots);
	registers("%d", p->mine);
	expect(listed(p->mine, NULL) && !listed(p->theirs, NULL) &&
	       !listed(p->roots, NULL), "%s", slurp(STATUS));
	expect(stat_header().processes == 1, "%s", slurp(STAT));
}

TEST(right_restrict, "with restrict=1, other users' processes are EPERM and not listed",
     .params = "restrict=1")
{
	struct pids p = { sleeper_as(1000), sleeper_as(1001), sleeper() };

	registers("%d %d", p.theirs, p.roots);
	in_user(1000, try_restricted, &p);
	expect(listed(p.mine, NULL) && listed(p.theirs, NULL) &&
	       listed(p.roots, NULL), "root sees %s", slurp(STATUS));
}

static void set_user_id(void *arg)
{
	must(!setresuid(1000, 1001, 1001));
	sleep_forever();
}

static void try_set_user_id(void *pid)
{
	expect_errno(EPERM, "", *(pid_t *)pid);
}

TEST(right_set_user_id, "with restrict=1, a process of two users belongs to neither",
     .params = "restrict=1")
{
	pid_t pid = child(set_user_id, NULL);
	char path[64], *text;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	wait_until(strstr(text = slurp(path), "Uid:\t1000\t1001"), 5000, "%s",
		   text);
	in_user(1000, try_set_user_id, &pid);
	in_user(1001, try_set_user_id, &pid);
}

TEST(right_hidepid, "a procfs with hidepid gives the rights of restrict=1")
{
	struct pids p = { sleeper_as(1000), sleeper_as(1001), sleeper() };

	registers("%d %d", p.theirs, p.roots);
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, "hidepid=2"));
	in_user(1000, try_restricted, &p);
	expect(listed(p.theirs, NULL), "root sees %s", slurp(STATUS));
}

#define HIDDEN "/tmp/hidden"

/* Two files of one user, open at the same time, read in both orders. */
static void read_both(void *arg)
{
	const struct pids *p = arg;
	int all = open_status(), own = open(HIDDEN "/urt/status", O_RDONLY);

	must(own >= 0);
	registers("%d", p->mine);
	expect(lines_of(slurp_fd(all)) == 2, "%s", slurp(STATUS));
	expect(lines_of(slurp_fd(own)) == 1, "%s", slurp(HIDDEN "/urt/status"));
	registers("%d", getpid());
	expect(lines_of(slurp_fd(own)) == 2, "%s", slurp(HIDDEN "/urt/status"));
	expect(lines_of(slurp_fd(all)) == 3, "%s", slurp(STATUS));
}

TEST(right_hidepid_beside, "hidepid changes nothing on a procfs without it that the same user has open",
     .params = "interval_ms=3600000")
{
	struct pids p = { sleeper_as(1000), sleeper_as(1001), sleeper() };

	registers("%d", p.theirs);
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mkdir(HIDDEN, 0755) || errno == EEXIST);
	must(!mount("proc", HIDDEN, "proc", 0, "hidepid=2"));
	in_user(1000, read_both, &p);
}

static void use_fd(void *arg)
{
	int fd = *(int *)arg;

	expect(put(fd, "%d", getppid()) > 0, "opened by root: %s",
	       strerror(errno));
	expect(strstr(slurp_fd(fd), ": "), "root's file shows nothing");
}

TEST(right_passed_fd, "a passed descriptor has its opener's rights, not fewer",
     .params = "restrict=1")
{
	int fd = open_status();

	in_user(1000, use_fd, &fd);
}

TEST(right_setuid_writer, "a passed descriptor has no more rights when root writes to it",
     .params = "restrict=1")
{
	int fd;

	/* Like a set-user-ID program whose standard output is our file. */
	must(!setresuid(1000, 1000, 0));
	fd = open_status();
	must(!setresuid(0, 0, 0));
	expect(put(fd, "%d", sleeper()) == -EPERM, "root's rights were used");
}

struct quota {
	pid_t pids[12];
};

static void exceed_quota(void *arg)
{
	struct quota *q = arg;
	char line[99];
	int fd = open_status(), n, i;

	for (i = 0; i < 10; i++)
		must(put(fd, "%d", q->pids[i]) > 0);
	expect_errno(EDQUOT, "", q->pids[10]);
	expect_errno(0, "", q->pids[0]);
	registers("-%d", q->pids[0]);
	snprintf(line, sizeof(line), "%d ", q->pids[10]);
	n = put(fd, "%s%d", line, q->pids[11]);
	expect(n == (int)strlen(line), "one more fits: %d", n);
}

static void fill_quota(struct quota *q)
{
	for (int i = 0; i < 12; i++)
		q->pids[i] = sleeper();
}

TEST(right_quota, "a user's registration beyond max_per_user is EDQUOT",
     .params = "max_per_user=10 interval_ms=200")
{
	struct quota q;

	fill_quota(&q);
	in_user(1000, exceed_quota, &q);
	/* Other users have quotas of their own, and root has no such limit. */
	registers("-%d", q.pids[1]);
	registers("%d %d %d", q.pids[0], q.pids[1], q.pids[11]);
	expect(stat_header().processes == 12, "%s", slurp(STAT));
}

static void fill_again(void *arg)
{
	struct quota *q = arg;

	expect_errno(0, "", q->pids[10]);
}

static void fill_ten(void *arg)
{
	struct quota *q = arg;

	for (int i = 0; i < 10; i++)
		registers("%d", q->pids[i]);
	expect_errno(EDQUOT, "", q->pids[10]);
}

TEST(right_quota_exit, "a process that has exited and left the list does not count",
     .params = "max_per_user=10 interval_ms=200")
{
	struct quota q;

	fill_quota(&q);
	in_user(1000, fill_ten, &q);
	end(q.pids[3]);
	wait_until(!listed(q.pids[3], NULL), 5000, "%s", slurp(STATUS));
	in_user(1000, fill_again, &q);
}

TEST(right_full, "a registration beyond max_processes is ENOSPC, also for root",
     .params = "max_processes=10")
{
	struct quota q;
	int i;

	fill_quota(&q);
	for (i = 0; i < 10; i++)
		registers("%d", q.pids[i]);
	expect_errno(ENOSPC, "", q.pids[10]);
	expect_errno(0, "", q.pids[0]);
	registers("-%d %d", q.pids[0], q.pids[10]);
}

static void map_root(int outer)
{
	spit("/proc/self/setgroups", "deny");
	spit("/proc/self/uid_map", "0 %d 1", outer);
	spit("/proc/self/gid_map", "0 %d 1", outer);
}

static void fill_in_userns(void *arg)
{
	struct quota *q = arg;
	int i;

	for (i = 0; i < 5; i++)
		registers("%d", q->pids[i]);
	must(!unshare(CLONE_NEWUSER));
	map_root(1000);
	must(geteuid() == 0);
	must(!unshare(CLONE_NEWUSER));
	map_root(0);
	for (i = 5; i < 10; i++)
		registers("%d", q->pids[i]);
	expect_errno(EDQUOT, "", q->pids[10]);
	/*
	 * Both have one user, so that each may remove the other's
	 * registrations.
	 */
	registers("-%d", q->pids[0]);
}

TEST(right_userns, "a user namespace adds nothing to its owner's quota",
     .params = "max_per_user=10 interval_ms=200")
{
	struct quota q;

	fill_quota(&q);
	in_user(1000, fill_in_userns, &q);
}

/* A user to whom root gave 100,000 to 100,009, as newuidmap(1) does. */
struct mapped {
	struct quota *q;
	volatile pid_t pid;
	volatile bool done;
};

struct one {
	uid_t uid;
	int want;
	pid_t pid;
};

static void register_as(void *arg)
{
	struct one *one = arg;

	must(!setresuid(one->uid, one->uid, one->uid));
	expect_errno(one->want, "", one->pid);
}

static void fill_as_subordinates(void *arg)
{
	struct mapped *m = arg;

	become(1000);
	must(!unshare(CLONE_NEWUSER));
	m->pid = getpid();
	wait_until(m->done, 5000, "not mapped");
	for (uid_t uid = 0; uid <= 10; uid++)
		in_child(register_as, &(struct one){
			uid, uid < 10 ? 0 : EDQUOT, m->q->pids[uid] });
}

static void map_subordinates(void *arg)
{
	struct mapped *m = arg;
	char path[32];

	wait_until(m->pid, 5000, "no user namespace");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", m->pid);
	spit(path, "0 1000 1\n1 100000 10\n");
	m->done = true;
}

TEST(right_subordinate, "subordinate ids add nothing to their owner's quota",
     .params = "max_per_user=10 interval_ms=200")
{
	struct mapped *m = share(sizeof(*m));
	struct quota q;

	fill_quota(&q);
	m->q = &q;
	child(map_subordinates, m);
	in_child(fill_as_subordinates, m);
}

/* A container: its uids 0 to 9 are 100,000 to 100,009 outside. */
static void become_contained(void *arg)
{
	struct mapped *m = arg;

	must(!unshare(CLONE_NEWUSER));
	m->pid = getpid();
	wait_until(m->done, 5000, "not mapped");
	must(!setresgid(5, 5, 5) && !setresuid(5, 5, 5));
}

static void map_container(void *arg)
{
	struct mapped *m = arg;
	char path[32];

	wait_until(m->pid, 5000, "no user namespace");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", m->pid);
	spit(path, "0 100000 10\n");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", m->pid);
	spit(path, "0 100000 10\n");
	m->done = true;
}

static void fork_child(void *pid)
{
	pid_t forked = sleeper();

	*(volatile pid_t *)pid = forked;
	sleep_forever();
}

static void try_contained(void *arg)
{
	struct mapped *m = arg;

	become_contained(m);
	for (int i = 0; i < 3; i++)
		expect_errno(EPERM, "-", m->q->pids[i]);
	/* A user may remove what this user has registered. */
	expect_errno(0, "", m->q->pids[3]);
	expect_errno(0, "-", m->q->pids[3]);
}

TEST(right_container, "a container's user cannot unregister what its maker registered",
     .params = "interval_ms=3600000")
{
	struct mapped *m = share(sizeof(*m));
	volatile pid_t *forked = share(sizeof(*forked));
	struct quota q;

	q.pids[0] = sleeper();
	q.pids[1] = stopped(fork_child, (void *)forked);
	q.pids[3] = sleeper();
	registers("%d tree %d", q.pids[0], q.pids[1]);
	kill(q.pids[1], SIGCONT);
	wait_until(*forked, 10000, "it does not fork");
	q.pids[2] = *forked;
	expect(stat_header().processes == 3, "%s", slurp(STAT));
	m->q = &q;
	child(map_container, m);
	in_child(try_contained, m);
	expect(stat_header().processes == 3, "%s", slurp(STAT));
}

static void remove_as(void *arg)
{
	struct one *one = arg;

	must(!setresuid(one->uid, one->uid, one->uid));
	expect_errno(one->want, "-", one->pid);
}

static void try_subordinate(void *arg)
{
	struct mapped *m = arg;

	become(1000);
	registers("%d", m->q->pids[0]);
	must(!unshare(CLONE_NEWUSER));
	m->pid = getpid();
	wait_until(m->done, 5000, "not mapped");
	in_child(register_as, &(struct one){ 5, 0, m->q->pids[1] });
	in_child(remove_as, &(struct one){ 6, EPERM, m->q->pids[0] });
	in_child(remove_as, &(struct one){ 6, EPERM, m->q->pids[1] });
	in_child(remove_as, &(struct one){ 5, 0, m->q->pids[1] });
	/* The uid is the same inside and outside. */
	in_child(remove_as, &(struct one){ 0, 0, m->q->pids[0] });
}

TEST(right_subordinate_remove, "a subordinate id cannot unregister what its owner or another id registered")
{
	struct mapped *m = share(sizeof(*m));
	struct quota q;

	fill_quota(&q);
	m->q = &q;
	child(map_subordinates, m);
	in_child(try_subordinate, m);
}

TEST(right_mode, "status_mode decides who may open status",
     .params = "status_mode=0640")
{
	struct stat st;

	must(!stat(STATUS, &st));
	expect((st.st_mode & 07777) == 0640, "%o", st.st_mode);
	expect(!strcmp(slurp("/sys/module/usertime/parameters/status_mode"),
		       "0640\n"), "%s",
	       slurp("/sys/module/usertime/parameters/status_mode"));
}

#define HALF_READ 2000

static void keep_snapshots(void *arg)
{
	int fd, i, n = 0, err = 0;
	char c;

	for (i = 0; i < HALF_READ; i++) {
		/*
		 * Every change makes a new text, and every file keeps its own
		 * text.
		 */
		registers("%d", getpid());
		fd = open(STATUS, O_RDONLY);
		must(fd >= 0);
		if (read(fd, &c, 1) < 0) {
			err = errno;
			break;
		}
		n++;
		registers("-%d", getpid());
	}
	note("%d half-read snapshots, then: %s", n, strerror(err));
	expect(err == EDQUOT, "%d snapshots: %s", n, strerror(err));
	/* Reading on in the text of a file that is open still works. */
	close(fd);
	expect(read(fd - 1, &c, 1) == 1, "%s", strerror(errno));
	/* A file that is closed gives its snapshot back. */
	close(fd - 1);
	fd = open(STATUS, O_RDONLY);
	expect(read(fd, &c, 1) == 1, "after a close: %s", strerror(errno));
}

TEST(right_snapshots, "a user can keep a limited number of half-read snapshots",
     .params = "max_per_user=4000 interval_ms=3600000")
{
	int fd = open_status(), i;

	must(!setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 }));
	for (i = 0; i < 2000; i++)
		must(put(fd, "%d", sleeper()) > 0);
	in_user(1000, keep_snapshots, NULL);
	expect(*slurp(STATUS), "others can read");
}
