// SPDX-License-Identifier: MIT
/* What the files show, compared with the model. */
#include <sys/mman.h>

#include "fuzz.h"

#define TEXT_MAX 16384

/* A file of each kind of reader, read anew after each operation. */
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

/* The entry that the next row is of. Of one word, any may come first. */
static struct entry *next_entry(const struct file *f, struct registry *reg,
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
	e->batch = 0;		/* From now on it is known. */
	return e;
}

static void escape(char *out, const char *comm)
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

/* What /proc/PID/stat and the contract say about it now. */
static void look(struct entry *e)
{
	struct row *r = &e->looks;
	const struct proc *p = e->proc;

	r->uid = p->uid;
	escape(r->comm, p->comm);
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

/* The first value, or a refreshed one, is all that it has used. */
static void check_new_time(struct entry *e, const struct row *r)
{
	const struct proc *p = e->proc;
	uint64_t until = e->seen ? generation_time : now_ns(), total = p->total;

	/* One that was registered at its fork had not run. */
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
	e = next_entry(f, reg, at, r.pid);
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
	e = next_entry(f, reg, at, pid);
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
	struct header h;
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

	/* Root's stat comes first: what it looks up, the others show. */
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
		/* A session's generations are those of a clock. */
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

/* --- sessions --- */

static void check_exit(const struct file *f, const struct line *line,
		       const struct record *r)
{
	const struct proc *p = line->proc;
	int status = p->told[f->user] ? p->status : -1;
	char comm[80];

	escape(comm, p->comm);
	if (r->pid != p->pid || r->ppid != line->ppid || r->uid != p->uid ||
	    r->status != status || strcmp(r->comm, comm) ||
	    r->utime + r->stime != p->total ||
	    (p->start && r->start != p->start))
		mismatch("exit %d %d %u, %llu ns, %#x %s; not %d %d %u, %llu, %#x %s",
			 r->pid, r->ppid, r->uid, r->utime + r->stime,
			 r->status, r->comm, p->pid, line->ppid, p->uid,
			 (unsigned long long)p->total, status, comm);
}

static void check_line(const struct file *f, const struct line *line,
		       const char *text, size_t len)
{
	char copy[512];
	struct record r;

	if (len >= sizeof(copy))
		mismatch("a line of %zu bytes", len);
	memcpy(copy, text, len);
	copy[len] = '\0';
	record_parse(copy, &r);
	if (r.kind != line->kind || (r.kind != EXIT && r.count != line->count) ||
	    (r.kind == LOST && r.utime + r.stime != line->total))
		mismatch("\"%s\"; not a line of kind %d, %llu, %llu", copy,
			 line->kind, line->count, line->total);
	if (r.kind == EXIT)
		check_exit(f, line, &r);
}

/* Return: bytes of text that are the rest of a line that was read in part. */
static size_t check_rest(struct file *f, const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);
	size_t len = end ? (size_t)(end - text) : n;

	if (f->part_len + len > sizeof(f->part))
		mismatch("no end of a line");
	memcpy(f->part + f->part_len, text, len);
	f->part_len += len;
	if (!end)
		return n;
	check_line(f, &f->rest, f->part, f->part_len);
	f->rest.kind = END;
	return len + 1;
}

static void check_lines(struct file *f, const char *text, size_t n,
			size_t count)
{
	const char *p = text, *end;
	struct line line;

	while (p < text + n) {
		line = model_take(f);
		if (line.kind == END)
			mismatch("more than there is: %.*s", (int)n, text);
		end = memchr(p, '\n', text + n - p);
		if (!end && (p != text || n != count))
			mismatch("%zu of %zu bytes end within a line", n, count);
		if (!end) {
			f->rest = line;
			f->part_len = 0;
			check_rest(f, p, text + n - p);
			return;
		}
		if (p == text && f->room_known && (size_t)(end + 1 - p) <= f->room)
			mismatch("it had room for one more line");
		check_line(f, &line, p, end - p);
		p = end + 1;
	}
	/* What lost and missed will say, is not known yet. */
	f->room_known = f->queued;
	f->room = count - n;
}

void check_session_read(struct file *f, const char *text, long n, size_t count)
{
	long want = !count || model_at_end(f) ? 0 : -EAGAIN;

	if (!count || !model_line_waits(f)) {
		if (n != want)
			mismatch("read %ld; not %ld", n, want);
		return;
	}
	if (n <= 0 || (size_t)n > count)
		mismatch("read %ld of %zu", n, count);
	if (f->rest.kind == END) {
		check_lines(f, text, n, count);
		return;
	}
	f->room_known = false;
	if (check_rest(f, text, n) != (size_t)n)
		mismatch("more than the rest of a line");
	if (f->rest.kind != END && (size_t)n != count)
		mismatch("%ld of %zu bytes end within a line", n, count);
}

static void check_mapped(struct file *f, const struct urt_map *map)
{
	const struct urt_map_snapshot *s;
	const struct urt_map_process *p;
	struct entry *e;
	unsigned int n = 0, all = 0;
	int at = 0;

	s = (const void *)((const char *)map +
			   map->snapshot_offset[map->sequence & 1]);
	for (n = 0; n < s->processes; n++) {
		p = (const void *)((const char *)s + map->process_offset +
				   n * map->process_size);
		e = next_entry(f, f->reg, &at, p->pid);
		if (!e || e->proc->pid != (pid_t)p->pid)
			mismatch("map: %u instead of %d", p->pid,
				 e ? e->proc->pid : 0);
	}
	for (at = 0; at < f->reg->count; at++)
		all += model_visible(f, &f->reg->entries[at]);
	if (s->registered != all || map->capacity != MAX_PER_USER ||
	    n != (all < MAX_PER_USER ? all : MAX_PER_USER))
		mismatch("map: %u of %u in %u; not of %u", n, s->registered,
			 map->capacity, all);
}

/* All of it fits in a page. */
void check_map(struct file *f)
{
	size_t length = fuzz_rnd(4) ? 4096 : fuzz_rnd(9000);
	int want = !length || length > 4096 ? EINVAL : 0;
	void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, f->fd, 0);
	int seen = map == MAP_FAILED ? errno : 0;

	if (seen != want)
		mismatch("mmap of %zu: %s", length, strerror(seen));
	if (want)
		return;
	check_mapped(f, map);
	munmap(map, length);
}
