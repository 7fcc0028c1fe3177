/* SPDX-License-Identifier: MIT */
/*
 * Processes that have exited and have not been reaped: zombies. Their records
 * come when their parents reap them, which some never do, such as a PID 1 of a
 * container. The kernel's snapshots do not say when a zombie exited: for us that
 * is when it was first seen as one.
 */
#ifndef UNREAPED_H
#define UNREAPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburt.h>

struct unreaped {
	void *index;		/* of those that have been seen */
	size_t count;		/* that there are now */
	uint64_t alone_ns;	/* since when nothing else is left; 0: more is */
};

/* Whether it is one. Where threads outlive their leader, it is not. */
bool is_unreaped(const struct urt_process *process);

/* Takes what is left in a session or registry; call it for each generation. */
void unreaped_look(struct unreaped *unreaped,
		   const struct urt_snapshot *snapshot);

/* Whether nothing else has been left for so long that nobody will reap them. */
bool unreaped_alone(const struct unreaped *unreaped, uint64_t now_ns);

/* When one that has been looked at was first seen so. */
uint64_t unreaped_since(const struct unreaped *unreaped,
			const struct urt_process *process);

void unreaped_free(struct unreaped *unreaped);

#endif
