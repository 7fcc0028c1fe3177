/* SPDX-License-Identifier: MIT */
#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include <stdbool.h>
#include <wchar.h>

#include "top/model.h"
#include "top/view.h"

/*
 * The caller's next action. TOP_INTERVAL: set the interval to view->wanted_ms.
 */
enum top_action { TOP_GO_ON, TOP_QUIT, TOP_INTERVAL, TOP_REDRAW };

/* Handles a key, or a character (key is false). */
enum top_action top_press(struct top_view *view, struct top_model *model,
			  wint_t c, bool key);

#endif
