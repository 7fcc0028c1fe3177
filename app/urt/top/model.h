/* SPDX-License-Identifier: MIT */
/*
 * The contents of urt top: the processes of the latest generation, processes
 * that exited a few generations ago, and the CPU time of each between
 * generations. It knows nothing of terminals.
 *
 * For each generation, call top_model_record() for every record, then
 * top_model_update(), then top_model_arrange(), which says what to show.
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <liburt.h>

#define TOP_HISTORY	60	/* number of generations that are kept */
#define TOP_FADE	4	/* generations that exited rows stay */
#define TOP_EXITED_MAX	1000	/* exited rows; those that used most stay */

enum top_column {
	TOP_PID, TOP_PPID, TOP_USER, TOP_STATE, TOP_THREADS, TOP_CPU, TOP_USR,
	TOP_SYS, TOP_TIME, TOP_SPARK, TOP_NAME, TOP_COLUMNS
};

/* Percentages of one CPU in a ring. The latest is the last. */
struct top_history {
	unsigned short share[TOP_HISTORY];
	unsigned int count;	/* how many were ever added */
};

/* Two sums of CPU time. */
struct top_cpu {
	uint64_t user_ns;
	uint64_t system_ns;
};

struct top_row {
	pid_t pid;
	pid_t ppid;
	uid_t uid;
	char state;
	unsigned int threads;
	uint64_t start_ns;
	uint64_t end_ns;	/* its end, by its record; 0: none */
	struct top_cpu cpu;
	char comm[64];

	bool exited;
	int status;		/* its status of wait(2), -1 if unknown */
	unsigned int age;	/* generations since its end */

	bool measured;		/* the next two are known */
	double user;		/* percent of a CPU, in the last interval */
	double system;
	struct top_history history;

	/* Set by top_model_arrange(). */
	bool shown;
	unsigned int depth;
	struct top_row *parent;		/* shown above it, in tree order */
	struct top_row *sibling;	/* the next below the same parent */

	/* Private to the model. */
	struct top_row *chain;		/* in the index */
	struct top_row *child;		/* the first shown */
	struct top_row *last_child;
	size_t position;		/* in rows */
	size_t exited_position;		/* in exited, if it has exited */
	uint64_t seen;			/* the last update that had this row */
	bool based;			/* base is known */
	struct top_cpu base;		/* at the last generation */
	struct top_cpu used;		/* since then */
};

struct top_totals {
	size_t processes;	/* living ones */
	size_t running;		/* of them in state R */
	uint64_t exited;	/* all exits so far, with the lost ones */
	uint64_t lost;		/* exits that left no record */
	uint64_t missed;	/* never registered; times unknown */
	size_t unlisted;	/* registered, but without room in the map */
	struct top_cpu cpu;	/* of all, living or not */
	bool measured;
	double user;		/* percent of a CPU, in the last interval */
	double system;
	struct top_history history;
};

struct top_order {
	enum top_column key;
	bool reverse;
	bool tree;
	bool hide_exited;
	const char *filter;	/* "": everything */
};

#define TOP_BUCKETS 4096

struct top_model {
	struct top_totals totals;
	struct top_row **shown;	/* in the order of the screen */
	size_t shown_count;

	/* Private to the model. */
	bool records;		/* exits come as records, else as state X */
	uint64_t generation;
	uint64_t time_ns;	/* of that generation, or of the beginning */
	uint64_t updates;
	struct top_row **rows;
	size_t count;
	size_t size;		/* of rows and of shown */
	struct top_row *exited[TOP_EXITED_MAX];
	size_t exited_count;
	struct top_row *index[TOP_BUCKETS];	/* by PID */
	struct top_cpu gone;	/* CPU time of all exited processes */
	struct top_cpu pending;	/* CPU time of exits since the generation */
	uint64_t pending_end_ns;	/* latest end of these exits */
	struct top_cpu dropped;	/* CPU time of lost processes */
};

/* The rows whose PIDs share a place in the index, linked by top_row's chain. */
static inline struct top_row **top_model_bucket(struct top_model *model,
						pid_t pid)
{
	return &model->index[(unsigned int)pid % TOP_BUCKETS];
}

/*
 * records: the model is of a session; now_ns: a moment before the first
 * registration.
 */
void top_model_init(struct top_model *model, bool records, uint64_t now_ns);
void top_model_free(struct top_model *model);

/* The functions below return 0, or -1 without memory. */
int top_model_record(struct top_model *model, const struct urt_record *record);
/*
 * Takes the latest generation, which may be the same with another list. Records
 * that were written before it must have been passed before.
 */
int top_model_update(struct top_model *model,
		     const struct urt_snapshot *snapshot);
/* All processes have exited, so that no other generation comes. */
int top_model_finish(struct top_model *model, uint64_t now_ns);

void top_model_arrange(struct top_model *model, const struct top_order *order);

/* Whether the name contains the text, or the PID is that number. */
bool top_row_matches(const struct top_row *row, const char *text);
/* The place of a process in shown, or (size_t)-1. */
size_t top_model_find(const struct top_model *model, pid_t pid,
		      uint64_t start_ns);

#endif
