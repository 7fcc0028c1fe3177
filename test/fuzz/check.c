// SPDX-License-Identifier: MIT
/* Compares the contents of the files with the model. */
#include "fuzz.h"

#define TEXT_MAX 16384

/* A file of each kind of reader, which is read anew after each operation. */
struct view {
	struct file file;
	char text[TEXT_MAX];
	size_t len;
};

static struct view views[2 * USERS];
static int view_count;
static unsigned long long generation_time;

static void view_open(int kind, enum user user)
{
	struct view *v = &views[view_count++];

	v->file.kind = kind;
	v->file.user = user;
	fuzz_become(user);
	v->file.fd = open(kind == F_STAT ? STAT : STATUS, O_RDONLY | O_CLOEXEC);
	fuzz_become(ROOT);
	must(v->file.fd >= 0);
}

static size_t view_read(struct view *v, char *text)
{
	ssize_t n = pread(v->file.fd, text, TEXT_MAX - 1, 0);

	must(n >= 0);
	text[n] = '\0';
	return n;
}

/* --- rows --- */

/* The entry of the next row. Entries of one word may come in any order. */
struct entry *check_next_entry(const struct file *f, struct registry *reg,
			       int *at, pid_t pid)
{
	struct entry *e, other;
	int i;

	while (*at < reg->count && !model_visible(f, &reg->entries[*at]))
		++*at;
	if (*at == reg->count)
		return NULL;
	e = &reg->entries[(*at)++];
	for (i = *at; e->proc->pid != pid && i < reg->count &&
	     e->batch && reg->entries[i].batch == e->batch; i++) {
		if (reg->entries[i].proc->pid != pid)
			continue;
		other = *e;
		*e = reg->entries[i];
		reg->entries[i] = other;
	}
	e->batch = 0;		/* From now on the entry is known. */
	return e;
}

void check_escape(char *out, const char *comm)
{
	for (; *comm; comm++) {
		unsigned char c = *comm;

		if (c <= ' ' || c == 127 || c == '\\')
			out += sprintf(out, "\\%03o", c);
		else
			*out++ = c;
	}
	*out = '\0';
}

/* Compares /proc/PID/stat and the contract with the row now. */
static void look(struct entry *e)
{
	struct row *r = &e->looks;
	const struct proc *p = e->proc;

	r->uid = p->uid;
	check_escape(r->comm, p->comm);
	if (p->life == RELEASED) {
		r->state = e->ended ? 'X' : 'Z';
		r->threads = 0;
		r->ppid = e->ppid;
	} else {
		r->state = state_of(p->pid);
		r->threads = proc_field(p->pid, 20);
		r->ppid = proc_field(p->pid, 4);
	}
	e->looked = true;
}

static void check_looks(struct entry *e, const struct row *r)
{
	const struct row *want = &e->looks;

	if (!e->looked)
		look(e);
	if (r->ppid != want->ppid || r->uid != want->uid ||
	    r->state != want->state || r->threads != want->threads ||
	    strcmp(r->comm, want->comm))
		mismatch("stat of %d: ppid %d uid %u state %c threads %u %s; "
			 "not %d %u %c %u %s", r->pid, r->ppid, r->uid,
			 r->state, r->threads, r->comm, want->ppid, want->uid,
			 want->state, want->threads, want->comm);
}

/* The first value, or a refreshed one, is all CPU time so far. */
static void check_new_time(struct entry *e, const struct row *r)
{
	const struct proc *p = e->proc;
	uint64_t until = e->seen ? generation_time : now_ns(), total = p->total;

	/* A process that was registered at its fork had not run. */
	if (!e->seen && e->born)
		total = 0;
	else if (p->life != RELEASED)
		total = cpu_ns(p->pid);
	if (e->seen && (r->utime < e->utime || r->stime < e->stime))
		mismatch("%d went backwards", r->pid);
	if (p != driver && r->utime + r->stime != total)
		mismatch("%d: %llu + %llu ns; not %llu", r->pid, r->utime,
			 r->stime, (unsigned long long)total);
	if (r->start + r->runtime * MS > until)
		mismatch("%d: runtime %llu ms", r->pid, r->runtime);
	if (e->seen && p->life == LIVING &&
	    r->runtime != (generation_time - r->start) / MS)
		mismatch("%d: runtime %llu ms, not up to the generation",
			 r->pid, r->runtime);
}

static void check_times(struct entry *e, const struct row *r)
{
	if (!e->seen || e->moved)
		check_new_time(e, r);
	else if (r->utime != e->utime || r->stime != e->stime ||
		 r->runtime != e->runtime)
		mismatch("%d: %llu %llu %llu without a refresh; not %llu %llu %llu",
			 r->pid, r->utime, r->stime, r->runtime, e->utime,
			 e->stime, e->runtime);
	if (!e->proc->start)
		e->proc->start = r->start;
	if (e->proc->start != r->start)
		mismatch("%d: start %llu; not %llu", r->pid, r->start,
			 (unsigned long long)e->proc->start);
	e->utime = r->utime;
	e->stime = r->stime;
	e->runtime = r->runtime;
	e->seen = true;
	e->moved = false;
}

/* --- status and stat --- */

static const char *stat_row_at(const struct file *f, struct registry *reg,
			       const char *text, int *at)
{
	struct entry *e;
	struct row r;
	int n = 0;

	if (sscanf(text, "%d %d %u %c %u %llu %llu %llu %llu %79s%n", &r.pid,
		   &r.ppid, &r.uid, &r.state, &r.threads, &r.utime, &r.stime,
		   &r.start, &r.runtime, r.comm, &n) != 10 || text[n] != '\n')
		mismatch("stat: %s", text);
	e = check_next_entry(f, reg, at, r.pid);
	if (!e || e->proc->pid != r.pid)
		mismatch("stat: %d instead of %d", r.pid, e ? e->proc->pid : 0);
	check_looks(e, &r);
	check_times(e, &r);
	return text + n + 1;
}

static const char *status_row_at(const struct file *f, struct registry *reg,
				 const char *text, int *at)
{
	unsigned long long ms;
	struct entry *e;
	int pid, n = 0;

	if (sscanf(text, "%d: %llu%n", &pid, &ms, &n) != 2 || text[n] != '\n')
		mismatch("status: %s", text);
	e = check_next_entry(f, reg, at, pid);
	if (!e || e->proc->pid != pid)
		mismatch("status: %d instead of %d", pid, e ? e->proc->pid : 0);
	if (ms != e->utime / MS)
		mismatch("status: %d: %llu ms; stat has %llu ns", pid, ms,
			 e->utime);
	return text + n + 1;
}

static const char *header(const char *text, struct header *h)
{
	int n = 0;

	sscanf(text, "# generation=%llu time_ns=%llu interval_ms=%llu "
	       "processes=%llu lost=%llu\npid ppid uid state threads utime_ns "
	       "stime_ns start_ns runtime_ms comm%n", &h->generation, &h->time,
	       &h->interval, &h->processes, &h->lost, &n);
	if (!n || text[n] != '\n')
		mismatch("stat: %s", text);
	return text + n + 1;
}

static void check_header(const struct header *h, unsigned int lines)
{
	if (h->generation != model_generation || h->time != generation_time ||
	    h->interval != 3600000 || h->processes != lines ||
	    h->lost != system_registry.missed)
		mismatch("stat: generation %llu interval %llu processes %llu "
			 "lost %llu; not %llu %u %u %llu", h->generation,
			 h->interval, h->processes, h->lost, model_generation,
			 3600000, lines, system_registry.missed);
}

static void check_text(struct view *v)
{
	struct registry *reg = &system_registry;
	const char *p = v->text;
	unsigned int lines = 0;
	struct header h = { 0 };
	int at = 0;

	if (v->file.kind == F_STAT)
		p = header(p, &h);
	for (; *p; lines++)
		p = v->file.kind == F_STAT ?
			    stat_row_at(&v->file, reg, p, &at) :
			    status_row_at(&v->file, reg, p, &at);
	while (at < reg->count) {
		if (model_visible(&v->file, &reg->entries[at++]))
			mismatch("%s: %d is missing",
				 v->file.kind == F_STAT ? "stat" : "status",
				 reg->entries[at - 1].proc->pid);
	}
	if (v->file.kind == F_STAT)
		check_header(&h, lines);
}

static void check_view(struct view *v)
{
	static char text[TEXT_MAX];
	size_t len = view_read(v, text);

	if (!status_changed) {
		if (len != v->len || memcmp(text, v->text, len))
			mismatch("without a reason \"%s\" became \"%s\"",
				 v->text, text);
		return;
	}
	memcpy(v->text, text, len + 1);
	v->len = len;
	check_text(v);
}

void check_refreshed(void)
{
	struct header h;
	static char text[TEXT_MAX];

	view_read(&views[0], text);
	header(text, &h);
	if (h.generation <= model_generation || h.time <= generation_time)
		mismatch("no new generation: %llu", h.generation);
	generation_time = h.time;
	while (model_generation < h.generation) {
		if (!system_registry.count)
			mismatch("a generation of nothing: %llu", h.generation);
		model_refresh();
	}
}

void check_begin(void)
{
	struct header h;

	/* Root's stat comes first, because the others show what it found. */
	for (enum user u = ROOT; u < USERS; u++) {
		if (u != ROOT && !restricted_run)
			break;
		view_open(F_STAT, u);
		view_open(F_STATUS, u);
	}
	status_changed = true;
	view_read(&views[0], views[0].text);
	header(views[0].text, &h);
	model_generation = h.generation;
	generation_time = h.time;
}

void check_snapshot(struct file *f)
{
	int i = 0;

	while (views[i].file.kind != f->kind ||
	       (restricted_run && views[i].file.user != f->user))
		i++;
	free(f->text);
	f->text = malloc(views[i].len + 1);
	must(f->text);
	memcpy(f->text, views[i].text, views[i].len);
	f->len = views[i].len;
	f->seen = model_generation;
}

/* --- poll --- */

#define IN (POLLIN | POLLRDNORM)
#define OUT (POLLOUT | POLLWRNORM)

static short events_wanted(const struct file *f)
{
	short want = f->writable ? OUT : 0;

	if (f->kind != F_SESSION)
		return want | (f->seen != model_generation ? IN | POLLPRI : 0);
	if (model_line_waits(f))
		want |= IN;
	return want | (model_at_end(f) ? POLLHUP : 0);
}

static void check_events(void)
{
	struct pollfd polls[FILES];
	short want;
	int i;

	for (i = 0; i < file_count; i++) {
		polls[i].fd = files[i].fd;
		/* The clock makes a session's generations. */
		polls[i].events = IN | OUT |
				  (files[i].kind == F_SESSION ? 0 : POLLPRI);
	}
	must(poll(polls, file_count, 0) >= 0);
	for (i = 0; i < file_count; i++) {
		want = events_wanted(&files[i]);
		if (polls[i].revents != want)
			mismatch("file %d: poll %#x; not %#x", i,
				 polls[i].revents, want);
	}
}

void check_all(void)
{
	for (int i = 0; i < view_count; i++)
		check_view(&views[i]);
	status_changed = false;
	check_events();
}
