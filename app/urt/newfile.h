/* SPDX-License-Identifier: MIT */
/*
 * A file that appears as a whole or not at all. The old file of its name stays
 * until the new one is complete.
 */
#ifndef NEWFILE_H
#define NEWFILE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct newfile {
	const char *name;	/* as given, for messages */
	char *path;		/* final path; NULL: written directly */
	char *temporary;
	sigset_t old_mask;	/* if path is set: restored on closing */
	FILE *file;
};

/*
 * Whether the file can be written, as far as this is known before. Devices,
 * pipes and "-" (standard output) are written to directly.
 * Return: whether it can; if not, a message is printed.
 */
bool newfile_check(const char *name);

/* Whether two names mean one file, which may not exist yet. */
bool newfile_same(const char *a, const char *b);

/* Return: success; if not, a message is printed. */
bool newfile_open(struct newfile *new, const char *name);

/*
 * Writes the buffer. Return: 0, or the errno of the first output that failed.
 */
int file_error(FILE *file);

/*
 * Puts the file in its place. Return: whether all is written; if not, a message
 * is printed.
 */
bool newfile_close(struct newfile *new);

#endif
