// SPDX-License-Identifier: MIT
/* get_process_runtime(): every argument, and its results. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "common.h"

static void expect_self(void *arg)
{
	struct start *start = *(struct start **)arg;
	int i;

	for (i = 0; i < 3; i++) {
		expect_runtime(0, start);
		expect_runtime(getpid(), start);
		burn(20 * MS);
	}
}

TEST(syscall_self, "get_process_runtime() of 0 and of one's own number is the caller")
{
	struct start **start;

	need_patches();
	start = share(sizeof(*start));
	expect_good_end(start_child(expect_self, start, start));
}

struct family {
	struct start *parent;
	pid_t pid;
};

static void expect_parent(void *arg)
{
	struct family *family = arg;

	expect(getppid() == family->pid, "parent %d", getppid());
	expect_runtime(getppid(), family->parent);
}

static void be_parent(void *arg)
{
	struct start **own = arg, *start;
	struct family family = { *own, getpid() };
	pid_t pid;

	burn(30 * MS);
	pid = start_child(expect_parent, &family, &start);
	expect_good_end(pid);
}

TEST(syscall_family, "get_process_runtime() agrees for a parent, a child and a grandchild")
{
	struct start **start, *other;
	pid_t parent, child;

	need_patches();
	start = share(sizeof(*start));
	parent = start_child(be_parent, start, start);
	child = start_sleeper(&other);
	expect_runtime(parent, *start);
	expect_runtime(child, other);
	expect_good_end(parent);
	expect_runtime(child, other);
	expect_runtime_ticks(child);
}

TEST(syscall_old, "get_process_runtime() answers for PID 1, the oldest process")
{
	need_patches();
	expect_runtime_ticks(1);
}

TEST(syscall_kernel_thread, "get_process_runtime() answers for threads of the kernel")
{
	need_patches();
	expect(proc_field(2, 7) == 0 && proc_field(2, 9) & 0x00200000,
	       "PID 2 is no thread of the kernel");
	expect_runtime_ticks(2);
	expect(runtime_of(2) >= runtime_of(1) - 20, "%ld ms, of PID 1 %ld",
	       runtime_of(2), runtime_of(1));
}

static void end_at_once(void *unused)
{
}

TEST(syscall_zombie, "get_process_runtime() of a zombie goes on, and is ESRCH once it is reaped")
{
	struct start *start;
	long before;
	pid_t pid;

	need_patches();
	pid = start_child(end_at_once, NULL, &start);
	wait_until(state_of(pid) == 'Z', 5000, "state %c", state_of(pid));
	expect_runtime(pid, start);
	before = runtime_of(pid);
	wait_until(runtime_of(pid) > before + 5, 5000, "it stays at %ld",
		   before);
	expect_runtime(pid, start);
	reap(pid, NULL);
	expect(runtime_of(pid) == -ESRCH, "%ld", runtime_of(pid));
}

TEST(syscall_just_exited, "get_process_runtime() is ESRCH at once after wait()")
{
	int i;

	need_patches();
	for (i = 0; i < scaled(1000); i++) {
		pid_t pid = child(end_at_once, NULL);

		expect(runtime_of(pid) >= 0, "alive or a zombie: %ld",
		       runtime_of(pid));
		reap(pid, NULL);
		expect(runtime_of(pid) == -ESRCH, "round %d: %ld", i,
		       runtime_of(pid));
	}
}

struct threads {
	struct start *start;
	pid_t id;
	int fds[2];
};

static void *be_thread(void *arg)
{
	struct threads *t = arg;

	t->id = (pid_t)syscall(SYS_gettid);
	/* The thread is younger than its process by the burnt time. */
	expect(t->id != getpid(), "%d is the leader", t->id);
	expect_runtime(t->id, t->start);
	expect_runtime(0, t->start);
	must(write(t->fds[1], &t->id, sizeof(t->id)) == sizeof(t->id));
	sleep_forever();
}

static void have_thread(void *arg)
{
	struct threads *t = arg;
	pthread_t thread;

	burn(50 * MS);
	must(!pthread_create(&thread, NULL, be_thread, t));
	/* The end of the leader is not the end of the process. */
	pthread_exit(NULL);
}

TEST(syscall_thread, "get_process_runtime() of a thread's number is its process, leader gone or not")
{
	struct threads *t;
	pid_t pid;

	need_patches();
	t = share(sizeof(*t));
	must(!pipe(t->fds));
	pid = start_child(have_thread, t, &t->start);
	must(read(t->fds[0], &t->id, sizeof(t->id)) == sizeof(t->id));
	expect_runtime(t->id, t->start);
	wait_until(state_of(pid) == 'Z', 5000, "state %c", state_of(pid));
	expect_runtime(t->id, t->start);
	expect_runtime(pid, t->start);
	end(pid);
	expect(runtime_of(t->id) == -ESRCH, "%ld", runtime_of(t->id));
}

/* A PID that is not in use, if no process starts in between. */
static pid_t unused_pid(void)
{
	pid_t pid = 32767;

	while (!kill(pid, 0) || errno != ESRCH)
		pid--;
	return pid;
}

TEST(syscall_nobody, "get_process_runtime() of the number of no process is ESRCH")
{
	static const pid_t numbers[] = { INT_MAX, INT_MAX - 1, 1 << 22, 1 << 30 };
	size_t i;

	need_patches();
	expect(runtime_of(unused_pid()) == -ESRCH, "%d: %ld", unused_pid(),
	       runtime_of(unused_pid()));
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		expect(runtime_of(numbers[i]) == -ESRCH, "%d: %ld", numbers[i],
		       runtime_of(numbers[i]));
}

TEST(syscall_negative, "get_process_runtime() of a negative number is EINVAL")
{
	static const pid_t numbers[] = { -1, -2, -32768, INT_MIN + 1, INT_MIN };
	size_t i;

	need_patches();
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		expect(runtime_of(numbers[i]) == -EINVAL, "%d: %ld", numbers[i],
		       runtime_of(numbers[i]));
	/* For kill(), this number is a process group that exists. */
	must(!setpgid(0, 0));
	expect(runtime_of(-getpid()) == -EINVAL, "%ld", runtime_of(-getpid()));
}

TEST(syscall_upper_half, "get_process_runtime() ignores the upper half of the register")
{
	const uint64_t garbage = 0xdeadbeef00000000;
	long ms;

	need_patches();
	ms = syscall(NR_GET_PROCESS_RUNTIME, (long)(garbage | 1));
	expect(ms >= runtime_of(1) - 5 && ms <= runtime_of(1), "%ld", ms);
	ms = syscall(NR_GET_PROCESS_RUNTIME, (long)UINT32_MAX);
	expect(ms == -1 && errno == EINVAL, "-1 without its sign: %ld", ms);
	ms = syscall(NR_GET_PROCESS_RUNTIME, (long)(garbage | INT_MAX));
	expect(ms == -1 && errno == ESRCH, "%ld", ms);
}

static void ask_about(void *pid)
{
	long ms = runtime_of(*(pid_t *)pid);

	expect(ms >= 0, "%s", strerror(-ms));
	expect(runtime_of(1) >= ms, "PID 1: %ld", runtime_of(1));
}

TEST(syscall_anybody, "get_process_runtime() answers any user about any process")
{
	pid_t pid = sleeper();

	need_patches();
	in_user(1000, ask_about, &pid);
}

TEST(syscall_neighbours, "the numbers beside the new system calls stay free")
{
	need_patches();
	expect(syscall(NR_HELLO - 1) == -1 && errno == ENOSYS, "%d",
	       NR_HELLO - 1);
	expect(syscall(NR_HELLO_QUIET + 1) == -1 && errno == ENOSYS, "%d",
	       NR_HELLO_QUIET + 1);
}
