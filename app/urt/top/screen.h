/* SPDX-License-Identifier: MIT */
/* The terminal. */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "top/model.h"
#include "top/view.h"

/* Return: NULL, or the reason why there can be no screen. */
const char *top_screen_open(struct top_view *view);
/* Restores the terminal. exit() calls it as well. */
void top_screen_close(void);
/* Call it after endwin(), and after other output on the screen. */
void top_screen_resume(void);
void top_screen_resize(void);
/* Draws the view that top_settle() has prepared. */
void top_screen_draw(struct top_view *view, const struct top_model *model);

#endif
