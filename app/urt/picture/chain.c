// SPDX-License-Identifier: MIT
#include "picture/picture.h"

#include <stdlib.h>

#include "memory.h"

static int last_end_first(const void *a, const void *b)
{
	const struct bar *x = *(struct bar *const *)a;
	const struct bar *y = *(struct bar *const *)b;

	if (x->end_ns != y->end_ns)
		return x->end_ns < y->end_ns ? 1 : -1;
	return (x > y) - (x < y);
}

static void mark_children(struct picture *picture, size_t parent,
			  struct bar **children)
{
	struct bar *bars = picture->bars;
	size_t end = parent + bars[parent].size, count = 0, i;
	uint64_t until = bars[parent].end_ns;

	for (i = parent + 1; i < end; i += bars[i].size)
		children[count++] = &bars[i];
	qsort(children, count, sizeof(*children), last_end_first);
	for (i = 0; i < count; i++) {
		if (children[i]->process->running ||
		    children[i]->process->unreaped ||
		    children[i]->end_ns > until)
			continue;
		children[i]->chain = true;
		until = children[i]->start_ns;
	}
}

void picture_chain(struct picture *picture)
{
	struct bar **children;
	size_t i;

	if (!picture->count)
		return;
	children = memory_realloc(NULL, picture->count, sizeof(*children));
	picture->bars[0].chain = true;
	/* Parents come before their children. */
	for (i = 0; i < picture->count; i++) {
		if (picture->bars[i].chain)
			mark_children(picture, i, children);
	}
	free(children);
}
