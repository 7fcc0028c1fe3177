/* SPDX-License-Identifier: MIT */
/*
 * Processes that have exited and are not reaped: zombies. Their records come
 * when their parents reap them. Some parents never do that, such as a PID 1 of
 * a container. The kernel's snapshots do not say when a zombie exited. We take
 * the moment when we first saw it as a zombie.
 */
#ifndef UNREAPED_H
#define UNREAPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liburt.h>

struct unreaped {
	void *index;		/* of zombies that have been seen */
	size_t count;		/* how many there are now */
	uint64_t alone_ns;	/* when only they were left; 0: not */
};

/* Whether a process is a zombie. If threads outlive their leader, it is not. */
bool is_unreaped(const struct urt_process *process);

/* Takes the zombies of a session or registry. Call it for each generation. */
void unreaped_look(struct unreaped *unreaped,
		   const struct urt_snapshot *snapshot);

/* Whether only zombies have been left for so long that they will stay. */
bool unreaped_alone(const struct unreaped *unreaped, uint64_t now_ns);

/* The moment when a zombie was first seen as one. */
uint64_t unreaped_since(const struct unreaped *unreaped,
			const struct urt_process *process);

void unreaped_free(struct unreaped *unreaped);

#endif
