// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of a session: the processes that have exited, and what became of
 * processes without a record. An entry becomes its own record, so that the exit
 * of a process allocates nothing.
 *
 * A reader takes a piece of text out under the registry's lock, and copies it
 * to user space without the lock. The reader gives back what it could not
 * deliver.
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

/* A reader takes no more at once, because other tasks want the lock. */
#define PIECE_MAX (SZ_4K - sizeof(struct urt_piece))

unsigned int urt_max_records = 4096;

/**
 * urt_records_init() - set up empty records
 * @records: of a session; zeroed
 *
 * Context: Process.
 */
void urt_records_init(struct urt_records *records)
{
	INIT_LIST_HEAD(&records->queue);
	INIT_LIST_HEAD(&records->pieces);
}

/**
 * urt_records_exit() - free all records
 * @records: of a session that has no reader any more
 *
 * Call this when no probe can know one of the entries any more.
 *
 * Context: Process. May sleep.
 */
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

/**
 * urt_records_waiting() - whether a reader would get a line
 * @records: of a session
 *
 * Context: Process. The caller holds the registry's lock.
 * Return: whether a line waits.
 */
bool urt_records_waiting(const struct urt_records *records)
{
	return !list_empty(&records->queue) || !list_empty(&records->pieces) ||
	       records->lost || records->missed;
}

/* Return: whether the opener may not know about a process that has ended. */
static bool hidden(const struct urt_entry *entry, const struct urt_opener *who)
{
	return who->restricted &&
	       !(entry->owned && urt_opener_owns(who, entry->uid));
}

/**
 * urt_records_add() - add records of processes that have ended
 * @records: of a session
 * @entries: unlinked and final; the list is empty afterwards
 * @who: the opener of the session
 *
 * An entry is freed when its record has been read.
 *
 * Context: Process. The caller holds the registry's lock.
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

/* Return: whether /proc/PID/stat would tell the opener the status. */
static bool may_tell(const struct urt_entry *entry, const struct urt_opener *who)
{
	if (!entry->dumpable && !urt_opener_capable(who, CAP_SYS_PTRACE))
		return false;
	return entry->same_creds ||
	       file_ns_capable(who->file, entry->user_ns, CAP_SYS_PTRACE);
}

/* Numbers as the opener counts. Many records in a row have the same numbers. */
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
static char *split_line(char *end, struct urt_entry *entry,
			const struct urt_opener *who)
{
	const struct urt_accuracy *accuracy =
		&urt_entry_precise(entry)->final_accuracy;
	const u64 columns[] = {
		pid_nr_ns(entry->pid, who->pid_ns),
		accuracy->samples,
		accuracy->error_ns,
	};
	char *p = end;

	*--p = '\n';
	p = urt_print_columns_before(p, columns, ARRAY_SIZE(columns));
	p -= strlen("split");
	return memcpy(p, "split", strlen("split"));
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
 * urt_piece_alloc() - allocate room for what a read may take
 * @count: bytes that the reader wants
 *
 * Context: Process. Allocates memory.
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

/**
 * urt_piece_free() - free a piece
 * @piece: on no list, or NULL
 *
 * Context: Process.
 */
void urt_piece_free(struct urt_piece *piece)
{
	kfree(piece);
}

/*
 * Adds a line if the reader has room for all of it. The first line always has
 * room.
 * Return: whether the line was added.
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
		if (entry->precise)
			p = split_line(p, entry, who);
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
 * @who: the opener of the session
 * @fresh: filled and returned, unless a reader has given text back
 * @count: bytes that the reader wants
 *
 * Context: Process. The caller holds the registry's lock.
 * Return: a piece for urt_records_finish(), or NULL if there are no lines. The
 * piece has as many whole lines as fit in @count, but at least one, or it has
 * what an earlier reader could not take.
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

/**
 * urt_piece_fit() - how much of a piece a reader gets
 * @piece: from urt_records_take()
 * @count: bytes that the reader has room for
 *
 * Context: Process. Takes no lock.
 * Return: bytes of whole lines, or else of a part of the first line.
 */
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

/**
 * urt_records_finish() - give a piece back
 * @records: of a session
 * @piece: from urt_records_take(); freed if all of it was read
 *
 * The next reader first gets what this reader could not take.
 *
 * Context: Process. The caller holds the registry's lock.
 */
void urt_records_finish(struct urt_records *records, struct urt_piece *piece)
{
	records->taken--;
	if (piece->begin < piece->end)
		list_add(&piece->list, &records->pieces);
	else
		urt_piece_free(piece);
}
