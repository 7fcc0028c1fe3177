/* SPDX-License-Identifier: MIT */
/* What the parts of urt top know of each other; the model has its own header. */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <wchar.h>

#include "top/model.h"

#define TOP_INPUT_MAX	32	/* characters that a prompt takes */

enum top_mode { TOP_LIST, TOP_HELP, TOP_PROMPT, TOP_MENU };

/* What is prompted for, or chosen from a menu. */
enum top_purpose { TOP_SEARCH, TOP_FILTER, TOP_DELAY, TOP_SORT, TOP_SIGNAL };

/* What the user sees of the model, and what keys change. */
struct top_view {
	struct top_order order;	/* its filter is the one below */
	char filter[TOP_INPUT_MAX * 6 + 1];	/* a character has 6 bytes */
	char search[TOP_INPUT_MAX * 6 + 1];

	size_t cursor;		/* in the model's shown */
	size_t first;		/* the topmost row on the screen */
	size_t page;		/* rows on the screen */
	bool follow;		/* the cursor stays with this process: */
	pid_t pid;
	uint64_t start_ns;

	enum top_mode mode;
	enum top_purpose purpose;
	wchar_t input[TOP_INPUT_MAX + 1];
	size_t choice;		/* in the menu */
	size_t help_first;
	int target;		/* pidfd of whom a signal is for, or -1 */
	char target_name[64];

	char message[128];	/* until the next key */
	char title[96];
	unsigned int interval_ms;
	unsigned int wanted_ms;	/* set with TOP_INTERVAL */
	bool system;		/* the system registry; its interval is fixed */
	bool ended;		/* all have exited */
	bool unicode;
	bool colours;
};

/* --- keys.c --- */

enum top_action { TOP_GO_ON, TOP_QUIT, TOP_INTERVAL };

/* A key, or a character (key false). */
enum top_action top_press(struct top_view *view, struct top_model *model,
			  wint_t c, bool key);
/* Rows in order, and the cursor where it belongs: before any drawing. */
void top_settle(struct top_view *view, struct top_model *model);
size_t top_menu_count(const struct top_view *view);
void top_menu_label(const struct top_view *view, size_t i, char *label,
		    size_t size);

/* --- kill.c --- */

/*
 * Return: a descriptor of the process, and of no other that got its number
 * since; or -1, with errno ESRCH if it is gone.
 */
int top_target_open(pid_t pid, uint64_t start_ns);
int top_target_signal(int target, int number);

/* --- screen.c --- */

/* Return: NULL, or why there can be no screen. */
const char *top_screen_open(struct top_view *view);
/* The terminal as it was; also at exit(). */
void top_screen_close(void);
void top_screen_resume(void);
void top_screen_resize(void);
/* What top_settle() has prepared. */
void top_screen_draw(struct top_view *view, const struct top_model *model);

#endif
