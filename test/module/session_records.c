// SPDX-License-Identifier: MIT
/* The contents of a session's records. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib.h"

/* The record of a process that runs fn, in a session of its own. */
static struct record record_of(void (*fn)(void *), void *arg, int *status)
{
	pid_t pid = stopped(fn, arg);
	struct session s;
	struct record r;

	session_open(&s);
	must(put(s.fd, "%d", pid) > 0);
	kill(pid, SIGCONT);
	reap(pid, status);
	expect(next_record(&s, &r) == EXIT && r.pid == pid, "%d", r.pid);
	close(s.fd);
	return r;
}

/* --- times --- */

#define MANY 200

static void burn_and_exit(void *ms)
{
	burn((intptr_t)ms * MS);
}

struct differences {
	long long less, more;	/* us; the largest */
	int far;		/* more than 500 us */
};

static struct differences compare_times(void)
{
	struct differences d = { 0 };
	static uint64_t us[MANY];
	static pid_t pids[MANY];
	struct session s;
	struct record r;
	long long diff;
	int i, k;

	session_open(&s);
	for (i = 0; i < MANY; i++) {
		pids[i] = stopped(burn_and_exit, (void *)(intptr_t)(i % 8));
		must(put(s.fd, "%d", pids[i]) > 0);
		kill(pids[i], SIGCONT);
		us[i] = reap(pids[i], NULL);
	}
	for (i = 0; next_record(&s, &r) == EXIT; i++) {
		for (k = 0; k < MANY && pids[k] != r.pid; k++)
			;
		expect(k < MANY, "%d twice, or never registered", r.pid);
		pids[k] = 0;
		/* wait4 cuts both its times to whole microseconds. */
		diff = (long long)(r.utime + r.stime) / 1000 - (long long)us[k];
		diff = diff > 2 ? diff - 2 : diff > 0 ? 0 : diff;
		d.less = diff < d.less ? diff : d.less;
		d.more = diff > d.more ? diff : d.more;
		d.far += diff > 500;
	}
	expect(r.kind == END && i == MANY, "%d records", i);
	note("at most %lld us less and %lld us more than wait4", -d.less, d.more);
	return d;
}

TEST(record_times_one, "on one CPU, times of records equal wait4's total to 1 us")
{
	struct differences d;

	if (preempts())
		skip("who exits can be preempted by who waits");
	d = compare_times();
	expect(d.less >= -1 && d.more <= 1, "%lld to %lld us", d.less, d.more);
}

TEST(record_times_two, "on two CPUs, times of records are at least wait4's, and what the waiter can miss",
     .boot = "two")
{
	struct differences d = compare_times();

	/* See exit_exact_two. */
	expect(d.less >= -1 && d.far < MANY / 2, "%lld to %lld us, %d by "
	       "more than 500 us", d.less, d.more, d.far);
}

/* Burns mostly in the kernel. */
static void burn_system(uint64_t ns)
{
	uint64_t until = cpu_ns(getpid()) + ns;
	static char zeros[1 << 16];
	int fd = open("/dev/zero", O_RDONLY);

	must(fd >= 0);
	while (cpu_ns(getpid()) < until)
		must(read(fd, zeros, sizeof(zeros)) == sizeof(zeros));
	close(fd);
}

static void burn_both(void *half_ms)
{
	burn((intptr_t)half_ms * MS / 2);
	raise(SIGSTOP);
	burn_system(8 * MS);
}

/*
 * A process is looked at when the tick has seen it only in user mode. It keeps
 * the times that it was shown then, although later samples divide the total
 * otherwise. wait4() never goes back behind a value of /proc, and we never go
 * back behind a value of ours. Therefore the test asks both at the beginning.
 */
TEST(record_times_split, "user and system time are those of wait4, whoever has read before")
{
	struct rusage usage;
	struct session s;
	struct record r;
	char path[32];
	int status;
	pid_t pid;

	if (preempts())
		skip("who exits can be preempted by who waits");
	for (intptr_t half_ms = 6; half_ms < 18; half_ms++) {
		session_open(&s);
		pid = stopped(burn_both, (void *)half_ms);
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		must(put(s.fd, "%d interval 3600000", pid) > 0);
		free(slurp(path));
		kill(pid, SIGCONT);
		must(waitpid(pid, &status, WUNTRACED) == pid);
		free(slurp(path));
		kill(pid, SIGCONT);
		must(wait4(pid, &status, 0, &usage) == pid);
		expect(next_record(&s, &r) == EXIT, "no record");
		expect(r.utime / 1000 == (uint64_t)usage.ru_utime.tv_sec *
		       1000000 + usage.ru_utime.tv_usec &&
		       r.stime / 1000 == (uint64_t)usage.ru_stime.tv_sec *
		       1000000 + usage.ru_stime.tv_usec,
		       "%llu and %llu ns, %ld and %ld us", r.utime, r.stime,
		       (long)usage.ru_utime.tv_usec,
		       (long)usage.ru_stime.tv_usec);
		close(s.fd);
	}
}

static void two_threads(void *arg);

TEST(record_threads, "one record counts all threads")
{
	pid_t pid = stopped(two_threads, NULL);
	struct session s;
	struct record r;
	long long diff;
	uint64_t us;

	session_open(&s);
	must(put(s.fd, "tree %d", pid) > 0);
	kill(pid, SIGCONT);
	us = reap(pid, NULL);
	expect(us > 60000, "%" PRIu64 " us", us);
	expect(next_record(&s, &r) == EXIT && r.pid == pid, "%d", r.pid);
	diff = (long long)(r.utime + r.stime) / 1000 - (long long)us;
	expect(diff >= -3 && diff <= 2 + waiter_misses(),
	       "%llu + %llu ns, wait4: %" PRIu64 " us", r.utime, r.stime, us);
	expect(next_record(&s, &r) == END, "one more, of %d", r.pid);
}

/* --- facts --- */

static uint64_t *ended;		/* about when it ended */

static void note_end(void *arg)
{
	nap();
	*ended = now_ns();
}

TEST(record_facts, "PPID, UID, START and RUNTIME are what /proc and clocks say")
{
	uint64_t forked = now_ns(), reaped;
	unsigned long long ticks;
	struct session s;
	struct record r;
	pid_t pid;

	ended = share(sizeof(*ended));
	pid = stopped(note_end, NULL);
	ticks = proc_field(pid, 22);
	session_open(&s);
	must(put(s.fd, "%d", pid) > 0);
	kill(pid, SIGCONT);
	reap(pid, NULL);
	reaped = now_ns();
	expect(next_record(&s, &r) == EXIT && r.pid == pid, "%d", r.pid);
	expect(r.ppid == getpid() && r.uid == 0 && r.status == 0 &&
	       !strcmp(r.comm, "tests"), "%d %u %d %s", r.ppid, r.uid, r.status,
	       r.comm);
	expect(r.start / (10 * MS) == ticks && r.start >= forked &&
	       r.start < *ended, "%llu, /proc says %llu", r.start, ticks);
	/* The time to its exit, after which it was a zombie for a moment. */
	expect(r.start + r.runtime >= *ended && r.start + r.runtime <= reaped,
	       "%llu + %llu, ended after %" PRIu64 ", before %" PRIu64, r.start, r.runtime,
	       *ended, reaped);
}

TEST(record_zombie, "the time as a zombie is no run time")
{
	pid_t pid = sleeper();
	struct session s;
	struct record r;
	siginfo_t info;
	uint64_t dead;

	session_open(&s);
	must(put(s.fd, "interval 10 %d", pid) > 0);
	kill(pid, SIGKILL);
	must(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	dead = now_ns();
	expect(!line_waits(&s, 500), "a record of a zombie");
	reap(pid, NULL);
	expect(next_record(&s, &r) == EXIT && r.pid == pid, "%d", r.pid);
	expect(r.start + r.runtime <= dead, "%llu + %llu, dead at %" PRIu64, r.start,
	       r.runtime, dead);
}

static void be_another(void *arg)
{
	must(!setresuid(1000, 1001, 1002));
}

TEST(record_uid, "UID is the real one at the end")
{
	struct record r = record_of(be_another, NULL, NULL);

	expect(r.uid == 1000, "%u", r.uid);
}

static void exec_true(void *arg)
{
	execl("/bin/true", "true", NULL);
	_exit(99);
}

TEST(record_exec, "COMM is the name after exec")
{
	struct record r = record_of(exec_true, NULL, NULL);

	expect(!strcmp(r.comm, "true") && r.status == 0, "%s %d", r.comm,
	       r.status);
}

static void rename_self(void *name)
{
	must(!prctl(PR_SET_NAME, name));
}

TEST(record_comm, "blanks, control characters and backslashes of COMM are octal")
{
	static const char *const names[][2] = {
		{ "a b\t\\c\n\x7f\xc3\xa9#)",
		  "a\\040b\\011\\134c\\012\\177\xc3\xa9#)" },
		{ "\nexit 1 1 0 1 1", "\\012exit\\0401\\0401\\0400\\0401\\0401" },
		{ "               ", "\\040\\040\\040\\040\\040\\040\\040\\040"
		  "\\040\\040\\040\\040\\040\\040\\040" },
		{ "-", "-" },
	};
	struct record r;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		r = record_of(rename_self, (void *)names[i][0], NULL);
		expect(!strcmp(r.comm, names[i][1]), "%s instead of %s", r.comm,
		       names[i][1]);
	}
}

static void become_nameless(void *arg)
{
	must(!prctl(PR_SET_NAME, ""));
}

TEST(record_comm_empty, "a name without a character leaves the rest of the line")
{
	pid_t pid = stopped(become_nameless, NULL);
	int fd = open_session(), blanks = 0;
	char text[512], *p;
	ssize_t n;

	must(put(fd, "%d", pid) > 0);
	kill(pid, SIGCONT);
	reap(pid, NULL);
	n = read(fd, text, sizeof(text) - 1);
	must(n > 0);
	text[n] = '\0';
	for (p = text; *p; p++)
		blanks += *p == ' ';
	expect(blanks == 9 && !strcmp(text + n - 3, "0 \n"), "\"%s\"", text);
}

/* --- status --- */

static void exit_with(void *code)
{
	_exit((intptr_t)code);
}

static void die_of(void *nr)
{
	signal((intptr_t)nr, SIG_DFL);
	raise((intptr_t)nr);
}

/* Compares waitpid's status with the record's. */
static void expect_status(void (*fn)(void *), intptr_t arg, const char *what)
{
	struct record r;
	int status;

	r = record_of(fn, (void *)arg, &status);
	expect(r.status == status, "%s(%ld): %#x, waitpid says %#x", what,
	       (long)arg, r.status, status);
}

TEST(record_status, "STATUS is the code or signal of waitpid()")
{
	static const int codes[] = { 0, 1, 2, 7, 127, 128, 255, 256, 511, -1 };
	static const int signals[] = {
		SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGTERM, SIGUSR1, SIGABRT,
		SIGSEGV, SIGSYS, 34, 64,
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		expect_status(exit_with, codes[i], "exit");
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		expect_status(die_of, signals[i], "signal");
}

static void dump_core(void *arg)
{
	must(!setrlimit(RLIMIT_CORE, &(struct rlimit){ 1 << 20, 1 << 20 }));
	must(!chdir("/tmp"));
	abort();
}

TEST(record_core, "STATUS has the core flag where a core was written")
{
	char *pattern = slurp("/proc/sys/kernel/core_pattern");
	struct record r;
	int status;

	spit("/proc/sys/kernel/core_pattern", "/tmp/core.test");
	r = record_of(dump_core, NULL, &status);
	spit("/proc/sys/kernel/core_pattern", "%s", pattern);
	must(!unlink("/tmp/core.test") && WCOREDUMP(status));
	expect(r.status == status, "%#x, waitpid says %#x", r.status, status);
}

static void *exit_all(void *code)
{
	burn(40 * MS);
	exit((intptr_t)code);
}

static void *exit_alone(void *code)
{
	burn(40 * MS);
	syscall(SYS_exit, (int)(intptr_t)code);
	return NULL;
}

static void two_threads(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_alone, (void *)4);
	burn(40 * MS);
	pthread_join(t, NULL);
}

static void thread_ends_all(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_all, (void *)5);
	sleep_forever();
}

static void leader_ends_first(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_all, (void *)6);
	syscall(SYS_exit, 3);
}

static void each_ends_alone(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_alone, (void *)6);
	syscall(SYS_exit, 3);
}

static void *kill_all(void *arg)
{
	kill(getpid(), SIGTERM);
	sleep_forever();
}

static void killed_without_leader(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, kill_all, NULL);
	syscall(SYS_exit, 3);
}

TEST(record_status_threads, "STATUS is that of waitpid(), whichever thread ends the process")
{
	expect_status(two_threads, 0, "joined");
	expect_status(thread_ends_all, 0, "exit by a thread");
	expect_status(leader_ends_first, 0, "exit by a thread without leader");
	expect_status(each_ends_alone, 0, "each thread alone");
	expect_status(killed_without_leader, 0, "a signal without leader");
}

/* --- hidden --- */

struct hidden {
	pid_t mine, roots, both;
};

/* Watches two processes. Only the own one shows how it ended. */
static void watch(void *arg)
{
	struct hidden *h = arg;
	struct session s;
	struct record r;
	int i;

	session_open(&s);
	must(put(s.fd, "%d %d %d", h->mine, h->roots, h->both) > 0);
	must(write(STDIN_FILENO, "", 1) == 1);
	for (i = 0; i < 3; i++) {
		expect(next_record(&s, &r) == EXIT, "%d records", i);
		if (r.pid == h->mine)
			expect(r.status == SIGKILL && r.uid == 1000, "%d",
			       r.status);
		else
			expect(r.status == -1, "%d is visible: %#x", r.pid,
			       r.status);
	}
	expect(next_record(&s, &r) == END, "one more");
}

static void as_user(void *arg)
{
	become(1000);
	watch(arg);
}

static void two_users(void *arg)
{
	must(!setresuid(1000, 1001, 1001));
	kill(getpid(), SIGSTOP);
	sleep_forever();
}

TEST(record_hidden, "STATUS is \"-\" where /proc/PID/stat hides it")
{
	struct hidden h = { sleeper_as(1000), sleeper(), child(two_users, NULL) };
	int fds[2], status;
	pid_t watcher;

	must(waitpid(h.both, &status, WUNTRACED) == h.both);
	must(!pipe(fds));
	must(dup2(fds[1], STDIN_FILENO) == STDIN_FILENO);
	watcher = child(as_user, &h);
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	end(h.mine);
	end(h.roots);
	end(h.both);
	reap(watcher, &status);
	expect(!status, "status %#x", status);
}

static void set_capabilities(unsigned int which)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 } };

	d[0].effective = d[0].permitted = which;
	must(!syscall(SYS_capset, &h, d));
}

static void fork_another(void *arg)
{
	pid_t pid;

	/* For a while, a user who may change uids. */
	must(!prctl(PR_SET_KEEPCAPS, 1) && !setresuid(1000, 1000, 1000));
	set_capabilities(1 << CAP_SETUID);
	kill(getpid(), SIGSTOP);
	pid = fork();
	if (!pid) {
		must(!setresuid(1001, 1001, 1001));
		_exit(9);
	}
	waitpid(pid, NULL, 0);
	set_capabilities(0);
	exit(8);
}

/* The root's status, if /proc shows it to the user. */
static volatile int *shown;

static void read_shown(void *pid)
{
	*shown = proc_field(*(pid_t *)pid, 52);
}

static void watch_tree(void *pid)
{
	pid_t root = *(pid_t *)pid;
	struct session s;
	struct record r;
	int i;

	become(1000);
	session_open(&s);
	must(put(s.fd, "tree %d", root) > 0);
	must(write(STDIN_FILENO, "", 1) == 1);
	for (i = 0; i < 2; i++) {
		expect(next_record(&s, &r) == EXIT, "%d records", i);
		if (r.pid == root)
			expect(r.status == (*shown ? *shown : -1),
			       "%#x, /proc shows %#x", r.status, *shown);
		else
			expect(r.ppid == root && r.uid == 1001 &&
			       r.status == -1, "%d of %d: uid %u, %#x", r.pid,
			       r.ppid, r.uid, r.status);
	}
	expect(next_record(&s, &r) == END, "one more");
}

TEST(record_changed_uid, "a process that changes its uid stays a member, with its status hidden")
{
	pid_t pid = child(fork_another, NULL), watcher;
	int fds[2], status;
	siginfo_t info;

	shown = share(sizeof(*shown));
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	must(!pipe(fds));
	must(dup2(fds[1], STDIN_FILENO) == STDIN_FILENO);
	watcher = child(watch_tree, &pid);
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	kill(pid, SIGCONT);
	must(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	in_user(1000, read_shown, &pid);
	reap(pid, NULL);
	reap(watcher, &status);
	expect(!status, "status %#x", status);
}

/* Two of the opener's processes, and the ends that /proc shows. */
struct shown {
	pid_t pids[2];
	volatile int status[2];
};

static void watch_two(void *arg)
{
	struct shown *two = arg;
	struct session s;
	struct record r;
	int i, k;

	become(1000);
	session_open(&s);
	must(put(s.fd, "%d %d", two->pids[0], two->pids[1]) > 0);
	must(write(STDIN_FILENO, "", 1) == 1);
	for (i = 0; i < 2; i++) {
		expect(next_record(&s, &r) == EXIT, "%d records", i);
		k = r.pid == two->pids[1];
		expect(r.status == (two->status[k] ? two->status[k] : -1),
		       "process %d: %#x, /proc shows %#x", k, r.status,
		       two->status[k]);
	}
	expect(next_record(&s, &r) == END, "one more");
}

/* fn(0) is like the opener. fn(1) differs in one property. */
static struct shown *expect_shown(void (*fn)(void *))
{
	struct shown *two = share(sizeof(*two));
	int fds[2], status, i;
	siginfo_t info;
	pid_t watcher;

	shown = share(sizeof(*shown));
	for (i = 0; i < 2; i++) {
		two->pids[i] = child(fn, (void *)(intptr_t)i);
		must(waitpid(two->pids[i], &status, WUNTRACED) > 0 &&
		     WIFSTOPPED(status));
	}
	must(!pipe(fds));
	must(dup2(fds[1], STDIN_FILENO) == STDIN_FILENO);
	watcher = child(watch_two, two);
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	for (i = 0; i < 2; i++) {
		kill(two->pids[i], SIGCONT);
		must(!waitid(P_PID, two->pids[i], &info, WEXITED | WNOWAIT));
		in_user(1000, read_shown, &two->pids[i]);
		two->status[i] = *shown;
		reap(two->pids[i], NULL);
	}
	expect(two->status[0] == 9 << 8, "/proc shows %#x", two->status[0]);
	reap(watcher, &status);
	expect(!status, "status %#x", status);
	return two;
}

static void keep_capability(void *which)
{
	must(!setgroups(0, NULL) && !setresgid(1000, 1000, 1000));
	must(!prctl(PR_SET_KEEPCAPS, 1) && !setresuid(1000, 1000, 1000));
	set_capabilities(which ? 1 << CAP_NET_RAW : 0);
	must(!prctl(PR_SET_DUMPABLE, 1));
	kill(getpid(), SIGSTOP);
	_exit(9);
}

TEST(record_capable, "STATUS is \"-\" if the process has a capability that the opener lacks")
{
	struct shown *two = expect_shown(keep_capability);

	expect(!two->status[1], "/proc shows %#x", two->status[1]);
}

static void become_undumpable(void *whether)
{
	become(1000);
	must(!prctl(PR_SET_DUMPABLE, !whether));
	kill(getpid(), SIGSTOP);
	_exit(9);
}

/*
 * Some kernels show the end of a process that was not dumpable. Others do not.
 */
TEST(record_undumpable, "STATUS of a process that was not dumpable is what /proc shows")
{
	expect_shown(become_undumpable);
}
