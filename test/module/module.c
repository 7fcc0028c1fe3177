// SPDX-License-Identifier: MIT
/* Loading, parameters, the timer, unloading. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib.h"

#define PARAMETERS "/sys/module/usertime/parameters/"

TEST(module_bounds, "parameters out of bounds are EINVAL at load")
{
	static const char *const bad[] = {
		"interval_ms=9", "interval_ms=3600001", "interval_ms=-1",
		"interval_ms=", "interval_ms=5s", "interval_ms=4294967306",
		"max_processes=0", "max_processes=4194305", "max_processes=x",
		"max_per_user=0", "max_per_user=4194305", "restrict=2",
		"restrict=-1", "restrict=yes", "status_mode=0777",
		"status_mode=01666", "status_mode=0", "status_mode=8", "status_mode=rw",
	};
	size_t i;
	int err;

	must(!unload());
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = load(bad[i]);
		expect(err == EINVAL, "%s: %s", bad[i], strerror(err));
	}
}

TEST(module_bounds_good, "parameters accept their bounds")
{
	static const char *const good[] = {
		"interval_ms=10", "interval_ms=3600000", "max_processes=1",
		"max_processes=4194304", "max_per_user=1", "restrict=1",
		"max_per_user=4194304", "status_mode=2", "status_mode=666",
	};
	size_t i;
	int err;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		must(!unload());
		err = load(good[i]);
		expect(!err, "%s: %s", good[i], strerror(err));
	}
}

TEST(module_defaults, "parameters have the defaults that modinfo names",
     .params = "")
{
	static const char *const defaults[][2] = {
		{ "interval_ms", "5000\n" }, { "max_processes", "65536\n" },
		{ "max_per_user", "1024\n" }, { "restrict", "0\n" },
		{ "status_mode", "0666\n" },
	};
	char path[99], *seen;
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", defaults[i][0]);
		seen = slurp(path);
		expect(!strcmp(seen, defaults[i][1]), "%s: %s", path, seen);
	}
}

static int write_interval(const char *text)
{
	int fd = open(PARAMETERS "interval_ms", O_WRONLY), err;

	must(fd >= 0);
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

TEST(module_interval_bounds, "interval_ms out of bounds is EINVAL at write")
{
	expect(write_interval("9") == EINVAL, "9");
	expect(write_interval("3600001") == EINVAL, "3600001");
	expect(write_interval("fast") == EINVAL, "fast");
	expect(stat_header().interval == 200, "%s", slurp(STAT));
}

TEST(module_interval, "writing interval_ms re-arms the timer at once",
     .params = "interval_ms=3600000")
{
	int fd = open_status();

	registers("%d", sleeper());
	free(slurp_fd(fd));
	expect(!readable(fd, 300), "a refresh in an hour's interval");
	set_interval(50);
	expect(readable(fd, 5000), "no refresh");
	free(slurp(STAT));
	set_interval(3600000);
	free(slurp_fd(fd));
	expect(!readable(fd, 300), "still at the old pace");
	expect(stat_header().interval == 3600000, "%s", slurp(STAT));
}

TEST(module_pace, "refreshes keep the interval, and delays do not add up",
     .params = "interval_ms=500")
{
	struct header a, b;
	long long late;
	int i;

	registers("%d", sleeper());
	next_generation();
	a = stat_header();
	for (i = 0; i < 10; i++)
		next_generation();
	b = stat_header();
	expect(b.generation == a.generation + 10, "%llu after %llu",
	       b.generation, a.generation);
	late = b.time - a.time - 5000 * MS;
	note("%lld us late", late / 1000);
	/* One refresh may be late, but delays must not add up. */
	expect(llabs(late) <= (long long)late_ns(), "%lld ns", late);
}

TEST(module_last, "the refresh that empties the list is a generation")
{
	pid_t pid = sleeper();
	int fd = open_status();
	unsigned long long gen;

	registers("%d", pid);
	end(pid);
	wait_until(!*slurp(STATUS), 5000, "%s", slurp(STATUS));
	gen = generation();
	expect(gen >= 2, "%llu", gen);
	free(slurp_fd(fd));
	expect(!readable(fd, 1000), "a refresh of an empty list");
	expect(generation() == gen, "%llu after %llu", generation(), gen);
}

TEST(module_idle, "while nothing is registered no timer fires, no work runs",
     .params = "interval_ms=100", .slow = true, .limit = 90)
{
	pid_t pid = sleeper();
	int timers, works;

	trace_begin();
	registers("%d", pid);
	next_generation();
	next_generation();
	timers = traced("function=schedule_cputime_updates");
	works = traced("function update_cputimes");
	expect(timers >= 2 && works >= 2, "tracing sees %d and %d", timers,
	       works);
	note("registered: %d timers, %d works", timers, works);

	registers("-%d", pid);
	/* One refresh may have been under way. */
	nanosleep(&(struct timespec){ .tv_nsec = 300 * MS }, NULL);
	trace_forget();
	stays_idle(30, true);
}

TEST(module_idle_at_once, "no timer fires from the moment when the last process leaves",
     .params = "interval_ms=1000")
{
	pid_t pid = sleeper();

	trace_begin();
	registers("%d", pid);
	wait_until(traced("function=schedule_cputime_updates"), 10000,
		   "tracing sees no timer");
	registers("-%d", pid);
	trace_forget();
	set_interval(1000);	/* of an empty registry */
	stays_idle(3, false);
}

TEST(module_in_use, "rmmod says \"in use\" while a file is open")
{
	int fd = open_status(), err;

	err = unload();
	expect(err == EWOULDBLOCK, "%s", strerror(err));
	close(fd);
	fd = open(STAT, O_RDONLY);
	err = unload();
	expect(err == EWOULDBLOCK, "stat: %s", strerror(err));
	close(fd);
	err = unload();
	expect(!err, "closed: %s", strerror(err));
}

TEST(module_registered, "rmmod works with processes registered")
{
	for (int i = 0; i < 100; i++)
		registers("%d", sleeper());
	expect(!unload(), "%s", strerror(errno));
	expect(access("/proc/urt", F_OK) < 0 && errno == ENOENT, "/proc/urt");
}

/* --- 200 rounds of everything --- */

static volatile int *stop;

static void read_until(void *path)
{
	while (!*stop) {
		int fd = open(path, O_RDONLY);
		char c[500];

		if (fd < 0)
			continue;
		while (read(fd, c, sizeof(c)) > 0)
			;
		readable(fd, 5);
		close(fd);
	}
}

static void write_until(void *arg)
{
	while (!*stop) {
		int fd = open(STATUS, O_WRONLY);
		pid_t pid = fork();

		if (!pid) {
			burn(MS / 2);
			_exit(0);
		}
		if (fd >= 0) {
			put(fd, "%d %d", pid, getpid());
			put(fd, "-%d", getpid());
			close(fd);
		}
		waitpid(pid, NULL, 0);
	}
}

static void unload_patiently(void)
{
	uint64_t begin = now_ns();
	int err;

	while ((err = unload())) {
		expect(err == EWOULDBLOCK, "rmmod: %s", strerror(err));
		if (now_ns() - begin > 200 * MS)
			*stop = 1;
		expect(now_ns() - begin < limit_ns(20000), "in use for 20 s");
	}
}

static void round_of_all(void)
{
	pid_t pids[4];
	int i;

	*stop = 0;
	pids[0] = child(read_until, STATUS);
	pids[1] = child(read_until, STAT);
	pids[2] = child(write_until, NULL);
	pids[3] = child(write_until, NULL);
	for (i = 0; i < 20; i++)
		nap();
	unload_patiently();
	*stop = 1;
	for (i = 0; i < 4; i++)
		reap(pids[i], NULL);
	expect(!load("interval_ms=10"), "%s", strerror(errno));
}

TEST(module_rounds, "200 rounds of insmod, use by many, rmmod leave nothing",
     .params = "interval_ms=10", .slow = true, .limit = 400, .boot = "two")
{
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	leaves_no_memory(round_of_all, 20, 200, "interval_ms=10");
}
