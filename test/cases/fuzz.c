// SPDX-License-Identifier: MIT
/*
 * Random operations on all files at once, against a model.
 *
 * The operations of a run follow from its seed and their number alone, so that
 * some can be left out and the rest are the same: a run that fails is repeated
 * with fewer of them for as long as it fails. It is PID 1 of a PID namespace,
 * where no process is a stranger and numbers repeat.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "fuzz.h"

#define LOG 30

/* Of a run, for whoever started it. */
static struct shared {
	long at, count;			/* operations */
	long done;			/* that were not left out */
	bool failed, quiet;
	char message[2048];
	char log[LOG][128];
	unsigned char left_out[];	/* a bit for each */
} *run;

static uint64_t rng;
static unsigned int seed;

uint32_t fuzz_rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return n ? (uint32_t)(rng >> 16) % n : 0;
}

static void seed_operation(long nr)
{
	rng = (seed + 1) * 0x9e3779b97f4a7c15ULL ^
	      (nr + 1) * 0xbf58476d1ce4e5b9ULL;
	for (int i = 0; i < 4; i++)
		fuzz_rnd(1);
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char *line = run->log[run->at % LOG];
	int n = sprintf(line, "%ld: ", run->at);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(run->log[0]) - n, fmt, ap);
	va_end(ap);
}

void mismatch(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(run->message, sizeof(run->message), fmt, ap);
	va_end(ap);
	exit(EXIT_FAILURE);
}

/* --- files --- */

static const char *const paths[] = { STATUS, STAT, SESSION };

static struct file *some_file(void)
{
	return file_count ? &files[fuzz_rnd(file_count)] : NULL;
}

static void op_open(void)
{
	struct file *f = &files[file_count];
	int flags = O_RDWR | O_CLOEXEC;

	if (file_count == FILES)
		return;
	*f = (struct file){ .kind = fuzz_rnd(5) / 2, .user = fuzz_rnd(USERS),
			    .seen = -1 };
	if (f->kind == F_STAT || (f->kind == F_STATUS && !fuzz_rnd(4)))
		flags = O_RDONLY | O_CLOEXEC;
	if (f->kind == F_SESSION)
		flags |= O_NONBLOCK;
	f->writable = flags & O_RDWR;
	say("open %s as %u: file %d", paths[f->kind], fuzz_uids[f->user],
	    file_count);
	fuzz_become(f->user);
	f->fd = open(paths[f->kind], flags);
	fuzz_become(ROOT);
	if (f->fd < 0)
		mismatch("open: %s", strerror(errno));
	if (f->kind == F_SESSION)
		f->reg = calloc(1, sizeof(*f->reg));
	file_count++;
}

static void op_close(void)
{
	struct file *f = some_file();

	if (!f)
		return;
	say("close file %d", (int)(f - files));
	close(f->fd);
	model_close(f);
}

/* --- writes --- */

/* The beginning of it, readable. */
static const char *shown(const char *data, size_t len)
{
	static char text[80];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof(text) - 5; i++) {
		unsigned char c = data[i];

		if (c > ' ' && c < 127 && c != '\\')
			text[n++] = c;
		else if (c == ' ' && (!i || data[i - 1] != ' '))
			text[n++] = c;
		else if (c != ' ')
			n += sprintf(text + n, "\\%03o", c);
	}
	text[n] = '\0';
	return text;
}

static long result(long n)
{
	return n < 0 ? -errno : n;
}

static void expect_written(struct file *f, const char *data, size_t len,
			   long seen)
{
	long want = model_write(f, data, len);

	if (!model_accepts(want, seen))
		mismatch("write returned %ld; not %ld", seen, want);
}

static void op_write(void)
{
	static char data[DATA_MAX];
	struct file *f = some_file();
	size_t len;
	long n;

	if (!f || !f->writable)
		return;
	len = fuzz_words(f, data);
	say("write %zu to file %d: \"%s\"", len, (int)(f - files),
	    shown(data, len));
	if (f->kind == F_STATUS && !fuzz_rnd(8))
		n = pwrite(f->fd, data, len, fuzz_rnd(100));
	else
		n = write(f->fd, data, len);
	expect_written(f, data, len, result(n));
}

/* Memory that ends within what is written. */
static void op_write_fault(void)
{
	static char *end, data[DATA_MAX];
	struct file *f = some_file();
	size_t len, there;
	long n;

	if (!f || !f->writable)
		return;
	if (!end) {
		end = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(end != MAP_FAILED);
		end += 4 * 4096;
		must(!mprotect(end, 4 * 4096, PROT_NONE));
	}
	len = fuzz_words(f, data);
	there = fuzz_rnd(len + 1);
	memcpy(end - there, data, there);
	say("write %zu, %zu of them there, to file %d: \"%s\"", len, there,
	    (int)(f - files), shown(data, there));
	n = result(write(f->fd, end - there, len));
	/* Whether it looks at the byte behind a page, is its own business. */
	if (there < len && there <= URT_WRITE_MAX) {
		if (n != -EFAULT)
			mismatch("write returned %ld; not -EFAULT", n);
		return;
	}
	expect_written(f, data, len, n);
}

/* --- reads --- */

static const size_t sizes[] = { 0, 1, 2, 7, 50, 61, 100, 200, 300, 5000 };

static void read_session(struct file *f, size_t count)
{
	char text[5000];
	long n;

	say("read %zu of file %d", count, (int)(f - files));
	n = result(read(f->fd, text, count));
	check_session_read(f, text, n, count);
}

static void read_text(struct file *f, size_t count)
{
	bool there = fuzz_rnd(2);
	size_t at = there ? fuzz_rnd(fuzz_rnd(2) ? f->len + 9 : 1) : f->pos;
	char text[5000];
	long n, want = 0;

	say("read %zu of file %d at %zu", count, (int)(f - files), at);
	n = result(there ? pread(f->fd, text, count, at) :
			   read(f->fd, text, count));
	if (count && (!at || !f->text))
		check_snapshot(f);
	if (f->text && at < f->len)
		want = f->len - at < count ? f->len - at : count;
	if (n != want || memcmp(text, f->text + at, n))
		mismatch("read %ld; not %ld: \"%.*s\"", n, want, (int)n, text);
	if (!there)
		f->pos += n;
}

static void op_read(void)
{
	struct file *f = some_file();
	size_t count = sizes[fuzz_rnd(sizeof(sizes) / sizeof(*sizes))];

	if (!f)
		return;
	if (f->kind == F_SESSION)
		read_session(f, count);
	else
		read_text(f, count);
}

/* A byte: with that, the line that it was of is known. */
static void op_read_fault(void)
{
	struct file *f = some_file();
	char *volatile nothing = NULL;
	long n, want = 0;

	if (!f)
		return;
	say("read into nothing of file %d", (int)(f - files));
	n = result(read(f->fd, nothing, 1));
	if (f->kind != F_SESSION) {
		if (!f->pos || !f->text)
			check_snapshot(f);
		want = f->pos < f->len ? -EFAULT : 0;
	} else if (model_line_waits(f)) {
		want = -EFAULT;
		if (f->rest.kind == END) {
			f->rest = model_take(f);
			f->part_len = 0;
		}
		f->room_known = false;
	} else if (!model_at_end(f)) {
		want = -EAGAIN;
	}
	if (n != want)
		mismatch("read %ld; not %ld", n, want);
}

static void op_seek(void)
{
	struct file *f = some_file();
	long to = (long)fuzz_rnd(300) - 20, want, n;

	if (!f)
		return;
	say("seek to %ld in file %d", to, (int)(f - files));
	n = result(lseek(f->fd, to, SEEK_SET));
	want = f->kind == F_SESSION ? -ESPIPE : to < 0 ? -EINVAL : to;
	if (n != want)
		mismatch("lseek %ld; not %ld", n, want);
	if (want >= 0)
		f->pos = to;
}

static void op_map(void)
{
	struct file *f = some_file();

	if (!f || f->kind != F_SESSION)
		return;
	say("map file %d", (int)(f - files));
	check_map(f);
}

/* --- processes --- */

/* Lines come a little later than the exit or the fork that they are of. */
static void settle(void)
{
	for (int i = 0; i < file_count; i++) {
		if (files[i].kind == F_SESSION && model_line_waits(&files[i]))
			wait_until(events_of(files[i].fd, POLLIN), 10000,
				   "no line in file %d", i);
	}
}

static struct proc *some_proc(bool (*fits)(const struct proc *))
{
	struct proc *p = living[fuzz_rnd(living_count)];

	return fits(p) ? p : NULL;
}

static bool may_fork(const struct proc *p)
{
	return p == driver || world_obeys(p);
}

static void witness_it(struct proc *p)
{
	if (p == driver || p->witnessed || p->life == RELEASED ||
	    model_total == MAX_PROCESSES)
		return;
	if (put(witness, "%d\n", p->pid) < 0)
		mismatch("the witness does not get %d: %s", p->pid,
			 strerror(errno));
	model_witnessed(p);
}

static void op_spawn(void)
{
	struct proc *parent = fuzz_rnd(2) ? driver : some_proc(may_fork), *p;
	unsigned int uid;
	bool mixed;

	if (!parent || living_count > LIVING_MAX || !model_can_fork(parent))
		return;
	uid = parent->uid ? parent->uid : fuzz_uids[fuzz_rnd(USERS)];
	mixed = parent->mixed || (uid && !parent->uid && !fuzz_rnd(4));
	p = world_spawn(parent, 2 + fuzz_rnd(50), uid, mixed);
	say("%d forks %d of uid %u%s", parent->pid, p->pid, uid,
	    mixed ? " and 0" : "");
	model_forked(parent, p);
	witness_it(p);
	settle();
}

static void op_thread(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || p->threads == THREADS)
		return;
	world_thread(p);
	say("%d begins thread %d", p->pid, p->tids[p->threads - 1]);
}

static void op_end_thread(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || !p->threads)
		return;
	say("%d ends thread %d", p->pid, p->tids[p->threads - 1]);
	world_end_thread(p);
}

static void op_end_leader(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || !p->threads)
		return;
	say("the leader of %d exits", p->pid);
	world_end_leader(p);
}

static void op_rename(void)
{
	static const char *const names[] = {
		"a b", "x\\y", "new\nline", "\t", "\xc3\xa9", "del\x7f", "\\000",
		"012345678901234", "(a) S 1", "exit 1 2",
	};
	struct proc *p = some_proc(world_obeys);
	const char *name = names[fuzz_rnd(sizeof(names) / sizeof(*names))];

	if (!p)
		return;
	say("%d is now \"%s\"", p->pid, name);
	world_rename(p, name);
}

static void op_burn(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p)
		return;
	say("%d burns", p->pid);
	world_burn(p);
}

static void op_stop(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || p->threads)
		return;
	say("%d stops", p->pid);
	world_stop(p);
}

static bool is_stopped(const struct proc *p)
{
	return p->stopped;
}

static void op_continue(void)
{
	struct proc *p = some_proc(is_stopped);

	if (!p)
		return;
	say("%d continues", p->pid);
	world_continue(p);
}

static bool may_end(const struct proc *p)
{
	return p != driver && p->life == LIVING;
}

static void op_end(void)
{
	struct proc *p = some_proc(may_end);
	unsigned int code = 1 + fuzz_rnd(255);
	bool by_signal;

	if (!p)
		return;
	by_signal = !world_obeys(p) || fuzz_rnd(2);
	say("%d ends, %s %u", p->pid, by_signal ? "killed" : "with",
	    by_signal ? SIGKILL : code);
	world_end(p, by_signal, code);
	model_exited(p);
}

/*
 * Where a line waits already, nothing tells that one more has come, until there
 * is a write: of a word that does nothing.
 */
static void op_reap(void)
{
	struct proc *p = some_proc(world_can_reap);
	bool waits[FILES];
	int i;

	for (i = 0; p && i < file_count; i++) {
		waits[i] = files[i].kind == F_SESSION &&
			   model_line_waits(&files[i]);
		if (waits[i] && files[i].carried)
			p = NULL;
	}
	if (!p)
		return;
	say("%d is reaped", p->pid);
	world_reap(p);
	model_final(p);
	settle();
	for (i = 0; i < file_count; i++) {
		if (waits[i])
			expect_written(&files[i], "-2147483647 ", 12,
				       put(files[i].fd, "-2147483647 "));
	}
}

static void op_witness(void)
{
	struct proc *p = living[fuzz_rnd(living_count)];

	say("witness for %d", p->pid);
	witness_it(p);
}

static void op_refresh(void)
{
	struct pollfd poller = { .events = POLLIN };

	if (!system_registry.count)
		return;
	say("refresh");
	poller.fd = open(STATUS, O_RDONLY | O_CLOEXEC);
	must(poller.fd >= 0 && read(poller.fd, &(char){ 0 }, 1) >= 0);
	set_interval(10);
	must(poll(&poller, 1, 10000) >= 0);
	set_interval(3600000);
	close(poller.fd);
	check_refreshed();
}

/* --- runs --- */

static const struct {
	unsigned int weight;
	void (*run)(void);
} operations[] = {
	{ 5600, op_write }, { 150, op_write_fault }, { 2600, op_read },
	{ 100, op_read_fault }, { 150, op_seek }, { 300, op_open },
	{ 220, op_close }, { 200, op_map }, { 60, op_spawn }, { 20, op_thread },
	{ 15, op_end_thread }, { 8, op_end_leader }, { 15, op_rename },
	{ 15, op_burn }, { 10, op_stop }, { 40, op_continue }, { 40, op_end },
	{ 200, op_reap }, { 10, op_witness }, { 60, op_refresh },
};

static void operate(long nr)
{
	unsigned int sum = 0, at, i;

	seed_operation(nr);
	run->at = nr;
	run->log[nr % LOG][0] = '\0';
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		sum += operations[i].weight;
	at = fuzz_rnd(sum);
	for (i = 0; at >= operations[i].weight; i++)
		at -= operations[i].weight;
	operations[i].run();
	check_all();
	run->done++;
}

static bool is_left_out(long nr)
{
	return run->left_out[nr / 8] >> nr % 8 & 1;
}

/* In a namespace of our own. */
static void run_operations(void)
{
	must(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, NULL));
	if (run->quiet)
		must(freopen("/dev/null", "w", stdout));
	world_begin();
	check_begin();
	for (long nr = 0; nr < run->count; nr++) {
		if (!is_left_out(nr))
			operate(nr);
	}
	run->failed = false;
}

/* Return: whether all was as it should be. */
static bool run_passes(const char *params)
{
	int status;
	pid_t pid;

	run->failed = true;
	run->done = 0;
	run->message[0] = '\0';
	memset(run->log, 0, sizeof(run->log));
	fflush(stdout);
	pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0,
		      0);
	if (pid < 0)
		skip("this kernel has no PID namespaces");
	if (!pid) {
		run_operations();
		exit(0);
	}
	reap(pid, &status);
	if (run->failed && !run->message[0])
		snprintf(run->message, sizeof(run->message),
			 "it ended with %#x", status);
	/* The next one begins where this one began. */
	wait_until(!unload(), 10000, "the module does not unload");
	must(!load(params));
	return !run->failed;
}

static void leave_out(long from, long to, bool on)
{
	for (long nr = from; nr < to; nr++) {
		if (on)
			run->left_out[nr / 8] |= 1 << nr % 8;
		else
			run->left_out[nr / 8] &= ~(1 << nr % 8);
	}
}

/* Leaves out whatever it fails without; there is a limit to how long. */
static void shrink(const char *params)
{
	uint64_t until = now_ns() + 60 * SEC;
	unsigned char *before = malloc(run->count / 8 + 1);
	long size, from;

	run->count = run->at + 1;
	run->quiet = true;
	for (size = run->count / 2; size && now_ns() < until; size /= 2) {
		for (from = 0; from < run->count - 1; from += size) {
			memcpy(before, run->left_out, run->count / 8 + 1);
			leave_out(from, from + size < run->count - 1 ?
				  from + size : run->count - 1, true);
			if (memcmp(before, run->left_out, run->count / 8 + 1) &&
			    (now_ns() > until || run_passes(params)))
				memcpy(run->left_out, before,
				       run->count / 8 + 1);
		}
	}
	run->quiet = false;
}

static void print_log(void)
{
	for (long nr = run->at - LOG + 1; nr <= run->at; nr++) {
		if (nr >= 0 && run->log[nr % LOG][0])
			note("%s", run->log[nr % LOG]);
	}
	note("%s", run->message);
}

static void fuzz(long count, const char *params)
{
	size_t size = sizeof(*run) + count / 8 + 1;

	seed = seed_of_run();
	restricted_run = strstr(params, "restrict=1");
	run = share(size);
	run->count = count;
	if (run_passes(params)) {
		note("operations: %ld", run->done);
		return;
	}
	note("operation %ld of seed %u fails", run->at, seed);
	print_log();
	shrink(params);
	run_passes(params);
	note("and so it does with %ld operations:", run->done + 1);
	print_log();
	expect(!run->failed, "%s", run->message);
	expect(false, "it failed once; not with the same operations again");
}

TEST(fuzz_quick, "20,000 random operations: all files are as the model has them",
     .params = FUZZ_PARAMS, .limit = 900)
{
	fuzz(20000, FUZZ_PARAMS);
}

TEST(fuzz_restrict, "the same with restrict=1, where users do not see others'",
     .params = FUZZ_PARAMS " restrict=1", .limit = 900)
{
	fuzz(5000, FUZZ_PARAMS " restrict=1");
}

TEST(fuzz_million, "and with a million", .params = FUZZ_PARAMS,
     .full = true, .limit = 3600)
{
	fuzz(1000000, FUZZ_PARAMS);
}
