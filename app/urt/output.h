/* SPDX-License-Identifier: MIT */
/* The destination and the format of a report. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "newfile.h"

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

/* Options without a letter that several commands share. */
enum { OPTION_JSON = 256, OPTION_CSV, OPTION_OTHERS };

struct output {
	enum format format;
	const char *path;	/* NULL: file was open already */
	FILE *file;
	int err;		/* the first errno of writing to file */
	struct newfile new;	/* if path is set: what file belongs to */
};

/* Notes --json or --csv. Both together are an error. */
void output_choose(struct output *output, enum format format,
		   const struct argp_state *state);

/*
 * Whether path can be written, as far as this is known before. If not, a
 * message is printed.
 */
bool output_check(const struct output *output);
/*
 * Opens path, or takes otherwise. The old file of that path stays until the
 * output is closed. Return: success; if not, a message is printed.
 */
bool output_open(struct output *output, FILE *otherwise);
/* Writes the buffer. Remembers the reason of a failure. */
void output_flush(struct output *output);
/* Return: whether all is written; if not, a message is printed. */
bool output_close(struct output *output);

/* Prints the value, and frees it. */
void output_json(struct output *output, json_t *json, size_t flags);

#endif
