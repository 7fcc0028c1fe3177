// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <ctype.h>
#include <grp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib.h"
#include "runner.h"

void broken(const char *file, int line, const char *cond, const char *fmt, ...)
{
	va_list ap;

	printf("# broken: %s:%d: %s\n# seen: ", file, line, cond);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(EXIT_BROKEN);
}

void skip(const char *why)
{
	printf("# skip: %s\n", why);
	exit(EXIT_SKIPPED);
}

void note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

unsigned int seed_of_run(void)
{
	const char *given = getenv("URT_TEST_SEED");
	unsigned int seed = given ? strtoul(given, NULL, 0) : now_ns();

	note("URT_TEST_SEED=%u", seed);
	return seed;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t late_ns(void)
{
	struct timespec tick;

	must(!clock_getres(CLOCK_MONOTONIC_COARSE, &tick));
	return 2 * tick.tv_nsec;
}

uint64_t cpu_ns(pid_t pid)
{
	clockid_t clock;

	must(!clock_getcpuclockid(pid, &clock));
	return clock_ns(clock);
}

/* Kernels that check everything have URT_TEST_SCALE on their command line. */
int slowness(void)
{
	const char *scale = getenv("URT_TEST_SCALE");

	return scale ? atoi(scale) : 1;
}

int patience = 1;

bool counts_time(void)
{
	return patience == 1;
}

uint64_t limit_ns(unsigned int ms)
{
	return ms * MS * slowness() * patience;
}

int scaled(int count)
{
	return count / slowness();
}

static bool version_has(const char *word)
{
	char *text = slurp("/proc/version");
	bool yes = strstr(text, word);

	free(text);
	return yes;
}

bool is_realtime(void)
{
	return version_has("PREEMPT_RT") || version_has("PREEMPT RT");
}

bool preempts(void)
{
	return is_realtime() || version_has(" PREEMPT ");
}

/*
 * wait4() cuts both its times to whole microseconds. On a preemptible kernel, a
 * parent may learn the times before its child's last moments: see
 * exit_exact_two.
 */
long long waiter_misses(void)
{
	return preempts() ? 500 : 1;
}

void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = MS }, NULL);
}

void burn(uint64_t ns)
{
	uint64_t until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	/*
	 * Runs mostly in user mode, and looks at the clock from time to time.
	 */
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		for (volatile int i = 0; i < 20000; i++)
			;
}

pid_t child(void (*fn)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fn(arg);
	exit(0);
}

void sleep_forever(void)
{
	for (;;)
		pause();
}

static void sleep_fn(void *arg)
{
	sleep_forever();
}

pid_t sleeper(void)
{
	return child(sleep_fn, NULL);
}

struct sleeper_args {
	unsigned int uid;
	int fd;
};

static void sleep_as(void *arg)
{
	struct sleeper_args *a = arg;

	become(a->uid);
	must(write(a->fd, "", 1) == 1);
	sleep_forever();
}

pid_t sleeper_as(unsigned int uid)
{
	int fds[2];
	pid_t pid;

	must(!pipe(fds));
	pid = child(sleep_as, &(struct sleeper_args){ uid, fds[1] });
	must(read(fds[0], &(char){ 0 }, 1) == 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

struct call {
	void (*fn)(void *arg);
	void *arg;
};

static void stop_and_call(void *arg)
{
	struct call *call = arg;

	raise(SIGSTOP);
	call->fn(call->arg);
}

pid_t stopped(void (*fn)(void *), void *arg)
{
	pid_t pid = child(stop_and_call, &(struct call){ fn, arg });
	int status;

	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	return pid;
}

/* Skips the name, which may contain any character. Return: field 3, or NULL. */
static char *proc_stat(pid_t pid, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	return strrchr(text, ')') + 2;
}

char state_of(pid_t pid)
{
	char text[1024], *state = proc_stat(pid, text, sizeof(text));

	return state ? *state : 0;
}

unsigned long long proc_field(pid_t pid, int nr)
{
	char text[1024], *p = proc_stat(pid, text, sizeof(text));

	must(p);
	for (nr -= 3; nr; nr--)
		p = strchr(p, ' ') + 1;
	return strtoull(p, NULL, 10);
}

void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* In kB. It also waits for memory that is unaccounted for a moment. */
long memory_kb(void)
{
	char *text = slurp("/proc/meminfo"), *slab, *vm;
	long kb;

	slab = strstr(text, "SUnreclaim:");
	vm = strstr(text, "VmallocUsed:");
	must(slab && vm);
	kb = strtol(slab + 11, NULL, 10) + strtol(vm + 12, NULL, 10);
	free(text);
	return kb;
}

static void repeat(void (*one_round)(void), int rounds)
{
	while (rounds--)
		one_round();
}

void leaves_no_memory(void (*one_round)(void), int first, int rounds,
		      const char *params)
{
	long before, after;

	repeat(one_round, first);
	must(!params || !unload());
	before = memory_kb();
	must(!params || !load(params));
	repeat(one_round, rounds);
	must(!params || !unload());
	wait_until((after = memory_kb()) < before + 512, 5000,
		   "%ld kB before, %ld kB after", before, after);
	note("slab and vmalloc: %ld kB before, %ld kB after", before, after);
}

static uint64_t in_us(struct timeval t)
{
	return t.tv_sec * 1000000ULL + t.tv_usec;
}

uint64_t reaped_user_us;

uint64_t reap(pid_t pid, int *status)
{
	struct rusage ru;

	must(wait4(pid, status, 0, &ru) == pid);
	reaped_user_us = in_us(ru.ru_utime);
	return in_us(ru.ru_utime) + in_us(ru.ru_stime);
}

uint64_t user_us(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return in_us(ru.ru_utime);
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid, NULL);
}

void become(unsigned int uid)
{
	/*
	 * The kernel's default limit depends on the guest's memory. A caller
	 * without the right to raise the limit keeps it.
	 */
	setrlimit(RLIMIT_NPROC, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	must(!setgroups(0, NULL) && !setresgid(uid, uid, uid) &&
	     !setresuid(uid, uid, uid));
	/* A change of uids cleared the flag, and so hid /proc/self from us. */
	must(!prctl(PR_SET_DUMPABLE, 1));
}

void in_child(void (*fn)(void *), void *arg)
{
	int status;

	reap(child(fn, arg), &status);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BROKEN);
}

struct user_call {
	unsigned int uid;
	void (*fn)(void *arg);
	void *arg;
};

static void call_as_user(void *arg)
{
	struct user_call *call = arg;

	become(call->uid);
	call->fn(call->arg);
}

void in_user(unsigned int uid, void (*fn)(void *), void *arg)
{
	in_child(call_as_user, &(struct user_call){ uid, fn, arg });
}

int open_status(void)
{
	int fd = open(STATUS, O_RDWR | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}

int put(int fd, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	must(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	ret = write(fd, text, strlen(text));
	if (ret < 0)
		ret = -errno;
	free(text);
	return ret;
}

char *slurp_fd(int fd)
{
	size_t size = 1 << 16, len = 0;
	char *text = malloc(size), *larger;
	ssize_t n;

	must(text);
	while ((n = pread(fd, text + len, size - len - 1, len)) > 0) {
		len += n;
		if (len < size - 1)
			continue;
		larger = realloc(text, size *= 2);
		must(larger);
		text = larger;
	}
	must(n == 0);
	text[len] = '\0';
	return text;
}

char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	expect(fd >= 0, "%s: %s", path, strerror(errno));
	text = slurp_fd(fd);
	close(fd);
	return text;
}

int lines_of(char *text)
{
	int n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	free(text);
	return n;
}

void spit(const char *path, const char *fmt, ...)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	va_list ap;

	expect(fd >= 0, "%s: %s", path, strerror(errno));
	va_start(ap, fmt);
	expect(vdprintf(fd, fmt, ap) >= 0, "%s: %s", path, strerror(errno));
	va_end(ap);
	close(fd);
}

static int __attribute__((format(printf, 1, 0)))
write_words(const char *fmt, va_list ap)
{
	int fd = open(STATUS, O_WRONLY | O_CLOEXEC), err;
	char *text;

	must(fd >= 0 && vasprintf(&text, fmt, ap) >= 0);
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	free(text);
	close(fd);
	return err;
}

void registers(const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = write_words(fmt, ap);
	va_end(ap);
	expect(!err, "write \"%s\": %s", fmt, strerror(err));
}

int write_errno(const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = write_words(fmt, ap);
	va_end(ap);
	return err;
}

bool listed(pid_t pid, long long *ms)
{
	char *text = slurp(STATUS), *line, *save;
	bool found = false;
	long long value;
	int nr, n;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		n = -1;
		expect(sscanf(line, "%d: %lld%n", &nr, &value, &n) == 2 &&
		       !line[n], "\"%s\" in status", line);
		if (nr != pid)
			continue;
		found = true;
		if (ms)
			*ms = value;
	}
	free(text);
	return found;
}

/* @errors: whether there is the column error_ns. */
static void parse_stat_row(const char *line, bool errors, struct row *r)
{
	int n = -1;

	*r->error = '\0';
	expect(sscanf(line, "%d %d %u %c %u %llu %llu %llu %llu%n", &r->pid,
		      &r->ppid, &r->uid, &r->state, &r->threads, &r->utime,
		      &r->stime, &r->start, &r->runtime, &n) == 9 && n > 0 &&
	       (errors ? sscanf(line + n, " %23s %79s", r->error, r->comm) == 2 :
			 sscanf(line + n, " %79s", r->comm) == 1),
	       "\"%s\" in stat", line);
}

int stat_rows(struct row *rows, int max)
{
	char *text = slurp(STAT), *line, *save;
	struct row *r = rows;
	bool errors;

	strtok_r(text, "\n", &save);
	line = strtok_r(NULL, "\n", &save);
	errors = line && strstr(line, " error_ns ");
	while ((line = strtok_r(NULL, "\n", &save)) && r < rows + max)
		parse_stat_row(line, errors, r++);
	free(text);
	return r - rows;
}

bool stat_row(pid_t pid, struct row *row)
{
	static struct row rows[2500];
	int n = stat_rows(rows, sizeof(rows) / sizeof(*rows));

	while (n--) {
		if (rows[n].pid == pid) {
			*row = rows[n];
			return true;
		}
	}
	return false;
}

struct header stat_header(void)
{
	char *text = slurp(STAT);
	struct header h;

	expect(sscanf(text, "# generation=%llu time_ns=%llu interval_ms=%llu "
		      "processes=%llu lost=%llu\npid ppid ", &h.generation,
		      &h.time, &h.interval, &h.processes, &h.lost) == 5,
	       "%s", text);
	free(text);
	return h;
}

unsigned long long generation(void)
{
	return stat_header().generation;
}

bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	must(poll(&p, 1, ms) >= 0);
	return p.revents & POLLIN;
}

void next_generation(void)
{
	int fd = open(STATUS, O_RDONLY | O_CLOEXEC);

	must(fd >= 0);
	free(slurp_fd(fd));
	expect(readable(fd, limit_ns(10000) / MS), "no new generation within 10 s");
	close(fd);
}

int open_session(void)
{
	int fd = open(SESSION, O_RDWR | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}

void session_open(struct session *s)
{
	s->fd = open_session();
	s->at = s->len = 0;
}

static bool parse_exit(const char *line, struct record *r)
{
	char status[16], again[512];

	if (sscanf(line, "exit %d %d %u %llu %llu %llu %llu %15s %79s",
		   &r->pid, &r->ppid, &r->uid, &r->utime, &r->stime, &r->start,
		   &r->runtime, status, r->comm) != 9)
		return false;
	r->kind = EXIT;
	r->count = 1;
	r->status = strcmp(status, "-") ? atoi(status) : -1;
	if (r->status >= 0)
		snprintf(status, sizeof(status), "%d", r->status);
	snprintf(again, sizeof(again), "exit %d %d %u %llu %llu %llu %llu %s %s",
		 r->pid, r->ppid, r->uid, r->utime, r->stime, r->start,
		 r->runtime, status, r->comm);
	return !strcmp(line, again);
}

/* Return: whether the line is part of the next line's record. */
static bool parse_split(const char *line, struct record *r)
{
	char again[128];

	if (strncmp(line, "split ", 6))
		return false;
	expect(sscanf(line, "split %d %llu %llu", &r->pid, &r->samples,
		      &r->error) == 3, "\"%s\" in session", line);
	snprintf(again, sizeof(again), "split %d %llu %llu", r->pid, r->samples,
		 r->error);
	expect(!strcmp(line, again), "\"%s\" in session", line);
	r->split = true;
	return true;
}

/*
 * Parses strictly: the parsed record, written again, must give the same line.
 */
void record_parse(const char *line, struct record *r)
{
	char again[128];

	memset(r, 0, sizeof(*r));
	if (parse_exit(line, r))
		return;
	if (sscanf(line, "lost %llu %llu %llu", &r->count, &r->utime,
		   &r->stime) == 3) {
		r->kind = LOST;
		snprintf(again, sizeof(again), "lost %llu %llu %llu", r->count,
			 r->utime, r->stime);
	} else {
		r->kind = MISSED;
		sscanf(line, "missed %llu", &r->count);
		snprintf(again, sizeof(again), "missed %llu", r->count);
	}
	expect(!strcmp(line, again) && r->count, "\"%s\" in session", line);
}

short events_of(int fd, short asked)
{
	struct pollfd p = { .fd = fd, .events = asked };

	must(poll(&p, 1, 0) >= 0);
	return p.revents;
}

bool line_waits(struct session *s, int ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	if (s->at < s->len)
		return true;
	must(poll(&p, 1, ms) >= 0);
	return p.revents & (POLLIN | POLLHUP);
}

/* Return: the next line, or NULL at the end. */
static char *next_line(struct session *s)
{
	char *line = s->text + s->at, *end;
	ssize_t n;

	if (s->at == s->len) {
		expect(line_waits(s, limit_ns(20000) / MS), "no line within 20 s");
		n = read(s->fd, s->text, sizeof(s->text) - 1);
		must(n >= 0);
		s->at = 0;
		s->len = n;
		line = s->text;
		expect(!n || line[n - 1] == '\n', "a part of a line: %.*s",
		       (int)n, line);
	}
	if (!s->len)
		return NULL;
	end = memchr(line, '\n', s->len - s->at);
	*end = '\0';
	s->at = end + 1 - s->text;
	return line;
}

enum kind next_record(struct session *s, struct record *r)
{
	struct record split = { };
	char *line = next_line(s);

	if (line && parse_split(line, &split)) {
		line = next_line(s);
		expect(line, "a split without its exit");
	}
	memset(r, 0, sizeof(*r));
	if (!line)
		return END;
	record_parse(line, r);
	if (split.split) {
		expect(r->kind == EXIT && r->pid == split.pid,
		       "\"%s\" after a split of %d", line, split.pid);
		r->split = true;
		r->samples = split.samples;
		r->error = split.error;
	}
	return r->kind;
}

enum kind next_reaping(struct session *s, struct record *r, pid_t pid)
{
	while (!line_waits(s, 10))
		waitpid(pid, NULL, WNOHANG);
	waitpid(pid, NULL, WNOHANG);
	return next_record(s, r);
}

/* Skips to the exit of that process. Return: EXIT, or END if there was none. */
enum kind skip_to(struct session *s, pid_t pid, struct record *r)
{
	enum kind kind;

	do {
		kind = next_record(s, r);
	} while (kind != END && (kind != EXIT || r->pid != pid));
	return kind;
}

const struct urt_map *map_session(int fd, unsigned int capacity)
{
	const struct urt_map *map;

	map = mmap(NULL, URT_MAP_LENGTH(capacity), PROT_READ, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	expect(map->version == URT_MAP_VERSION, "version %u", map->version);
	return map;
}

const struct urt_map_snapshot *map_latest(const struct urt_map *map)
{
	return (const void *)((const char *)map +
			      map->snapshot_offset[map->sequence & 1]);
}

/* A new mapping brings the list up to date. */
unsigned int session_members(int fd, unsigned int capacity)
{
	const struct urt_map *map = map_session(fd, capacity);
	unsigned int members = map_latest(map)->registered;

	must(!munmap((void *)map, URT_MAP_LENGTH(capacity)));
	return members;
}

int load(const char *params)
{
	int fd = open("/usertime.ko", O_RDONLY | O_CLOEXEC), err;

	must(fd >= 0);
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	return err;
}

int unload(void)
{
	return syscall(SYS_delete_module, "usertime", O_NONBLOCK) ? errno : 0;
}

void set_interval(unsigned int ms)
{
	spit("/sys/module/usertime/parameters/interval_ms", "%u", ms);
}

#define TRACING "/sys/kernel/tracing/"

static void hold_tracepoint(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "events/sched/%s/enable", name);
	spit(path, "1");
	snprintf(path, sizeof(path),
		 TRACING "instances/hold/events/sched/%s/enable", name);
	spit(path, "1");
}

/*
 * Attaching the first or the second probe to a tracepoint patches code that
 * other CPUs are running. QEMU's emulation of several CPUs hangs there once in
 * some hundred times. Two probes of the kernel itself, from the start, leave no
 * code to patch. The guest with one CPU still patches it.
 */
void hold_tracepoints(void)
{
	spit(TRACING "options/record-cmd", "0");
	must(!mkdir(TRACING "instances/hold", 0755));
	hold_tracepoint("sched_process_exit");
	hold_tracepoint("sched_process_free");
	hold_tracepoint("sched_process_fork");
}

#define EVENTS TRACING "events/"

void trace_begin(void)
{
	spit(TRACING "options/record-cmd", "0");
	spit(TRACING "buffer_size_kb", "8192");
	trace_forget();
	spit(EVENTS "timer/hrtimer_expire_entry/enable", "1");
	spit(EVENTS "workqueue/workqueue_execute_start/enable", "1");
	spit(EVENTS "workqueue/workqueue_execute_end/enable", "1");
	spit(EVENTS "workqueue/workqueue_queue_work/enable", "1");
}

void trace_forget(void)
{
	spit(TRACING "trace", "\n");
}

void trace_end(void)
{
	spit(EVENTS "timer/enable", "0");
	spit(EVENTS "workqueue/enable", "0");
	trace_forget();
}

void stays_idle(unsigned int seconds, bool works)
{
	int fired, ran;

	nanosleep(&(struct timespec){ .tv_sec = seconds }, NULL);
	fired = traced("schedule_cputime_updates");
	ran = works ? traced("update_cputimes") : 0;
	trace_end();
	expect(!fired && !ran, "%d timers, %d works in %u s", fired, ran,
	       seconds);
}

int traced(const char *text)
{
	char *trace = slurp(TRACING "trace"), *p = trace;
	int n = 0;

	while ((p = strstr(p, text))) {
		n++;
		p++;
	}
	free(trace);
	return n;
}
