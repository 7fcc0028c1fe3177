// SPDX-License-Identifier: MIT
#include "unreaped.h"

#include <search.h>
#include <stdlib.h>

#include "clock.h"
#include "memory.h"

/* A parent that is about to reap has reaped by then. */
#define REAP_NS (2 * NSEC_PER_SEC)

struct seen {
	pid_t pid;
	uint64_t start_ns;
	uint64_t since_ns;
};

static int compare(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

bool is_unreaped(const struct urt_process *process)
{
	return process->state == 'Z' && process->threads == 1;
}

static void note(struct unreaped *unreaped, const struct urt_process *process,
		 uint64_t time_ns)
{
	struct seen key = { process->pid, process->start_ns, time_ns }, *seen;

	if (tfind(&key, &unreaped->index, compare))
		return;
	seen = memory_alloc(sizeof(*seen));
	*seen = key;
	if (!tsearch(seen, &unreaped->index, compare))
		memory_exhausted();
}

void unreaped_look(struct unreaped *unreaped,
		   const struct urt_snapshot *snapshot)
{
	size_t i;

	unreaped->count = 0;
	/* Before the first refresh, the snapshot has no moment. */
	if (!snapshot->generation)
		return;
	for (i = 0; i < snapshot->count; i++) {
		if (!is_unreaped(&snapshot->processes[i]))
			continue;
		note(unreaped, &snapshot->processes[i], snapshot->time_ns);
		unreaped->count++;
	}
	if (!unreaped->count || unreaped->count < snapshot->registered)
		unreaped->alone_ns = 0;
	else if (!unreaped->alone_ns)
		unreaped->alone_ns = snapshot->time_ns;
}

bool unreaped_alone(const struct unreaped *unreaped, uint64_t now_ns)
{
	return unreaped->alone_ns && now_ns >= unreaped->alone_ns + REAP_NS;
}

uint64_t unreaped_since(const struct unreaped *unreaped,
			const struct urt_process *process)
{
	struct seen key = { process->pid, process->start_ns, 0 };
	struct seen *const *node = tfind(&key, &unreaped->index, compare);

	return node ? (*node)->since_ns : 0;
}

void unreaped_free(struct unreaped *unreaped)
{
	tdestroy(unreaped->index, free);
	unreaped->index = NULL;
}
