/* SPDX-License-Identifier: MIT */
/* Menus of urt top: by what to sort, which signal to send. */
#ifndef TOP_MENU_H
#define TOP_MENU_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "top/view.h"

void top_menu_open_sort(struct top_view *view);
/* Without the menu: by the column to the left or to the right. */
void top_menu_shift_sort(struct top_view *view, bool right);
/* For the process at the cursor. */
void top_menu_open_signal(struct top_view *view, const struct top_model *model);

/* Of the menu that is open. */
size_t top_menu_count(const struct top_view *view);
void top_menu_label(const struct top_view *view, size_t i, char *label,
		    size_t size);
void top_menu_press(struct top_view *view, wint_t c, bool key);

#endif
