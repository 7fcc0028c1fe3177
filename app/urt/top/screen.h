/* SPDX-License-Identifier: MIT */
/* The terminal. */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "top/model.h"
#include "top/view.h"

/* Return: NULL, or why there can be no screen. */
const char *top_screen_open(struct top_view *view);
/* The terminal as it was; also at exit(). */
void top_screen_close(void);
/* Also after endwin(), and when something else has been on the screen. */
void top_screen_resume(void);
void top_screen_resize(void);
/* What top_settle() has prepared. */
void top_screen_draw(struct top_view *view, const struct top_model *model);

#endif
