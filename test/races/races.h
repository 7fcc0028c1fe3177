/* SPDX-License-Identifier: MIT */
/*
 * Everything at once. An actor is a process that does one kind of action at
 * random, over and over, until the run ends. Their effects on each other are
 * the test. Each actor checks what must be true whatever the other actors do.
 *
 *	ACTOR(reader, .step = read_once, .count = 2);
 *
 * The random numbers of an actor depend on the run's seed, the actor's name,
 * and its number among the actors of that name.
 */
#ifndef RACES_H
#define RACES_H

#include "lib.h"

struct actor {
	const char *name;
	void (*step)(void);	/* ends soon, with no file of ours open */
	unsigned int count;	/* how many of them */
	unsigned int uid;
	bool restless;		/* goes on during an unload */
	bool jumpy;		/* may be sent SIGUSR1 */
	struct actor *next;
};

void actor_add(struct actor *actor);

#define ACTOR(id, ...)							\
	static struct actor actor_##id = { .name = #id, __VA_ARGS__ };	\
	__attribute__((constructor)) static void actor_add_##id(void)	\
	{								\
		actor_add(&actor_##id);					\
	}								\
	struct actor	/* wants a semicolon */

/* The counted operations. */
#define OPERATIONS(X)							\
	X(writes) X(reads) X(polls) X(maps) X(records) X(sessions)	\
	X(trees) X(forks) X(execs) X(signals) X(intervals) X(namespaces) \
	X(hotplugs) X(loads) X(unloads) X(refused)

#define OPERATION_ENUM(name) OP_##name,
enum operation { OPERATIONS(OPERATION_ENUM) OPERATION_COUNT };

#define HANG_S 1200	/* eight CPUs on two busy ones are only slow */
#define ACTORS_MAX 48
#define VICTIMS 32

/* Memory that all processes of the run share. */
struct race {
	volatile bool stop;		/* the run is over */
	volatile bool quiet;		/* the module is to be unloaded */
	volatile unsigned int broken;	/* processes that saw a claim fail */
	unsigned int cpus, pid_max;
	volatile pid_t victims[VICTIMS];	/* processes to register */
	volatile pid_t actors[ACTORS_MAX];
	unsigned long did[ACTORS_MAX][OPERATION_COUNT];
};

extern struct race *race;	/* NULL: another program after exec */
extern unsigned int self;	/* which actor; its children as well */
extern unsigned int instance;	/* number among those of its name */
extern bool root;		/* opens files as uid 0 of the first namespace */

void did(enum operation op);

unsigned int rnd(unsigned int n);	/* 0 to n - 1 */
void rnd_seed(unsigned int seed);
unsigned int mix(unsigned int seed, const char *name, unsigned int nr);

/* Checks a call's result: 0 or more, or one of these errnos. */
#define allow(ret, ...)							\
	allow_errno(__FILE__, __LINE__, #ret, ret, (const int[]){ __VA_ARGS__, 0 })
int allow_errno(const char *file, int line, const char *what, int ret,
		const int *allowed);
int result(long ret);		/* -errno of a system call's -1 */

pid_t spawn(void);		/* fork(); own random numbers */
void bury(pid_t pid);		/* reaps it; fails if it saw a claim fail */
void pause_ms(unsigned int ms);	/* or until the run ends */

/* Victims; see victims.c. */
pid_t victim(void);		/* or ourselves */
void live_as(unsigned int kind);
int victim_main(char **argv);

/* The times of a process so far, as a file of one opener showed them. */
#define SEEN_MAX 4096
struct seen {
	unsigned int used;
	struct {
		unsigned long long start, utime, stime;
		int pid;
	} by[SEEN_MAX];
};
/* The most CPU time that a process can have used in so long. */
uint64_t most_of(uint64_t lived);
/*
 * Checks that times never shrink, and are possible. The parts hold only if no
 * process unregisters it, because a new registration takes its parts from the
 * samples at that moment.
 */
void look(struct seen *seen, int pid, unsigned long long start,
	  unsigned long long utime, unsigned long long stime, bool parts);

/* Ends all processes and registrations. */
bool end_of_processes(void);
bool end_of_registrations(void);
bool end_of_module(void);

#endif
