// SPDX-License-Identifier: MIT
/*
 * Each child of a process, with its descendants, is a block. A block is as long
 * as these run and as high as the lanes that they need. Blocks are put into
 * slots, one after the other in time. A block takes the first slot that is free
 * and high enough. If there is none, a new slot begins below the others. Heaps
 * find free slots, so that 100,000 children at once cost as little as one after
 * the other.
 */
#include "picture/picture.h"

#include <stdlib.h>

#include "memory.h"

struct slot {
	uint64_t key;		/* free: its offset; in use: when it ends */
	size_t offset;		/* from the parent's lane */
};

/* The smallest key is first. */
struct heap {
	struct slot *slots;
	size_t count;
	size_t size;
};

static void swap(struct slot *a, struct slot *b)
{
	struct slot old = *a;

	*a = *b;
	*b = old;
}

static void heap_push(struct heap *heap, struct slot slot)
{
	size_t i = heap->count;

	heap->slots = memory_room(heap->slots, heap->count, &heap->size,
				  sizeof(*heap->slots));
	heap->slots[heap->count++] = slot;
	for (; i && heap->slots[(i - 1) / 2].key > heap->slots[i].key;
	     i = (i - 1) / 2)
		swap(&heap->slots[(i - 1) / 2], &heap->slots[i]);
}

static struct slot heap_pop(struct heap *heap)
{
	struct slot first = heap->slots[0];
	size_t i = 0, child;

	heap->slots[0] = heap->slots[--heap->count];
	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->slots[child + 1].key < heap->slots[child].key)
			child++;
		if (heap->slots[i].key <= heap->slots[child].key)
			break;
		swap(&heap->slots[i], &heap->slots[child]);
		i = child;
	}
	return first;
}

/* Slots of one height. */
struct class {
	size_t height;
	struct heap free;
	struct heap used;
};

/* The slots below one parent. */
struct shelf {
	struct class *classes;	/* lowest height first */
	size_t count;
	size_t size;
	size_t height;		/* of all slots */
};

/* A bar with all bars below it. */
struct block {
	uint64_t end_ns;
	size_t height;
	size_t offset;		/* from the parent's lane */
};

static struct class *find_class(struct shelf *shelf, size_t height)
{
	size_t at = shelf->count, i;

	for (i = 0; i < shelf->count; i++) {
		if (shelf->classes[i].height == height)
			return &shelf->classes[i];
	}
	shelf->classes = memory_room(shelf->classes, shelf->count, &shelf->size,
				     sizeof(*shelf->classes));
	for (; at && shelf->classes[at - 1].height > height; at--)
		shelf->classes[at] = shelf->classes[at - 1];
	shelf->classes[at] = (struct class){ .height = height };
	shelf->count++;
	return &shelf->classes[at];
}

/* Return: whether there is a free slot; if so, *slot is the uppermost one. */
static bool take_free(struct class *class, uint64_t start_ns,
		      struct slot *slot)
{
	while (class->used.count && class->used.slots[0].key <= start_ns) {
		*slot = heap_pop(&class->used);
		slot->key = slot->offset;
		heap_push(&class->free, *slot);
	}
	if (!class->free.count)
		return false;
	*slot = heap_pop(&class->free);
	return true;
}

static void put(struct shelf *shelf, struct block *block, uint64_t start_ns)
{
	struct class *class = NULL;
	struct slot slot;
	size_t i;

	for (i = 0; i < shelf->count && !class; i++) {
		if (shelf->classes[i].height >= block->height &&
		    take_free(&shelf->classes[i], start_ns, &slot))
			class = &shelf->classes[i];
	}
	if (!class) {
		class = find_class(shelf, block->height);
		slot.offset = shelf->height + 1;
		shelf->height += block->height;
	}
	block->offset = slot.offset;
	slot.key = block->end_ns;
	heap_push(&class->used, slot);
}

static void shelf_free(struct shelf *shelf)
{
	size_t i;

	for (i = 0; i < shelf->count; i++) {
		free(shelf->classes[i].free.slots);
		free(shelf->classes[i].used.slots);
	}
	free(shelf->classes);
}

/*
 * Stacks the bars from first to before end, with the bars below them.
 * Return: the number of lanes.
 */
static size_t stack(const struct bar *bars, struct block *blocks, size_t first,
		    size_t end, uint64_t *end_ns)
{
	struct shelf shelf = { 0 };
	size_t i;

	for (i = first; i < end; i += bars[i].size) {
		put(&shelf, &blocks[i], bars[i].start_ns);
		if (blocks[i].end_ns > *end_ns)
			*end_ns = blocks[i].end_ns;
	}
	shelf_free(&shelf);
	return shelf.height;
}

void picture_lanes(struct picture *picture)
{
	struct bar *bars = picture->bars;
	struct block *blocks;
	uint64_t end_ns = 0;
	size_t i;

	blocks = memory_realloc(NULL, picture->count + 1, sizeof(*blocks));
	/*
	 * Begin at the end, because a parent needs the heights of its blocks.
	 */
	for (i = picture->count; i--;) {
		blocks[i].end_ns = bars[i].process->running ? picture->end_ns :
							  bars[i].end_ns;
		blocks[i].height = 1 + stack(bars, blocks, i + 1,
					     i + bars[i].size,
					     &blocks[i].end_ns);
	}
	picture->lanes = stack(bars, blocks, 0, picture->count, &end_ns);
	for (i = 0; i < picture->count; i++)
		bars[i].lane = blocks[i].offset +
			       (bars[i].parent == NO_BAR ?
				0 : bars[bars[i].parent].lane + 1) - 1;
	free(blocks);
}
