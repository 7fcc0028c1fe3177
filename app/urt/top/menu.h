/* SPDX-License-Identifier: MIT */
/* Menus of urt top: the column to sort by, the signal to send. */
#ifndef TOP_MENU_H
#define TOP_MENU_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "top/view.h"

void top_menu_open_sort(struct top_view *view);
/* Sorts by the column to the left or to the right, without the menu. */
void top_menu_shift_sort(struct top_view *view, bool right);
/* Opens the menu for the process at the cursor. */
void top_menu_open_signal(struct top_view *view, const struct top_model *model);

/* The number of items in the open menu. */
size_t top_menu_count(const struct top_view *view);
void top_menu_label(const struct top_view *view, size_t i, char *label,
		    size_t size);
void top_menu_press(struct top_view *view, wint_t c, bool key);

#endif
