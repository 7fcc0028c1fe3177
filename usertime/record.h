/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_RECORD_H
#define URT_RECORD_H

#include <linux/list.h>
#include <linux/types.h>

#include "cputime.h"

struct urt_opener;

extern unsigned int urt_max_records;

/* Records of a session. The registry's lock protects all of them. */
struct urt_records {
	struct list_head queue;		/* entries, in the order of their end */
	unsigned int waiting;		/* length of the queue */
	u64 lost;			/* exits without a record, and sums */
	struct urt_cputime lost_time;
	u64 missed;
	struct list_head pieces;	/* text that readers gave back */
	unsigned int taken;		/* pieces that readers have now */
};

/*
 * The longest lines of a process: an exit line with seven numbers, a status and
 * a name that is all escaped, and a split line with three numbers.
 */
#define URT_RECORD_MAX 320

/* Lines on their way to a reader. */
struct urt_piece {
	struct list_head list;
	size_t size;			/* of data */
	size_t begin;			/* not read yet, up to end */
	size_t end;
	char data[];
};

void urt_records_init(struct urt_records *records);
void urt_records_exit(struct urt_records *records);

bool urt_records_waiting(const struct urt_records *records);
void urt_records_add(struct urt_records *records, struct list_head *entries,
		     const struct urt_opener *who);

struct urt_piece *urt_piece_alloc(size_t count);
void urt_piece_free(struct urt_piece *piece);
struct urt_piece *urt_records_take(struct urt_records *records,
				   const struct urt_opener *who,
				   struct urt_piece *fresh, size_t count);
size_t urt_piece_fit(const struct urt_piece *piece, size_t count);
void urt_records_finish(struct urt_records *records, struct urt_piece *piece);

#endif
