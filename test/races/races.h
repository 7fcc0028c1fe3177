/* SPDX-License-Identifier: MIT */
/*
 * Everything at once. Actors are processes that each do one kind of thing at
 * random, over and over, until the run ends; what they do to each other is the
 * test. Each checks what it can know for sure whatever the others do.
 *
 *	ACTOR(reader, .step = read_once, .count = 2);
 *
 * An actor's random numbers come from the run's seed, its name and which of its
 * count it is.
 */
#ifndef RACES_H
#define RACES_H

#include "lib.h"

struct actor {
	const char *name;
	void (*step)(void);	/* ends soon, with no file of ours open */
	unsigned int count;	/* how many of them */
	unsigned int uid;
	bool restless;		/* goes on while the module is to be unloaded */
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

/* What is counted. */
#define OPERATIONS(X)							\
	X(writes) X(reads) X(polls) X(maps) X(records) X(sessions)	\
	X(trees) X(forks) X(execs) X(signals) X(intervals) X(namespaces) \
	X(hotplugs) X(loads) X(unloads) X(refused)

#define OPERATION_ENUM(name) OP_##name,
enum operation { OPERATIONS(OPERATION_ENUM) OPERATION_COUNT };

#define HANG_S 1200	/* eight CPUs on two busy ones are slow, no more */
#define ACTORS_MAX 48
#define VICTIMS 32

/* What all processes of the run share. */
struct race {
	volatile bool stop;		/* the run is over */
	volatile bool quiet;		/* the module is to be unloaded */
	volatile unsigned int broken;	/* processes that saw a claim broken */
	unsigned int cpus, pid_max;
	volatile pid_t victims[VICTIMS];	/* who is there to be registered */
	volatile pid_t actors[ACTORS_MAX];
	unsigned long did[ACTORS_MAX][OPERATION_COUNT];
};

extern struct race *race;	/* NULL: we are another program now */
extern unsigned int self;	/* which actor; its children, too */
extern unsigned int instance;	/* which of those of its name */
extern bool root;		/* opens files as uid 0 of the first namespace */

void did(enum operation op);

unsigned int rnd(unsigned int n);	/* 0 to n - 1 */
void rnd_seed(unsigned int seed);
unsigned int mix(unsigned int seed, const char *name, unsigned int nr);

/* The same for a call's result: 0 or more, or one of these errnos. */
#define allow(ret, ...)							\
	allow_errno(__FILE__, __LINE__, #ret, ret, (const int[]){ __VA_ARGS__, 0 })
int allow_errno(const char *file, int line, const char *what, int ret,
		const int *allowed);
int result(long ret);		/* -errno of a system call's -1 */

pid_t spawn(void);		/* fork(); the child has numbers of its own */
void bury(pid_t pid);		/* waits for it; fails if it saw a claim broken */
void pause_ms(unsigned int ms);	/* or until the run ends */

/* Victims; see victims.c. */
pid_t victim(void);		/* or ourselves */
void live_as(unsigned int kind);
int victim_main(char **argv);

/* A process's times so far, as some file of one open showed them. */
#define SEEN_MAX 4096
struct seen {
	unsigned int used;
	struct {
		unsigned long long start, utime, stime;
		int pid;
	} by[SEEN_MAX];
};
/* The CPU time that a process can have used in so long. */
uint64_t most_of(uint64_t lived);
/*
 * Never backwards, and possible. The parts hold only where nobody unregisters:
 * whoever is registered anew has them from the samples that there are by then.
 */
void look(struct seen *seen, int pid, unsigned long long start,
	  unsigned long long utime, unsigned long long stime, bool parts);

/* The end. */
bool end_of_processes(void);
bool end_of_registrations(void);
bool end_of_module(void);

#endif
