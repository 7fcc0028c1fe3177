// SPDX-License-Identifier: MIT
/*
 * The processes of the fuzzer. Each one follows orders from a pipe, and sleeps
 * in between. Therefore only orders change it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "fuzz.h"

#define SLOTS (LIVING_MAX + 2)
#define OURS 64			/* descriptors from here on are channels */

struct order {
	char what;
	int slot;
	pid_t number;
	unsigned int uid;
	bool mixed;
	int code;
	char comm[16];
};

struct answer {
	long value;
	int status;
};

const unsigned int fuzz_uids[USERS] = { 0, 1000, 1001 };
struct proc *driver, *living[64];
int living_count, witness;

static struct { int in, out; } channels[SLOTS], answers;
static bool taken[SLOTS];

/* --- in a process --- */

struct thread {
	pthread_t thread;
	int in, out;
	volatile pid_t tid;
};

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	char c;

	t->tid = gettid();
	must(write(t->out, "", 1) == 1);
	must(read(t->in, &c, 1) == 1);
	return NULL;
}

static struct thread threads[THREADS];
static int thread_count;

static pid_t begin_thread(void)
{
	struct thread *t = &threads[thread_count++];
	int to[2], from[2];
	char c;

	must(!pipe(to) && !pipe(from));
	t->in = to[0];
	t->out = from[1];
	must(!pthread_create(&t->thread, NULL, thread_main, t));
	must(read(from[0], &c, 1) == 1);
	/* From now on, orders are written to it. */
	t->out = to[1];
	return t->tid;
}

static pid_t end_thread(void)
{
	struct thread *t = &threads[--thread_count];

	must(write(t->out, "", 1) == 1);
	pthread_join(t->thread, NULL);
	return t->tid;
}

static void take_uids(unsigned int uid, bool mixed)
{
	if (!uid && !mixed)
		return;
	must(!setresgid(uid, uid, uid));
	must(!setresuid(uid, uid, mixed ? 0 : uid));
	must(!prctl(PR_SET_DUMPABLE, 1));
}

static void answer(long value, int status)
{
	struct answer a = { value, status };

	must(write(answers.out, &a, sizeof(a)) == sizeof(a));
}

/*
 * Of the kernel's struct clone_args, because its header conflicts with sched.h.
 */
enum { EXIT_SIGNAL = 4, SET_TID = 8, SET_TID_SIZE = 9, CLONE_ARGS = 11 };

/* Forks a child with that number, if the number is free. */
static pid_t fork_numbered(pid_t number)
{
	uint64_t how[CLONE_ARGS] = {
		[EXIT_SIGNAL] = SIGCHLD,
		[SET_TID] = (uintptr_t)&number,
		[SET_TID_SIZE] = 1,
	};
	pid_t pid = number ? syscall(SYS_clone3, how, sizeof(how)) : -1;

	if (pid < 0)
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	return pid;
}

static void obey(const struct order *o);

static void process_main(int slot, unsigned int uid, bool mixed)
{
	struct order o;

	for (int fd = 3; fd < OURS; fd++)
		close(fd);
	thread_count = 0;
	take_uids(uid, mixed);
	answer(getpid(), 0);
	for (;;) {
		must(read(channels[slot].in, &o, sizeof(o)) == sizeof(o));
		obey(&o);
	}
}

static void fork_process(const struct order *o)
{
	pid_t pid = fork_numbered(o->number);

	if (!pid)
		process_main(o->slot, o->uid, o->mixed);
	must(pid > 0);
}

static void obey(const struct order *o)
{
	struct rusage ru;
	int status = 0;

	switch (o->what) {
	case 'f':
		fork_process(o);
		return;		/* the child answers */
	case 't':
		answer(begin_thread(), 0);
		return;
	case 'x':
		answer(end_thread(), 0);
		return;
	case 'l':
		syscall(SYS_exit, 0);
		break;
	case 'e':
		_exit(o->code);
	case 'n':
		prctl(PR_SET_NAME, o->comm);
		break;
	case 'b':
		burn(o->code * 1000ULL);
		break;
	case 'w':
		must(wait4(o->number, &status, 0, &ru) == o->number);
		break;
	}
	answer(0, status);
}

/* --- orders --- */

/* Descriptors above those that a process closes. */
static void open_channel(int *in, int *out)
{
	int fds[2];

	must(!pipe(fds));
	*in = fcntl(fds[0], F_DUPFD, OURS);
	*out = fcntl(fds[1], F_DUPFD, OURS);
	must(*in >= OURS && *out >= OURS);
	close(fds[0]);
	close(fds[1]);
}

void world_begin(void)
{
	open_channel(&answers.in, &answers.out);
	for (int i = 0; i < SLOTS; i++)
		open_channel(&channels[i].in, &channels[i].out);
	driver = calloc(1, sizeof(*driver));
	driver->pid = getpid();
	driver->slot = -1;
	prctl(PR_GET_NAME, driver->comm);
	living[living_count++] = driver;
	witness = open(SESSION, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(witness >= 0);
}

static struct answer wait_answer(void)
{
	struct pollfd p = { .fd = answers.in, .events = POLLIN };
	struct answer a;

	expect(poll(&p, 1, 20000) == 1, "a process of the fuzzer does nothing");
	must(read(answers.in, &a, sizeof(a)) == sizeof(a));
	return a;
}

static void tell(const struct proc *p, const struct order *o)
{
	must(write(channels[p->slot].out, o, sizeof(*o)) == sizeof(*o));
}

static bool asleep(const struct proc *p)
{
	for (int i = 0; i < p->threads; i++) {
		if (state_of(p->tids[i]) != 'S')
			return false;
	}
	return p->leader_gone || state_of(p->pid) == 'S';
}

static void wait_asleep(const struct proc *p)
{
	if (p != driver)
		wait_until(asleep(p), 10000, "%d is %c", p->pid,
			   state_of(p->pid));
}

static struct answer order(struct proc *p, struct order o)
{
	struct answer a;

	tell(p, &o);
	a = wait_answer();
	wait_asleep(p);
	return a;
}

bool world_obeys(const struct proc *p)
{
	return p != driver && p->life == LIVING && !p->stopped &&
	       !p->leader_gone;
}

static int free_slot(void)
{
	int slot = 0;

	while (taken[slot])
		slot++;
	taken[slot] = true;
	return slot;
}

struct proc *world_spawn(struct proc *parent, pid_t number, unsigned int uid,
			 bool mixed)
{
	struct proc *p = calloc(1, sizeof(*p));
	struct order o = {
		.what = 'f',
		.slot = free_slot(),
		.number = number,
		.uid = uid,
		.mixed = mixed,
	};

	must(p);
	p->slot = o.slot;
	p->uid = uid;
	p->mixed = mixed;
	p->parent = parent;
	memcpy(p->comm, parent->comm, sizeof(p->comm));
	if (parent == driver)
		fork_process(&o);
	else
		tell(parent, &o);
	p->pid = wait_answer().value;
	wait_asleep(p);
	wait_asleep(parent);
	living[living_count++] = p;
	return p;
}

void world_thread(struct proc *p)
{
	pid_t tid = order(p, (struct order){ .what = 't' }).value;

	p->tids[p->threads++] = tid;
	wait_asleep(p);
}

void world_end_thread(struct proc *p)
{
	pid_t tid = p->tids[--p->threads];

	must(order(p, (struct order){ .what = 'x' }).value == tid);
	wait_until(syscall(SYS_tgkill, p->pid, tid, 0) < 0, 10000,
		   "thread %d does not end", tid);
}

void world_end_leader(struct proc *p)
{
	tell(p, &(struct order){ .what = 'l' });
	p->leader_gone = true;
	wait_until(state_of(p->pid) == 'Z', 10000, "it is %c",
		   state_of(p->pid));
}

void world_rename(struct proc *p, const char *comm)
{
	struct order o = { .what = 'n' };

	snprintf(o.comm, sizeof(o.comm), "%s", comm);
	memcpy(p->comm, o.comm, sizeof(p->comm));
	order(p, o);
}

void world_burn(struct proc *p)
{
	order(p, (struct order){ .what = 'b', .code = 20 + fuzz_rnd(200) });
}

void world_stop(struct proc *p)
{
	kill(p->pid, SIGSTOP);
	p->stopped = true;
	wait_until(state_of(p->pid) == 'T', 10000, "it does not stop");
}

void world_continue(struct proc *p)
{
	kill(p->pid, SIGCONT);
	p->stopped = false;
	wait_asleep(p);
}

/* --- ends --- */

void fuzz_become(enum user user)
{
	if (user == ROOT)
		must(!seteuid(0) && !setegid(0));
	else
		must(!setegid(fuzz_uids[user]) && !seteuid(fuzz_uids[user]));
}

/* The rule is that of the status; see namespaces(7), ptrace(2). */
static bool may_look_at(pid_t pid)
{
	char path[32], name[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return readlink(path, name, sizeof(name)) > 0;
}

/*
 * The last field is the status, or 0 if it is hidden. On older kernels (5.10)
 * it is the status of the leader, which may have exited before. Not even root
 * sees another thread's.
 */
static void ask_who_may_know(struct proc *p)
{
	bool leaders = proc_field(p->pid, 52) != (unsigned int)p->status;

	for (enum user u = ROOT; u < USERS; u++) {
		fuzz_become(u);
		p->told[u] = leaders ? may_look_at(p->pid) :
			     proc_field(p->pid, 52) == (unsigned int)p->status;
		fuzz_become(ROOT);
	}
}

void world_end(struct proc *p, bool by_signal, unsigned int code)
{
	if (by_signal) {
		kill(p->pid, SIGKILL);
		p->status = SIGKILL;
	} else {
		tell(p, &(struct order){ .what = 'e', .code = code });
		p->status = code << 8;
	}
	wait_until(state_of(p->pid) == 'Z' && proc_field(p->pid, 20) == 1,
		   10000, "%d does not end", p->pid);
	p->life = ZOMBIE;
	p->threads = 0;
	p->stopped = false;
	ask_who_may_know(p);
	for (int i = 0; i < living_count; i++) {
		if (living[i]->parent == p)
			living[i]->parent = driver;
	}
}

bool world_can_reap(const struct proc *p)
{
	return p->life == ZOMBIE && p->witnessed &&
	       (p->parent == driver || world_obeys(p->parent));
}

static void forget(struct proc *p)
{
	int i = 0;

	while (living[i] != p)
		i++;
	memmove(living + i, living + i + 1,
		(--living_count - i) * sizeof(*living));
	taken[p->slot] = false;
}

/* The record of the witness says that the process is final. */
static void read_witness(const struct proc *p)
{
	struct session s = { .fd = witness };
	struct record r;

	if (next_record(&s, &r) != EXIT || r.pid != p->pid ||
	    r.status != p->status || r.utime + r.stime != p->total)
		mismatch("the witness's record: %d %d, %#x, %llu; not %d, %#x, %llu",
			 r.kind, r.pid, r.status, r.utime + r.stime, p->pid,
			 p->status, (unsigned long long)p->total);
	if (s.at != s.len)
		mismatch("the witness has another record: %s", s.text + s.at);
}

void world_reap(struct proc *p)
{
	int status;

	p->total = cpu_ns(p->pid);
	if (p->parent == driver)
		reap(p->pid, &status);
	else
		status = order(p->parent, (struct order){
			.what = 'w', .number = p->pid }).status;
	expect(status == p->status, "%#x instead of %#x", status, p->status);
	read_witness(p);
	p->life = RELEASED;
	forget(p);
}
