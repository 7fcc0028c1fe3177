// SPDX-License-Identifier: MIT
#include "top/view.h"

#include <stdarg.h>
#include <stdio.h>

void top_say(struct top_view *view, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(view->message, sizeof(view->message), format, args);
	va_end(args);
}

const struct top_row *top_row_at_cursor(const struct top_view *view,
					const struct top_model *model)
{
	return view->cursor < model->shown_count ? model->shown[view->cursor] :
						   NULL;
}

void top_put_cursor(struct top_view *view, const struct top_model *model,
		    size_t at)
{
	const struct top_row *row;

	if (at >= model->shown_count)
		at = model->shown_count ? model->shown_count - 1 : 0;
	view->cursor = at;
	row = top_row_at_cursor(view, model);
	view->follow = at && row;
	if (row) {
		view->pid = row->pid;
		view->start_ns = row->start_ns;
	}
}

void top_move_cursor(struct top_view *view, const struct top_model *model,
		     size_t steps, bool up)
{
	if (up)
		steps = steps > view->cursor ? 0 : view->cursor - steps;
	else
		steps += view->cursor;
	top_put_cursor(view, model, steps);
}

void top_sort_by(struct top_view *view, enum top_column key)
{
	view->order.key = key;
	view->order.reverse = false;
}

void top_settle(struct top_view *view, struct top_model *model)
{
	size_t at;

	view->order.filter = view->filter;
	top_model_arrange(model, &view->order);
	if (view->follow) {
		at = top_model_find(model, view->pid, view->start_ns);
		if (at != (size_t)-1)
			view->cursor = at;
		else
			view->follow = false;
	}
	if (view->cursor >= model->shown_count)
		view->cursor = model->shown_count ? model->shown_count - 1 : 0;
}

void top_search(struct top_view *view, const struct top_model *model,
		bool next)
{
	size_t i, at;

	if (!*view->search)
		return;
	for (i = 0; i < model->shown_count; i++) {
		at = (view->cursor + i + next) % model->shown_count;
		if (top_row_matches(model->shown[at], view->search)) {
			top_put_cursor(view, model, at);
			return;
		}
	}
	top_say(view, "Not found: %s", view->search);
}
