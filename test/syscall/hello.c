// SPDX-License-Identifier: MIT
/* hello() and hello_quiet(), the module that calls them all, and the demo. */
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "common.h"
#include "../urt/common.h"

#define MODULE "/kernel_syscall.ko"

static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	must(fd >= 0 && lseek(fd, 0, SEEK_END) >= 0);
	return fd;
}

/* How many lines with that text came since the last call. */
static int logged(int fd, const char *text)
{
	char record[8192];
	int count = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		count += !!strstr(record, text);
	}
	must(n < 0 && errno == EAGAIN);
	return count;
}

TEST(syscall_hello,
     "hello() is 0, and leaves a line with the caller's number in the log",
     .limit = 120)
{
	char line[64];
	int fd;

	need_patches();
	fd = open_log();
	snprintf(line, sizeof(line), ";hello from process %d\n",
		 getpid());
	/* Other calls may have used up the present limit. */
	wait_until(!syscall(NR_HELLO) && logged(fd, line) == 1, 10000,
		   "no line in 10 s");
}

TEST(syscall_hello_limit, "a thousand calls of hello() leave ten lines and no warning in the log",
     .limit = 120)
{
	int fd, i, count = 0;

	need_patches();
	fd = open_log();
	/* Waits until a new interval begins. */
	wait_until(!syscall(NR_HELLO) && logged(fd, "hello from") == 1, 10000,
		   "no line in 10 s");
	for (i = 0; i < 1000; i++)
		expect(!syscall(NR_HELLO), "call %d", i);
	count = logged(fd, "hello from");
	expect(count > 0 && count < 10, "%d lines more", count);
	wait_until(!syscall(NR_HELLO) && logged(fd, "hello from") == 1, 10000,
		   "none in 10 s");
	expect(logged(fd, "suppressed") == 0, "a line about lines");
}

TEST(syscall_hello_quiet, "hello_quiet() is 0, and logs nothing")
{
	int fd, i;

	need_patches();
	fd = open_log();
	for (i = 0; i < 1000; i++)
		expect(!syscall(NR_HELLO_QUIET), "call %d", i);
	expect(logged(fd, "hello") == 0, "a line in the log");
}

static int load_module(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

TEST(syscall_module, "kernel_syscall.ko calls the functions in the kernel, leaves its table, and unloads",
     .limit = 600)
{
	int fd, err;

	need_patches();
	fd = open_log();
	err = load_module();
	expect(!err, "insmod: %s", strerror(err));
	expect(logged(fd, ";kernel_syscall: ") == 5, "%d lines",
	       logged(fd, ";kernel_syscall: "));
	must(!syscall(SYS_delete_module, "kernel_syscall", O_NONBLOCK));
	err = load_module();
	expect(!err, "again: %s", strerror(err));
	must(!syscall(SYS_delete_module, "kernel_syscall", O_NONBLOCK));
}

/* --- runtime_demo --- */

TEST(syscall_demo, "runtime_demo sleeps, then prints its number and its runtime")
{
	struct said said;
	long ms, pid;

	need_patches();
	said = shell("runtime_demo --seconds 1 & echo $!; wait $!");
	expect(!said.status &&
	       sscanf(strchr(said.out, '\n') + 1,
		      "process %ld has been running for %ld ms\n", &pid,
		      &ms) == 2, "%d: %s%s", said.status, said.out, said.err);
	expect(pid == atol(said.out), "%s", said.out);
	expect(ms >= 1000 && ms < 1000 + 500 * slowness(), "%s", said.out);
	said_free(&said);
	said = shell("runtime_demo --seconds 0 --pid 1");
	expect(!said.status && sscanf(said.out,
		      "process 1 has been running for %ld ms\n", &ms) == 1,
	       "%d: %s%s", said.status, said.out, said.err);
	expect(ms <= runtime_of(1) && ms > runtime_of(1) - 200L * slowness(),
	       "%s, now %ld", said.out, runtime_of(1));
	said_free(&said);
}

TEST(syscall_demo_default, "runtime_demo sleeps 20 seconds without an argument")
{
	struct said said;
	long ms;

	need_patches();
	said = shell("runtime_demo");
	expect(!said.status && sscanf(said.out,
		      "process %*d has been running for %ld ms\n", &ms) == 1,
	       "%d: %s%s", said.status, said.out, said.err);
	expect(ms >= 20000 && ms < 20000 + 500 * slowness(), "%s", said.out);
	said_free(&said);
}

TEST(syscall_demo_usage, "runtime_demo names what it cannot do, and exits with its status")
{
	static const struct ending endings[] = {
		{ "--seconds 0 --pid 32767", 1, "there is no process 32767" },
		{ "--seconds 0 --pid=-1", 1, "Invalid argument" },
		{ "--seconds 1x", 2, "'1x' is not a whole number" },
		{ "--seconds=-1", 2, "'-1' is not a whole number" },
		{ "--seconds ''", 2, "'' is not a whole number" },
		{ "--pid 2147483648", 2, "is not a process's number" },
		{ "--pid=", 2, "is not a process's number" },
		{ "7", 2, "one argument too many" },
		{ "--nonsense", 2, "nonsense" },
		{ NULL }
	};

	need_patches();
	expect_endings("runtime_demo", endings);
}

TEST(syscall_demo_unpatched, "runtime_demo says at once that the kernel has no such system call")
{
	uint64_t begin = now_ns();
	struct said said;

	if (syscall(NR_HELLO_QUIET) >= 0)
		skip("this kernel has it");
	expect(errno == ENOSYS, "%s", strerror(errno));
	said = shell("runtime_demo");
	expect(said.status == 3 && !*said.out &&
	       strstr(said.err, "this kernel has no system call 549"),
	       "%d: %s", said.status, said.err);
	expect(now_ns() - begin < 5 * SEC * slowness(), "after 5 s");
	said_free(&said);
}
