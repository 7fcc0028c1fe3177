// SPDX-License-Identifier: MIT
/* The lines of a session that wait, and those that are read and mapped. */
#include <sys/mman.h>

#include "fuzz.h"

/* --- lines that wait --- */

bool model_line_waits(const struct file *f)
{
	return f->rest.kind != END || f->queued || f->lost || f->reg->missed;
}

bool model_at_end(const struct file *f)
{
	return f->reg->used && !f->reg->count && !model_line_waits(f);
}

/* Takes the line that begins next. */
struct line model_take(struct file *f)
{
	struct line line = { .kind = END };

	if (f->queued) {
		line = f->queue[0];
		memmove(f->queue, f->queue + 1, --f->queued * sizeof(line));
	} else if (f->lost) {
		line = (struct line){ .kind = LOST, .count = f->lost,
				      .total = f->lost_total };
		f->lost = f->lost_total = 0;
	} else if (f->reg->missed) {
		line = (struct line){ .kind = MISSED, .count = f->reg->missed };
		f->reg->missed = 0;
	}
	return line;
}

/* --- lines that are read --- */

static void check_exit(const struct file *f, const struct line *line,
		       const struct record *r)
{
	const struct proc *p = line->proc;
	char comm[80];
	int status;

	if (!p)
		mismatch("exit %d; no exit is due", r->pid);
	status = p->told[f->user] ? p->status : -1;
	check_escape(comm, p->comm);
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
	if (r.kind != line->kind ||
	    (r.kind != EXIT && r.count != line->count) ||
	    (r.kind == LOST && r.utime + r.stime != line->total))
		mismatch("\"%s\"; not a line of kind %d, %llu, %llu", copy,
			 line->kind, line->count, line->total);
	if (r.kind == EXIT)
		check_exit(f, line, &r);
}

/* Return: bytes of text that belong to a line that was read in part before. */
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
			mismatch("%zu of %zu bytes end within a line", n,
				 count);
		if (!end) {
			f->rest = line;
			f->part_len = 0;
			check_rest(f, p, text + n - p);
			return;
		}
		if (p == text && f->room_known &&
		    (size_t)(end + 1 - p) <= f->room)
			mismatch("it had room for one more line");
		check_line(f, &line, p, end - p);
		p = end + 1;
	}
	/* The contents of lost and missed are not known yet. */
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

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t whole_pages(size_t length)
{
	return (length + 4095) / 4096 * 4096;
}

/* Return: for how many processes a map of the session has room, at most. */
static size_t most(const struct file *f)
{
	return f->user == ROOT ? MAX_PROCESSES : MAX_PER_USER;
}

static void check_mapped(struct file *f, const struct urt_map *map)
{
	const struct urt_map_snapshot *s;
	const struct urt_map_process *p;
	struct entry *e;
	unsigned int n = 0, all = 0;
	size_t room;
	int at = 0;

	s = (const void *)((const char *)map +
			   map->snapshot_offset[map->sequence & 1]);
	for (n = 0; n < s->processes; n++) {
		p = (const void *)((const char *)s + map->process_offset +
				   (size_t)n * map->process_size);
		e = check_next_entry(f, f->reg, &at, p->pid);
		if (!e || e->proc->pid != (pid_t)p->pid)
			mismatch("map: %u instead of %d", p->pid,
				 e ? e->proc->pid : 0);
	}
	for (at = 0; at < f->reg->count; at++)
		all += model_visible(f, &f->reg->entries[at]);
	room = min((f->mapped - URT_MAP_LENGTH(0)) / 2 / sizeof(*p), most(f));
	if (s->registered != all || map->capacity != room ||
	    n != min(all, room))
		mismatch("map: %u of %u in %u; not of %u", n, s->registered,
			 map->capacity, all);
}

void check_map(struct file *f)
{
	size_t length = fuzz_rnd(4) ? 4096 : fuzz_rnd(20000);
	size_t all = whole_pages(length);
	int want = !all || all > whole_pages(URT_MAP_LENGTH(most(f))) ||
		   all < f->mapped ? EINVAL : 0;
	void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, f->fd, 0);
	int seen = map == MAP_FAILED ? errno : 0;

	if (seen != want)
		mismatch("mmap of %zu: %s", length, strerror(seen));
	if (want)
		return;
	f->mapped = all;
	check_mapped(f, map);
	munmap(map, length);
}
