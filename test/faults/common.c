// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "common.h"

#define DEBUGFS "/sys/kernel/debug/"

static const char *const kinds[] = {
	"failslab", "fail_page_alloc", "fail_usercopy",
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void set(const char *kind, const char *name, const char *value)
{
	char path[99];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, name);
	spit(path, "%s", value);
}

static void set_all(const char *name, const char *value)
{
	for (size_t i = 0; i < KINDS; i++)
		set(kinds[i], name, value);
}

static pid_t needed_by;

/* Called at the end of the test, however it ends. */
static void all_off(void)
{
	if (getpid() == needed_by)
		faults_every(0);
}

void faults_need(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (access("/proc/self/fail-nth", F_OK))
		skip("this kernel has no fault injection");
	if (access(DEBUGFS "failslab", F_OK))
		must(!mount("debugfs", DEBUGFS, "debugfs", 0, NULL));
	for (size_t i = 0; i < KINDS; i++) {
		char path[99];

		snprintf(path, sizeof(path), DEBUGFS "%s/require-start",
			 kinds[i]);
		if (access(path, F_OK))
			skip("this kernel injects faults without a filter");
	}
	/* Our faults must not fill the log. */
	set_all("verbose", "0");
	set("failslab", "ignore-gfp-wait", "N");
	set("failslab", "cache-filter", "N");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
	faults_every(0);
	faults_anywhere();
	needed_by = getpid();
	atexit(all_off);
	/* For fault_arm(), also when we are another user. */
	must(!setrlimit(RLIMIT_MEMLOCK, &all));
}

/* Each process has its own file. */
static int nth_file(void)
{
	static int fd = -1;
	static pid_t owner;

	if (owner != getpid()) {
		close(fd);
		fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
		must(fd >= 0);
		owner = getpid();
	}
	return fd;
}

void fault_arm(unsigned int n)
{
	int fd = nth_file(), len;
	char text[16];

	len = snprintf(text, sizeof(text), "%u", n);
	/*
	 * No page fault of ours may take the fault. This also breaks
	 * copy-on-write.
	 */
	must(!mlockall(MCL_CURRENT));
	must(write(fd, text, len) == len);
}

bool fault_fired(void)
{
	int fd = nth_file();
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
		/* The fault was left over, and has hit this call. */
		must(errno == EFAULT);
		return false;
	}
	if (!strcmp(text, "0\n"))
		return true;
	while (write(fd, "0", 1) != 1)
		must(errno == EFAULT);
	return false;
}

void faults_count(const char *name, unsigned int injected, unsigned int failed)
{
	note("faults injected: %u (%s; %u made it fail)", injected, name,
	     failed);
}

static bool documented(const struct operation *op, int err)
{
	for (size_t i = 0; i < sizeof(op->errors) / sizeof(*op->errors); i++) {
		if (op->errors[i] == err)
			return true;
	}
	return !err;
}

void faults_walk(const struct operation *op)
{
	unsigned int n, failed = 0;
	bool fired = true;
	int err;

	for (n = 1; fired; n++) {
		if (op->before)
			op->before();
		fault_arm(n);
		err = op->run();
		fired = fault_fired();
		expect(documented(op, err), "%s, fault %u: %s", op->name, n,
		       strerror(err));
		expect(fired || !err, "%s: %s without a fault", op->name,
		       strerror(err));
		expect(n < 5000, "%s: no end of it", op->name);
		failed += err != 0;
		op->after(err);
	}
	expect(failed || !op->errors[0], "%s: no fault made it fail, of %u",
	       op->name, n - 2);
	faults_count(op->name, n - 2, failed);
}

/* --- the functions to hit --- */

static void set_range(const char *which, unsigned long start,
		      unsigned long end)
{
	char name[32], text[32];

	snprintf(name, sizeof(name), "%s-start", which);
	snprintf(text, sizeof(text), "%#lx", start);
	set_all(name, text);
	snprintf(name, sizeof(name), "%s-end", which);
	snprintf(text, sizeof(text), "%#lx", end);
	set_all(name, text);
}

void faults_anywhere(void)
{
	set_range("require", 0, -1UL);
	set_range("reject", 0, 0);
}

/* That file lists the kernel's code in the order of its addresses. */
static void set_range_of(const char *which, const char *function)
{
	unsigned long start = 0, end = 0, at;
	char type, name[256];
	FILE *file = fopen("/proc/kallsyms", "r");

	must(file);
	while (!end &&
	       fscanf(file, "%lx %c %255s%*[^\n]", &at, &type, name) == 3) {
		if (start && at > start)
			end = at;
		else if (!strcmp(name, function))
			start = at;
	}
	fclose(file);
	expect(start && end, "no %s in /proc/kallsyms", function);
	set_range(which, start, end);
}

void faults_only_below(const char *function)
{
	set_range_of("require", function);
}

void faults_not_below(const char *function)
{
	set_range_of("reject", function);
}

/* No other module is loaded, so that none lies behind it. */
void faults_only_of_module(void)
{
	char *text = slurp("/sys/module/usertime/sections/.text");
	unsigned long start = strtoul(text, NULL, 16);

	free(text);
	text = slurp("/sys/module/usertime/coresize");
	expect(start && atol(text) > 0, "%#lx, %s", start, text);
	set_range("require", start, start + atol(text));
	free(text);
}

void faults_in_user(void (*fn)(void *))
{
	faults_only_of_module();
	in_user(1000, fn, NULL);
	/*
	 * The number of the kernel's own allocations changes from call to call.
	 */
	faults_anywhere();
	in_user(1000, fn, NULL);
}

void faults_every(unsigned int interval)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", interval);
	set_all("probability", "0");
	set_all("interval", text);
	set_all("times", "-1");
	set_all("probability", interval ? "100" : "0");
}
