// SPDX-License-Identifier: MIT
/* Chooses the rows to show, and their order. */
#include "top/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum(const struct top_cpu *cpu)
{
	return cpu->user_ns + cpu->system_ns;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_shares(double a, double b)
{
	return (a > b) - (a < b);
}

/* Numbers are sorted with the largest first, because users look for these. */
static int compare_by(enum top_column key, const struct top_row *a,
		      const struct top_row *b)
{
	switch (key) {
	case TOP_PPID:
		return compare((uint64_t)a->ppid, (uint64_t)b->ppid);
	case TOP_USER:
		return compare(a->uid, b->uid);
	case TOP_STATE:
		return compare((unsigned char)a->state, (unsigned char)b->state);
	case TOP_THREADS:
		return compare(b->threads, a->threads);
	case TOP_CPU:
		return compare_shares(b->user + b->system, a->user + a->system);
	case TOP_USR:
		return compare_shares(b->user, a->user);
	case TOP_SYS:
		return compare_shares(b->system, a->system);
	case TOP_TIME:
		return compare(sum(&b->cpu), sum(&a->cpu));
	case TOP_NAME:
		return strcasecmp(a->comm, b->comm);
	default:
		return compare((uint64_t)a->pid, (uint64_t)b->pid);
	}
}

/*
 * A process that exited in an earlier interval still has its last shares. They
 * do not compare with shares of this interval, so that it comes below the
 * living ones.
 */
static int compare_past(enum top_column key, const struct top_row *a,
			const struct top_row *b)
{
	if (key != TOP_CPU && key != TOP_USR && key != TOP_SYS)
		return 0;
	return (a->age > 1) - (b->age > 1);
}

/*
 * The order is always the same: living processes first, then by PID and start.
 */
static int compare_rows(const void *a_, const void *b_, void *order_)
{
	const struct top_row *a = *(struct top_row *const *)a_;
	const struct top_row *b = *(struct top_row *const *)b_;
	const struct top_order *order = order_;
	int ret = compare_past(order->key, a, b);

	if (ret)
		return ret;
	ret = compare_by(order->key, a, b);
	if (ret)
		return order->reverse ? -ret : ret;
	if (a->exited != b->exited)
		return a->exited - b->exited;
	ret = compare_by(TOP_PID, a, b);
	return ret ? ret : compare(a->start_ns, b->start_ns);
}

/*
 * A parent is older, so that no chain of parents is a circle, whatever the rows
 * say.
 */
static bool may_be_parent(const struct top_row *row, const struct top_row *of)
{
	return row->pid == of->ppid &&
	       (row->start_ns < of->start_ns ||
		(row->start_ns == of->start_ns && row->pid < of->pid));
}

/*
 * Of several processes that had the number, the parent is the one that started
 * last.
 */
static struct top_row *parent_of(struct top_model *model,
				 const struct top_row *row)
{
	struct top_row *candidate = *top_model_bucket(model, row->ppid), *best = NULL;

	for (; candidate; candidate = candidate->chain) {
		if (may_be_parent(candidate, row) &&
		    (!best || candidate->start_ns > best->start_ns))
			best = candidate;
	}
	return best;
}

static struct top_row *shown_ancestor(struct top_model *model,
				      const struct top_row *row)
{
	struct top_row *parent = parent_of(model, row);

	while (parent && !parent->shown)
		parent = parent_of(model, parent);
	return parent;
}

/*
 * The next row in the order of the tree. Children come right below their
 * parent.
 */
static struct top_row *next_in_tree(struct top_row *row)
{
	if (row->child)
		return row->child;
	while (row && !row->sibling)
		row = row->parent;
	return row ? row->sibling : NULL;
}

/* Keeps the order among siblings, and puts children below their parents. */
static void arrange_tree(struct top_model *model)
{
	struct top_row top = { 0 }, *row, *above;
	size_t i;

	for (i = 0; i < model->shown_count; i++) {
		row = model->shown[i];
		row->parent = shown_ancestor(model, row);
		above = row->parent ? row->parent : &top;
		if (above->last_child)
			above->last_child->sibling = row;
		else
			above->child = row;
		above->last_child = row;
	}
	for (i = 0, row = top.child; row; row = next_in_tree(row)) {
		row->depth = row->parent ? row->parent->depth + 1 : 0;
		model->shown[i++] = row;
	}
}

static bool wanted(const struct top_row *row, const struct top_order *order)
{
	return !(order->hide_exited && row->exited) &&
	       top_row_matches(row, order->filter);
}

void top_model_arrange(struct top_model *model, const struct top_order *order)
{
	struct top_row *row;
	size_t i;

	model->shown_count = 0;
	for (i = 0; i < model->count; i++) {
		row = model->rows[i];
		row->depth = 0;
		row->parent = NULL;
		row->sibling = NULL;
		row->child = NULL;
		row->last_child = NULL;
		row->shown = wanted(row, order);
		if (row->shown)
			model->shown[model->shown_count++] = row;
	}
	if (!model->shown_count)
		return;
	qsort_r(model->shown, model->shown_count, sizeof(*model->shown),
		compare_rows, (void *)order);
	if (order->tree)
		arrange_tree(model);
}

bool top_row_matches(const struct top_row *row, const char *text)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", row->pid);
	return strcasestr(row->comm, text) || !strcmp(number, text);
}

size_t top_model_find(const struct top_model *model, pid_t pid,
		      uint64_t start_ns)
{
	size_t i;

	for (i = 0; i < model->shown_count; i++) {
		if (model->shown[i]->pid == pid &&
		    model->shown[i]->start_ns == start_ns)
			return i;
	}
	return (size_t)-1;
}
