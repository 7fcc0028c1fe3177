/* SPDX-License-Identifier: MIT */
/*
 * A kernel of the tests, which replaces the module, /proc and the clock for
 * exporter/source.c. It has processes with known lives, a session, and the
 * system registry. Time passes only when a test says so.
 */
#ifndef EXPORTER_KERNEL_H
#define EXPORTER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MS 1000000ULL
#define SEC 1000000000ULL
#define LIVES_MAX 16
#define NEVER UINT64_MAX

/* The name to follow. Before its named_ns, a process has another name. */
#define NAME "burner"

struct life {
	uint64_t start_ns;
	uint64_t named_ns;
	uint64_t refused_ns;	/* before then, no search can register it */
	uint64_t exit_ns;	/* reaped at once */
	uint64_t busy_ns;	/* from its start, it uses a CPU for so long */
	uint64_t system_ns;	/* when it joins the system registry */
	/*
	 * When its value was taken, for the session and for the system
	 * registry.
	 */
	uint64_t seen_ns;
	uint64_t system_seen_ns;
	pid_t pid;
	unsigned int final;	/* generations that show its final value */
	bool tree;		/* a member since its fork */
	bool registered;	/* in the session */
	bool recorded;		/* final in the session */
	bool taken;		/* its record has been read */
	bool system;		/* in the system registry */
};

extern struct life lives[LIVES_MAX];
extern unsigned int lives_count;
extern uint64_t kernel_ns;	/* the time */
extern bool kernel_deaf;	/* neither registry can be read */
/* Each search meets one more process that fails with this errno; 0: none. */
extern int kernel_refuses;

/*
 * A kernel without processes. An exited process becomes final after grace_ns.
 */
void kernel_begin(uint64_t grace_ns, bool follows_tree);
struct life *kernel_life(uint64_t start_ns, uint64_t length_ns);
/* Lets time pass until then. */
void kernel_run(uint64_t until_ns);

uint64_t life_cpu(const struct life *life, uint64_t at_ns);

#endif
