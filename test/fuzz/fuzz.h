/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer. fuzz.c does random operations, those of files.c and of procs.c.
 * words.c makes the text to write, world.c has the processes, model.c says what
 * the contract (urt.h) demands. check.c and session.c compare this with the
 * files. trees.c is a fuzzer of its own.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include "lib.h"

/* Parameters of the module, small enough for every limit to be reached. */
#define MAX_PROCESSES 40
#define MAX_PER_USER 6
#define MAX_RECORDS 3
#define FUZZ_PARAMS "interval_ms=3600000 max_processes=40 max_per_user=6 " \
		    "max_records=3"

#define THREADS 2		/* that a process has besides its leader */
#define LIVING_MAX 9
#define FILES 7
#define DATA_MAX 10000		/* bytes of a write */

/* --- users --- */

enum user { ROOT, USER, OTHER, USERS };

extern const unsigned int fuzz_uids[USERS];

void fuzz_become(enum user user);	/* until fuzz_become(ROOT) */

/* --- processes --- */

enum life { LIVING, ZOMBIE, RELEASED };

struct proc {
	pid_t pid;
	enum life life;
	struct proc *parent;		/* NULL: it is not one of ours */
	int slot;			/* of its channel */
	unsigned int uid;		/* real */
	bool mixed;			/* its uids differ: no user's */
	bool stopped, leader_gone, witnessed;
	pid_t tids[THREADS];
	int threads;			/* of tids */
	int status;			/* once a zombie */
	uint64_t total;			/* CPU time, then */
	bool told[USERS];		/* which users may know status */
	uint64_t start;			/* as the first row or record said */
	char comm[16];
};

extern struct proc *driver;		/* ourselves, PID 1 of a namespace */
extern struct proc *living[64];		/* with zombies; 0: driver */
extern int living_count;
extern int witness;			/* a session with all processes */

void world_begin(void);
struct proc *world_spawn(struct proc *parent, pid_t number, unsigned int uid,
			 bool mixed);
bool world_obeys(const struct proc *p);	/* whether it can carry out orders */
void world_thread(struct proc *p);
void world_end_thread(struct proc *p);
void world_end_leader(struct proc *p);
void world_rename(struct proc *p, const char *comm);
void world_burn(struct proc *p);
void world_stop(struct proc *p);
void world_continue(struct proc *p);
void world_end(struct proc *p, bool by_signal, unsigned int code);
bool world_can_reap(const struct proc *p);
void world_reap(struct proc *p);

/* --- the model --- */

/* A registered process. */
struct entry {
	struct proc *proc;
	enum user user;		/* registered it */
	int payer;		/* pays for its forks; -1: no user */
	int batch;		/* entries of one word; order unknown */
	unsigned long exited;	/* its place among exits */
	pid_t ppid;		/* parent then */
	bool born;		/* registered at its fork */
	bool ended;		/* the last generation had the final value */

	bool seen;		/* the next fields are known */
	bool moved;		/* values may have changed since */
	unsigned long long utime, stime, runtime;
	bool looked;		/* seen in this generation */
	struct row looks;
};

struct registry {
	struct entry entries[MAX_PROCESSES + 1];
	int count;
	bool used;
	unsigned long long missed;
};

struct line {
	enum kind kind;		/* END: none */
	struct proc *proc;
	pid_t ppid;
	unsigned long long count, total;
};

/* An open file. */
struct file {
	enum { F_STATUS, F_STAT, F_SESSION } kind;
	enum user user;
	int fd;
	bool writable;

	char carry[URT_WORD_MAX];	/* a word that waits */
	int carried;
	bool line;			/* which lacks a number, on its line */
	bool did;			/* a write completed a word */
	bool room_known;		/* see room */
	int queued;			/* in queue */
	size_t left;			/* of a write cut by the limit */

	char *text;			/* status, stat: the snapshot */
	size_t len, pos;
	unsigned long long seen;	/* of the snapshot; -1: none */

	struct registry *reg;		/* session: its own */
	size_t mapped;			/* its longest map */
	struct line queue[MAX_RECORDS];
	size_t room;			/* the next line did not fit in this */
	unsigned long long lost, lost_total;
	struct line rest;		/* of a line that was read in part */
	char part[512];			/* the part that was read */
	size_t part_len;
};

extern struct registry system_registry;
extern struct file files[FILES];
extern int file_count;
extern bool restricted_run;		/* restrict=1 */
extern unsigned long long model_generation;
extern int model_total;			/* registrations in all */
extern bool status_changed;		/* the text may have changed */

struct registry *model_registry(struct file *f);
bool model_visible(const struct file *f, const struct entry *e);
long model_write(struct file *f, const char *data, size_t count);
bool model_accepts(long want, long seen);	/* want: of model_write() */
void model_close(struct file *f);
bool model_can_fork(struct proc *parent);
void model_forked(struct proc *parent, struct proc *child);
void model_witnessed(struct proc *p);
void model_exited(struct proc *p);
void model_final(struct proc *p);
void model_refresh(void);
bool model_at_end(const struct file *f);
bool model_line_waits(const struct file *f);
struct line model_take(struct file *f);
void model_drop(struct registry *reg, int at);

/* --- text to write --- */

uint32_t fuzz_rnd(uint32_t n);		/* below n */
size_t fuzz_words(const struct file *f, char *data);

/* --- operations --- */

void op_open(void);
void op_close(void);
void op_write(void);
void op_write_fault(void);
void op_read(void);
void op_read_fault(void);
void op_seek(void);
void op_map(void);
void op_spawn(void);
void op_thread(void);
void op_end_thread(void);
void op_end_leader(void);
void op_rename(void);
void op_burn(void);
void op_stop(void);
void op_continue(void);
void op_end(void);
void op_reap(void);
void op_witness(void);
void op_refresh(void);

/* Names the operation for the log. */
void fuzz_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fuzz_expect_written(struct file *f, const char *data, size_t len,
			 long seen);

/* --- comparing --- */

void check_begin(void);
void check_all(void);			/* after each operation */
void check_snapshot(struct file *f);	/* compares a read at 0 now */
void check_session_read(struct file *f, const char *text, long n,
			size_t count);
void check_map(struct file *f);
void check_refreshed(void);		/* after a change of the generation */
struct entry *check_next_entry(const struct file *f, struct registry *reg,
			       int *at, pid_t pid);
void check_escape(char *out, const char *comm);
void mismatch(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif
