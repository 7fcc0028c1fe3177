/* SPDX-License-Identifier: MIT */
/*
 * A kernel of our own in the place of the module, /proc and the clock, for
 * exporter/source.c: processes whose lives are known, a session, and the registry
 * of all. Time passes only when a test says so.
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

/* The name that is followed. Before its named_ns, a process has another one. */
#define NAME "burner"

struct life {
	uint64_t start_ns;
	uint64_t named_ns;
	uint64_t refused_ns;	/* no search can register it before then */
	uint64_t exit_ns;	/* reaped at once */
	uint64_t busy_ns;	/* it uses a CPU for so long, from its start on */
	uint64_t system_ns;	/* when it is put in the registry of all */
	/* When its value was taken: for the session, for the registry of all. */
	uint64_t seen_ns;
	uint64_t system_seen_ns;
	pid_t pid;
	unsigned int final;	/* generations of that registry that show it so */
	bool tree;		/* a member from its fork on */
	bool registered;	/* in the session */
	bool recorded;		/* final there */
	bool taken;		/* its record has been read */
	bool system;		/* in the registry of all */
};

extern struct life lives[LIVES_MAX];
extern unsigned int lives_count;
extern uint64_t kernel_ns;	/* the time */
extern bool kernel_deaf;	/* neither registry can be read */
/* Each search meets one more that cannot be registered, with this errno; or 0. */
extern int kernel_refuses;

/* A kernel without processes; from so long after an exit on it is final. */
void kernel_begin(uint64_t grace_ns, bool follows_tree);
struct life *kernel_life(uint64_t start_ns, uint64_t length_ns);
/* Lets time pass until then. */
void kernel_run(uint64_t until_ns);

uint64_t life_cpu(const struct life *life, uint64_t at_ns);

#endif
