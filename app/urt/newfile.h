/* SPDX-License-Identifier: MIT */
/*
 * A file that is there as a whole or not at all: what stood under its name stays
 * until the new one is complete.
 */
#ifndef NEWFILE_H
#define NEWFILE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct newfile {
	const char *name;	/* as given, for messages */
	char *path;		/* where it goes; NULL: written to directly */
	char *temporary;
	sigset_t old_mask;	/* if there is a path: until it is closed */
	FILE *file;
};

/*
 * Whether it can be written, as far as that can be known before. What is no
 * regular file (a device, a pipe, "-": standard output) is written to directly.
 * Return: whether it can; or a message.
 */
bool newfile_check(const char *name);

/* Whether two names are one file's, be it there or to be made. */
bool newfile_same(const char *a, const char *b);

/* Return: success; or a message. */
bool newfile_open(struct newfile *new, const char *name);

/* Writes what is buffered. Return: 0, or why not all has been written so far. */
int file_error(FILE *file);

/* Puts it in its place. Return: whether all has been written; or a message. */
bool newfile_close(struct newfile *new);

#endif
