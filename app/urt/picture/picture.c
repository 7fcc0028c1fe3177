// SPDX-License-Identifier: MIT
#include "picture/picture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "memory.h"

/* --- the tree --- */

/* Indices of tally->processes, which are in the order of their start. */
struct tree {
	const struct tally_process *processes;
	size_t count;
	size_t *by_pid;		/* and by start */
	size_t *parent;
	size_t *child;		/* the first child */
	size_t *next;		/* the next child of the parent */
	size_t root;		/* the first process without a parent */
};

static int by_pid(const void *a, const void *b, void *arg)
{
	const struct tally_process *processes = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	if (processes[x].pid != processes[y].pid)
		return processes[x].pid < processes[y].pid ? -1 : 1;
	return (x > y) - (x < y);
}

static size_t *numbers(size_t count)
{
	return memory_realloc(NULL, count + 1, sizeof(size_t));
}

/*
 * A PID may have been used several times. The parent is the last process that
 * began before the child, if it had not ended by then. A parent stands before
 * its child, so that this is a tree, whatever the records say.
 */
static size_t find_parent(const struct tree *tree, size_t of)
{
	const struct tally_process *processes = tree->processes;
	const struct tally_process *process = &processes[of], *parent;
	size_t low = 0, high = tree->count, middle, at;

	while (low < high) {
		middle = low + (high - low) / 2;
		at = tree->by_pid[middle];
		if (at < of ? processes[at].pid <= process->ppid :
			      processes[at].pid < process->ppid)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NO_BAR;
	at = tree->by_pid[low - 1];
	parent = &processes[at];
	if (parent->pid != process->ppid ||
	    (!parent->running &&
	     parent->start_ns + parent->runtime_ns < process->start_ns))
		return NO_BAR;
	return at;
}

static void tree_init(struct tree *tree, const struct tally *tally)
{
	size_t i, *list;

	*tree = (struct tree){
		.processes = tally->processes,
		.count = tally->processes_count,
		.by_pid = numbers(tally->processes_count),
		.parent = numbers(tally->processes_count),
		.child = numbers(tally->processes_count),
		.next = numbers(tally->processes_count),
		.root = NO_BAR,
	};
	for (i = 0; i < tree->count; i++) {
		tree->by_pid[i] = i;
		tree->child[i] = NO_BAR;
	}
	qsort_r(tree->by_pid, tree->count, sizeof(size_t), by_pid,
		tally->processes);
	/*
	 * Begin at the end, so that the first child becomes the first in the
	 * list.
	 */
	for (i = tree->count; i--;) {
		tree->parent[i] = find_parent(tree, i);
		list = tree->parent[i] == NO_BAR ? &tree->root :
						   &tree->child[tree->parent[i]];
		tree->next[i] = *list;
		*list = i;
	}
}

static void tree_free(struct tree *tree)
{
	free(tree->by_pid);
	free(tree->parent);
	free(tree->child);
	free(tree->next);
}

/* --- the bars --- */

/*
 * Processes of one name share its text. The address of the text identifies the
 * name.
 */
struct name {
	const char *comm;
	size_t index;
};

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct name *)a)->comm;
	uintptr_t y = (uintptr_t)((const struct name *)b)->comm;

	return (x > y) - (x < y);
}

static struct name *list_names(const struct tally *tally)
{
	struct name *names = memory_realloc(NULL, tally->count + 1,
					    sizeof(*names));
	size_t i;

	for (i = 0; i < tally->count; i++)
		names[i] = (struct name){ tally->names[i]->comm, i };
	qsort(names, tally->count, sizeof(*names), by_address);
	return names;
}

/* The name is in the array. */
static size_t find_name(const struct name *names, size_t count,
			const char *comm)
{
	size_t low = 0, high = count, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if ((uintptr_t)names[middle].comm <= (uintptr_t)comm)
			low = middle;
		else
			high = middle;
	}
	return names[low].index;
}

static void fill_bar(struct picture *picture, struct bar *bar,
		     const struct tally_process *process,
		     const struct name *names)
{
	uint64_t origin = picture->summary->start_ns;

	bar->process = process;
	bar->start_ns = process->start_ns > origin ?
			process->start_ns - origin : 0;
	bar->end_ns = bar->start_ns + process->runtime_ns;
	bar->name = find_name(names, picture->tally->count, process->comm);
	bar->size = 1;
	if (bar->end_ns > picture->end_ns)
		picture->end_ns = bar->end_ns;
	picture->failed += bar_failed(bar);
}

/* Depth first, without recursion, because a tree may be very deep. */
static void fill_bars(struct picture *picture, const struct tree *tree,
		      const struct name *names)
{
	size_t *place = numbers(tree->count), at = tree->root, up;
	struct bar *bar;

	while (at != NO_BAR) {
		bar = &picture->bars[picture->count];
		up = tree->parent[at];
		bar->parent = up == NO_BAR ? NO_BAR : place[up];
		bar->depth = up == NO_BAR ?
			     0 : picture->bars[bar->parent].depth + 1;
		fill_bar(picture, bar, &tree->processes[at], names);
		place[at] = picture->count++;
		if (tree->child[at] != NO_BAR) {
			at = tree->child[at];
			continue;
		}
		while (at != NO_BAR && tree->next[at] == NO_BAR)
			at = tree->parent[at];
		if (at != NO_BAR)
			at = tree->next[at];
	}
	free(place);
}

static void count_sizes(struct picture *picture)
{
	size_t i;

	for (i = picture->count; i--;) {
		if (picture->bars[i].parent != NO_BAR)
			picture->bars[picture->bars[i].parent].size +=
				picture->bars[i].size;
	}
}

/* Prints words that are not NULL, after a separator. Return: whether any was. */
static bool put_words(FILE *out, const char *separator, const char *first,
		      const char *second)
{
	char *words[] = { (char *)(first ? first : second),
			  (char *)(first ? second : NULL), NULL };
	char *text = format_words(words);
	bool any = *text;

	if (any)
		fprintf(out, "%s%s", separator, text);
	free(text);
	return any;
}

/* Describes the place of the run. The caller frees the text. */
static char *describe_place(const struct summary *summary)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool any;

	if (!out)
		memory_exhausted();
	any = put_words(out, "", summary->host, summary->directory);
	if (summary->version)
		put_words(out, any ? " · " : "", "urt", summary->version);
	if (fclose(out))
		memory_exhausted();
	return text;
}

struct picture *picture_new(const struct summary *summary,
			    struct tally *tally)
{
	struct picture *picture = memory_alloc(sizeof(*picture));
	struct name *names;
	struct tree tree;

	tally_sort(tally);
	picture->summary = summary;
	picture->tally = tally;
	picture->command = format_words(summary->command);
	picture->place = describe_place(summary);
	picture->end_ns = summary->real_ns ? summary->real_ns : 1;
	picture->bars = memory_alloc((tally->processes_count + 1) *
				     sizeof(*picture->bars));
	names = list_names(tally);
	tree_init(&tree, tally);
	fill_bars(picture, &tree, names);
	tree_free(&tree);
	free(names);
	count_sizes(picture);
	picture_lanes(picture);
	picture_chain(picture);
	return picture;
}

void picture_free(struct picture *picture)
{
	if (!picture)
		return;
	free(picture->command);
	free(picture->place);
	free(picture->bars);
	free(picture);
}
