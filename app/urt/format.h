/* SPDX-License-Identifier: MIT */
/* Names, statuses, numbers and terminals: what people read. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A process's name, escaped: room for each of 63 bytes as \ooo. */
#define NAME_SIZE	(4 * 63 + 1)

/*
 * A process's name as it can be shown: control characters, backslashes, what is
 * not UTF-8 and what cannot be seen as \ooo, an empty one as \000. Names are the
 * processes' own choice.
 */
const char *format_name(char buffer[NAME_SIZE], const char *comm);
/*
 * Words as one line, quoted as a shell wants them, but for what cannot be shown,
 * which stands there as \ooo. To be freed.
 */
char *format_words(char **words);
/* How many columns of a terminal it takes, as wcwidth(3) has them. */
size_t format_width(const char *text);
/* Return: how many bytes of it, whole characters, take at most so many columns. */
size_t format_fit(const char *text, size_t columns);

/* How wide a terminal is; 0: it is none, or does not know. */
size_t format_terminal(FILE *file);

#define STATUS_SIZE	32

/* What wait(2) says: "0", "SIGKILL", or "-" where it is hidden (-1). */
const char *format_status(char buffer[STATUS_SIZE], int status);
/* "SIGKILL", or "signal 99". */
const char *format_signal(char buffer[STATUS_SIZE], int number);

/* Seconds, with three decimals. */
const char *format_seconds(char buffer[STATUS_SIZE], uint64_t ns);

/* Whether escape sequences are welcome: a terminal, no NO_COLOR, not dumb. */
bool format_colours(FILE *file);

#endif
