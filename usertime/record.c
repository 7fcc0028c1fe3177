// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of a session: who has exited, and what became of those of whom
 * there is no record. An entry becomes its own record, so that the exit of a
 * process allocates nothing.
 *
 * A reader takes a piece of text out, under the registry's lock, and copies it
 * to user space without; what it could not deliver it gives back.
 */
#include "record.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "entry.h"
#include "opener.h"
#include "print.h"

/* Nobody takes more at once: others want the lock, too. */
#define PIECE_MAX (SZ_4K - sizeof(struct urt_piece))

unsigned int urt_max_records = 4096;

void urt_records_init(struct urt_records *records)
{
	INIT_LIST_HEAD(&records->queue);
	INIT_LIST_HEAD(&records->pieces);
}

/* When nobody reads any more, and no probe can know one of the entries. */
void urt_records_exit(struct urt_records *records)
{
	struct urt_piece *piece, *next_piece;
	struct urt_entry *entry, *next_entry;

	list_for_each_entry_safe(entry, next_entry, &records->queue, list) {
		urt_entry_free(entry);
		cond_resched();
	}
	list_for_each_entry_safe(piece, next_piece, &records->pieces, list)
		urt_piece_free(piece);
}

/* Return: whether a reader would get something. */
bool urt_records_waiting(const struct urt_records *records)
{
	return !list_empty(&records->queue) || !list_empty(&records->pieces) ||
	       records->lost || records->missed;
}

/* Whether the opener may not know about a process that has ended. */
static bool hidden(const struct urt_entry *entry, const struct urt_opener *who)
{
	return who->restricted &&
	       !(entry->owned && urt_opener_owns(who, entry->uid));
}

/**
 * urt_records_add() - note that processes have ended
 * @records: of the session
 * @entries: unlinked and final, each freed when it has been read; empty then
 * @who: has opened the session
 */
void urt_records_add(struct urt_records *records, struct list_head *entries,
		     const struct urt_opener *who)
{
	struct urt_entry *entry, *next;

	list_for_each_entry_safe(entry, next, entries, list) {
		if (records->waiting < urt_max_records && !hidden(entry, who)) {
			records->waiting++;
			continue;
		}
		records->lost++;
		records->lost_time.utime += entry->final_time.utime;
		records->lost_time.stime += entry->final_time.stime;
		list_del(&entry->list);
		urt_entry_free_rcu(entry);
	}
	list_splice_tail_init(entries, &records->queue);
}

/* --- lines --- */

/* Whether /proc/PID/stat would tell the opener the status. */
static bool may_tell(const struct urt_entry *entry, const struct urt_opener *who)
{
	if (!entry->dumpable && !urt_opener_capable(who, CAP_SYS_PTRACE))
		return false;
	return entry->same_creds ||
	       file_ns_capable(who->file, entry->user_ns, CAP_SYS_PTRACE);
}

/* As the opener counts: many records in a row have the same. */
struct numbers {
	kuid_t kuid;
	uid_t uid;
	const struct pid *parent;
	pid_t ppid;
};

static void map_numbers(struct numbers *last, const struct urt_entry *entry,
			const struct urt_opener *who)
{
	if (!uid_eq(last->kuid, entry->uid)) {
		last->kuid = entry->uid;
		last->uid = from_kuid_munged(who->file->f_cred->user_ns,
					     entry->uid);
	}
	if (last->parent != entry->parent) {
		last->parent = entry->parent;
		last->ppid = pid_nr_ns(entry->parent, who->pid_ns);
	}
}

/* Return: where the line begins. */
static char *exit_line(char *end, const struct urt_entry *entry,
		       const struct urt_opener *who, const struct numbers *nrs)
{
	const u64 columns[] = {
		pid_nr_ns(entry->pid, who->pid_ns),
		nrs->ppid,
		nrs->uid,
		entry->final_time.utime,
		entry->final_time.stime,
		entry->start_ns + who->boot_offset,
		entry->end_ns - entry->start_ns,
		entry->status,
	};
	unsigned int n = ARRAY_SIZE(columns);
	char *p = end;

	*--p = '\n';
	p = urt_print_comm_before(p, entry->comm);
	*--p = ' ';
	if (!may_tell(entry, who)) {
		*--p = '-';
		*--p = ' ';
		n--;
	}
	p = urt_print_columns_before(p, columns, n);
	p -= strlen("exit");
	return memcpy(p, "exit", strlen("exit"));
}

/* --- pieces --- */

/**
 * urt_piece_alloc() - room for what a read may take
 * @count: bytes that the reader wants
 *
 * Return: a piece for urt_records_take(), or NULL.
 */
struct urt_piece *urt_piece_alloc(size_t count)
{
	size_t size = clamp_t(size_t, count, URT_RECORD_MAX, PIECE_MAX);
	struct urt_piece *piece;

	piece = kmalloc(struct_size(piece, data, size), GFP_KERNEL_ACCOUNT);
	if (piece)
		piece->size = size;
	return piece;
}

void urt_piece_free(struct urt_piece *piece)
{
	kfree(piece);
}

/*
 * Puts a line behind the others, if the reader has room for all of it. Return:
 * whether it did; the first line always does.
 */
static __always_inline bool append(struct urt_piece *piece, size_t limit,
				   const char *line, size_t len)
{
	if (piece->end && piece->end + len > limit)
		return false;
	memcpy(piece->data + piece->end, line, len);
	piece->end += len;
	return true;
}

static void take_exits(struct urt_records *records,
		       const struct urt_opener *who, struct urt_piece *piece,
		       size_t limit)
{
	char line[URT_RECORD_MAX], *end = line + sizeof(line), *p;
	struct list_head *last = &records->queue;
	struct numbers nrs = { .kuid = INVALID_UID };
	struct urt_entry *entry;
	LIST_HEAD(done);

	list_for_each_entry(entry, &records->queue, list) {
		map_numbers(&nrs, entry, who);
		p = exit_line(end, entry, who, &nrs);
		if (!append(piece, limit, p, end - p))
			break;
		last = &entry->list;
		records->waiting--;
	}
	list_cut_position(&done, &records->queue, last);
	urt_entry_free_all_rcu(&done);
}

static void take_lost(struct urt_records *records, struct urt_piece *piece,
		      size_t limit)
{
	char line[URT_RECORD_MAX];
	int len;

	len = scnprintf(line, sizeof(line), "lost %llu %llu %llu\n",
			records->lost, records->lost_time.utime,
			records->lost_time.stime);
	if (append(piece, limit, line, len)) {
		records->lost = 0;
		records->lost_time = (struct urt_cputime) { };
	}
}

static void take_missed(struct urt_records *records, struct urt_piece *piece,
			size_t limit)
{
	char line[URT_RECORD_MAX];
	int len;

	len = scnprintf(line, sizeof(line), "missed %llu\n", records->missed);
	if (append(piece, limit, line, len))
		records->missed = 0;
}

/**
 * urt_records_take() - take lines for a reader
 * @records: of a session
 * @who: has opened it
 * @fresh: filled and returned, unless there is text that was given back
 * @count: bytes that the reader wants
 *
 * Return: whole lines, as many as fit in @count; one line, if not even that
 * does; or what an earlier reader could not take; NULL if there is nothing. For
 * urt_records_finish().
 */
struct urt_piece *urt_records_take(struct urt_records *records,
				   const struct urt_opener *who,
				   struct urt_piece *fresh, size_t count)
{
	size_t limit = min(count, fresh->size);
	struct urt_piece *old;

	old = list_first_entry_or_null(&records->pieces, struct urt_piece,
				       list);
	if (old) {
		list_del(&old->list);
		records->taken++;
		return old;
	}
	fresh->begin = 0;
	fresh->end = 0;
	take_exits(records, who, fresh, limit);
	if (records->lost && list_empty(&records->queue))
		take_lost(records, fresh, limit);
	if (records->missed && list_empty(&records->queue) && !records->lost)
		take_missed(records, fresh, limit);
	if (!fresh->end)
		return NULL;
	records->taken++;
	return fresh;
}

/* Return: how many bytes of a piece make whole lines, or part of the first. */
size_t urt_piece_fit(const struct urt_piece *piece, size_t count)
{
	const char *text = piece->data + piece->begin;
	size_t len = piece->end - piece->begin, fit;

	if (len <= count)
		return len;
	for (fit = count; fit && text[fit - 1] != '\n'; fit--)
		;
	return fit ?: count;
}

/* What a reader could not take comes first again. */
void urt_records_finish(struct urt_records *records, struct urt_piece *piece)
{
	records->taken--;
	if (piece->begin < piece->end)
		list_add(&piece->list, &records->pieces);
	else
		urt_piece_free(piece);
}
