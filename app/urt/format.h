/* SPDX-License-Identifier: MIT */
/* Names, statuses, numbers and terminals in the form that people read. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A process's name, escaped: room for each of 63 bytes as \ooo. */
#define NAME_SIZE	(4 * 63 + 1)

/*
 * A process's name as it can be shown. Control characters, backslashes, bytes
 * that are not UTF-8, and invisible characters become \ooo. An empty name
 * becomes \000. Any process can choose such a name.
 */
const char *format_name(char buffer[NAME_SIZE], const char *comm);
/*
 * Joins words to one line, quoted for a shell. Characters that cannot be shown
 * become \ooo. The caller frees the line.
 */
char *format_words(char **words);
/* How many columns of a terminal the text takes, as wcwidth(3) counts them. */
size_t format_width(const char *text);
/*
 * Return: how many bytes of the text, in whole characters, fit in the columns.
 */
size_t format_fit(const char *text, size_t columns);

/*
 * The width of a terminal; 0: the file is no terminal, or its width is unknown.
 */
size_t format_terminal(FILE *file);

#define STATUS_SIZE	32

/* A status of wait(2) as text: "0", "SIGKILL", or "-" if it is hidden (-1). */
const char *format_status(char buffer[STATUS_SIZE], int status);
/* "SIGKILL", or "signal 99". */
const char *format_signal(char buffer[STATUS_SIZE], int number);

/* Seconds with three decimals. */
const char *format_seconds(char buffer[STATUS_SIZE], uint64_t ns);

/*
 * Whether to print escape sequences: to a terminal, without NO_COLOR, not
 * "dumb".
 */
bool format_colours(FILE *file);

#endif
