// SPDX-License-Identifier: MIT
/*
 * The meaning of writing, forking, exiting and reading, by the contract alone.
 */
#include <limits.h>

#include "fuzz.h"

struct registry system_registry;
struct file files[FILES];
int file_count, model_total;
bool restricted_run, status_changed;
unsigned long long model_generation;

static int charged[USERS];
static int batches;
static unsigned long ends;	/* of processes, as they came */
static int other_errno;		/* another errno that is right as well */

struct registry *model_registry(struct file *f)
{
	return f->kind == F_SESSION ? f->reg : &system_registry;
}

static void touched(const struct registry *reg)
{
	if (reg == &system_registry)
		status_changed = true;
}

/* --- rights --- */

static bool owns(enum user user, const struct proc *p)
{
	return !p->mixed && p->uid == fuzz_uids[user];
}

static bool restricted(enum user user)
{
	return restricted_run && user != ROOT;
}

bool model_visible(const struct file *f, const struct entry *e)
{
	return !restricted(f->user) || owns(f->user, e->proc);
}

/* Whether so many more have room. Return: 0 or an errno. */
static int room_for(enum user user, int more)
{
	int user_room = user == ROOT ? INT_MAX : MAX_PER_USER - charged[user];
	int room = MAX_PROCESSES - model_total;

	other_errno = 0;
	if (user_room >= more && room >= more)
		return 0;
	/* The contract does not say which of the two comes first. */
	if (user_room == room)
		other_errno = ENOSPC;
	return user_room <= room ? EDQUOT : ENOSPC;
}

/* --- entries --- */

static struct entry *entry_of(struct registry *reg, const struct proc *p)
{
	for (int i = 0; i < reg->count; i++) {
		if (reg->entries[i].proc == p)
			return &reg->entries[i];
	}
	return NULL;
}

/* The number of a thread means its process. */
static struct proc *find(unsigned int nr)
{
	struct proc *p;

	for (int i = 0; i < living_count; i++) {
		p = living[i];
		if ((unsigned int)p->pid == nr)
			return p;
		for (int t = 0; t < p->threads; t++) {
			if ((unsigned int)p->tids[t] == nr)
				return p;
		}
	}
	return NULL;
}

static struct entry *enter(struct registry *reg, struct proc *p,
			   enum user user, int batch)
{
	struct entry *e = &reg->entries[reg->count++];

	*e = (struct entry){
		.proc = p,
		.user = user,
		.payer = -1,
		.batch = batch,
		.ppid = p->parent ? p->parent->pid : 0,
		.exited = p->life == LIVING ? 0 : ++ends,
	};
	charged[user]++;
	model_total++;
	reg->used = true;
	touched(reg);
	return e;
}

void model_drop(struct registry *reg, int at)
{
	charged[reg->entries[at].user]--;
	model_total--;
	memmove(reg->entries + at, reg->entries + at + 1,
		(--reg->count - at) * sizeof(*reg->entries));
	touched(reg);
}

/* --- words --- */

static int word_add(struct file *f, unsigned int nr)
{
	struct registry *reg = model_registry(f);
	struct proc *p = find(nr);
	int err;

	if (!p)
		return ESRCH;
	if (restricted(f->user) && !owns(f->user, p))
		return EPERM;
	if (entry_of(reg, p))
		return 0;
	err = room_for(f->user, 1);
	if (!err)
		enter(reg, p, f->user, ++batches);
	return err;
}

static bool descends(const struct proc *p, const struct proc *root)
{
	while (p && p != root)
		p = p->parent;
	return p;
}

static int word_tree(struct file *f, unsigned int nr)
{
	struct registry *reg = model_registry(f);
	struct proc *root = find(nr);
	struct entry *e;
	int i, more = 0, err;

	if (!root)
		return ESRCH;
	if (f->user != ROOT && !owns(f->user, root))
		return EPERM;
	for (i = 0; i < living_count; i++)
		more += descends(living[i], root) && !entry_of(reg, living[i]);
	err = room_for(f->user, more);
	if (err && more)
		return err;
	/* The root is first. The others may come in any order. */
	batches++;
	if (!entry_of(reg, root))
		enter(reg, root, f->user, 0);
	for (i = 0; i < living_count; i++) {
		if (!descends(living[i], root))
			continue;
		e = entry_of(reg, living[i]);
		if (!e)
			e = enter(reg, living[i], f->user, batches);
		if (e->payer < 0)
			e->payer = f->user;
	}
	return 0;
}

/* Of several exited processes with the number, the first one to exit. */
static int find_exited(const struct registry *reg, unsigned int nr)
{
	int i, found = -1;

	for (i = 0; i < reg->count; i++) {
		const struct entry *e = &reg->entries[i];

		if (e->proc->life == RELEASED &&
		    (unsigned int)e->proc->pid == nr &&
		    (found < 0 || e->exited < reg->entries[found].exited))
			found = i;
	}
	return found;
}

static int word_remove(struct file *f, unsigned int nr)
{
	struct registry *reg = model_registry(f);
	struct proc *p = find(nr);
	struct entry *e;
	int at;

	e = p ? entry_of(reg, p) : NULL;
	at = p ? (e ? e - reg->entries : -1) : find_exited(reg, nr);
	if (at < 0)
		return ENOENT;
	e = &reg->entries[at];
	if (e->user != f->user && f->user != ROOT && !owns(f->user, e->proc))
		return EPERM;
	model_drop(reg, at);
	return 0;
}

static int word_interval(struct file *f, unsigned int ms)
{
	return ms < (f->user == ROOT ? 10 : 100) || ms > 3600000 ? EINVAL : 0;
}

/* Return: the number, or 0 if the text is no number within bounds. */
static unsigned int number_of(const char *word, size_t len)
{
	unsigned long long number = 0;

	if (!len || len > URT_WORD_MAX)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return 0;
		if (number <= INT_MAX)
			number = number * 10 + (word[i] - '0');
	}
	return number > INT_MAX ? 0 : number;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_name(const char *word, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(word, name, len);
}

/* Whether the word has a number behind it. */
static bool takes_number(const struct file *f, const char *word, size_t len)
{
	return is_name(word, len, "tree") ||
	       (f->kind == F_SESSION && is_name(word, len, "interval"));
}

/* Does a complete word. Return: 0 or its errno. */
static int do_word(struct file *f, const char *word, size_t len)
{
	size_t name = 0, gap;
	unsigned int nr;

	other_errno = 0;
	if (len > URT_WORD_MAX)
		return EINVAL;
	while (name < len && !is_blank(word[name]))
		name++;
	if (takes_number(f, word, name)) {
		for (gap = name; gap < len && is_blank(word[gap]); gap++)
			;
		nr = number_of(word + gap, len - gap);
		if (!nr)
			return EINVAL;
		return *word == 't' ? word_tree(f, nr) : word_interval(f, nr);
	}
	nr = number_of(word + (*word == '+' || *word == '-'),
		       len - (*word == '+' || *word == '-'));
	if (!nr)
		return EINVAL;
	return *word == '-' ? word_remove(f, nr) : word_add(f, nr);
}

/* --- writes --- */

/* Whether a newline comes before anything but blanks. */
static bool line_ends(const char *text, size_t len)
{
	for (; len && is_blank(*text); text++, len--) {
		if (*text == '\n')
			return true;
	}
	return false;
}

/*
 * Return: where the word ends. *whole: no part of it can be missing there.
 * *wants: its number is missing, and a blank says that it will come.
 */
static size_t word_end(const struct file *f, const char *text, size_t at,
		       size_t len, bool blank_follows, bool *whole, bool *wants)
{
	size_t begin = at, name;
	bool named, empty;

	while (at < len && !is_blank(text[at]))
		at++;
	name = at;
	named = takes_number(f, text + begin, at - begin);
	if (named) {
		while (at < len && is_blank(text[at]))
			at++;
		begin = at;
		while (at < len && !is_blank(text[at]))
			at++;
	}
	empty = named && begin == at;
	*whole = at < len || (blank_follows && !empty);
	*wants = empty && at == len && name < at &&
		 !line_ends(text + name, at - name);
	return at;
}

/* Return: the result of write(), or -errno. */
long model_write(struct file *f, const char *data, size_t count)
{
	static char text[URT_WORD_MAX + URT_WRITE_MAX];
	size_t start = f->carried, take = count, at = 0, len, end;
	bool longer = count > URT_WRITE_MAX, rest = count == f->left;
	bool waits = longer || rest || count >= URT_CARRY_MIN;
	bool whole, wants, any = false, ended;
	int err;

	if (!count)
		return 0;
	if (longer)
		take = URT_WRITE_MAX;
	memcpy(text, f->carry, start);
	memcpy(text + start, data, take);
	len = start + take;
	f->carried = 0;
	f->left = 0;
	ended = start && f->line && line_ends(data, take);
	if (ended)
		return -EINVAL;
	for (;; at = end) {
		while (at < len && is_blank(text[at]))
			at++;
		if (at == len)
			break;
		end = word_end(f, text, at, len, longer && is_blank(data[take]),
			       &whole, &wants);
		if (whole || !(waits || wants)) {
			err = do_word(f, text + at, end - at);
		} else if (longer && at > start) {
			f->left = count - (at - start);
			return at - start;
		} else if (longer || len - at > URT_WORD_MAX) {
			err = EINVAL;
		} else {
			f->carried = len - at;
			f->line = !waits;
			memcpy(f->carry, text + at, f->carried);
			return take;
		}
		if (err)
			return any ? (long)(at - start) : -err;
		any = f->did = true;
	}
	/* Blanks alone are no word, unless they end or begin one. */
	if (!longer && !rest && !f->did)
		return -EINVAL;
	f->left = count - take;
	return take;
}

bool model_accepts(long want, long seen)
{
	return seen == want ||
	       (want < 0 && other_errno && seen == -other_errno);
}

void model_close(struct file *f)
{
	struct registry *reg = f->reg;

	if (f->kind == F_SESSION) {
		while (reg->count)
			model_drop(reg, reg->count - 1);
		free(reg);
	} else if (f->carried) {
		do_word(f, f->carry, f->carried);
	}
	free(f->text);
	*f = files[--file_count];
}

/* --- processes --- */

static void for_each_registry(void (*fn)(struct registry *, struct file *,
					 void *), void *arg)
{
	fn(&system_registry, NULL, arg);
	for (int i = 0; i < file_count; i++) {
		if (files[i].kind == F_SESSION)
			fn(files[i].reg, &files[i], arg);
	}
}

struct children {
	struct proc *parent, *child;
	int by[USERS];
};

static void count_child(struct registry *reg, struct file *f, void *arg)
{
	struct children *c = arg;
	struct entry *e = entry_of(reg, c->parent);

	if (e && e->payer >= 0)
		c->by[e->payer]++;
}

/*
 * The contract does not say which registry misses a child: all of them may, or
 * none.
 */
bool model_can_fork(struct proc *parent)
{
	struct children c = { .parent = parent };
	int total = MAX_PROCESSES - model_total, all = 0, room;

	for_each_registry(count_child, &c);
	for (enum user u = ROOT; u < USERS; u++) {
		room = u == ROOT ? INT_MAX : MAX_PER_USER - charged[u];
		if (room > 0 && room < c.by[u])
			return false;
		all += room > 0 ? c.by[u] : 0;
	}
	return total <= 0 || total >= all;
}

static void enter_child(struct registry *reg, struct file *f, void *arg)
{
	struct children *c = arg;
	struct entry *e = entry_of(reg, c->parent);
	int payer = e ? e->payer : -1;

	if (payer < 0)
		return;
	touched(reg);
	if (room_for(payer, 1)) {
		reg->missed++;
		return;
	}
	e = enter(reg, c->child, payer, ++batches);
	e->payer = payer;
	e->born = true;
}

void model_forked(struct proc *parent, struct proc *child)
{
	for_each_registry(enter_child, &(struct children){
		.parent = parent, .child = child });
}

void model_witnessed(struct proc *p)
{
	p->witnessed = true;
	model_total++;
}

static void note_exited(struct registry *reg, struct file *f, void *proc)
{
	struct entry *e = entry_of(reg, proc);

	if (e)
		e->exited = ++ends;
}

/* All its threads have exited. */
void model_exited(struct proc *p)
{
	for_each_registry(note_exited, p);
}

static void finish(struct registry *reg, struct file *f, void *proc)
{
	struct entry *e = entry_of(reg, proc);

	if (!e || !f)
		return;
	if (f->queued < MAX_RECORDS && model_visible(f, e)) {
		f->queue[f->queued++] = (struct line){
			.kind = EXIT, .proc = proc, .ppid = e->ppid,
		};
	} else {
		f->lost++;
		f->lost_total += e->proc->total;
	}
	model_drop(reg, e - reg->entries);
}

void model_final(struct proc *p)
{
	model_total--;		/* of the witness */
	for_each_registry(finish, p);
}

/* Makes one generation of status and stat. */
void model_refresh(void)
{
	struct registry *reg = &system_registry;
	struct entry *e;

	model_generation++;
	for (int i = 0; i < reg->count; i++) {
		e = &reg->entries[i];
		e->looked = false;
		e->moved = !e->ended;
		if (e->ended)
			model_drop(reg, i--);
		else
			e->ended = e->proc->life == RELEASED;
	}
	status_changed = true;
}
