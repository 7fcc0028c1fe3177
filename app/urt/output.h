/* SPDX-License-Identifier: MIT */
/* Where a report goes and as what. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "newfile.h"

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

/* Options without a letter, of several commands. */
enum { OPTION_JSON = 256, OPTION_CSV, OPTION_OTHERS };

struct output {
	enum format format;
	const char *path;	/* NULL: file is one that is open anyway */
	FILE *file;
	int err;		/* the first errno of writing to file */
	struct newfile new;	/* with path: what file belongs to */
};

/* What --json or --csv chose; both of them are an error. */
void output_choose(struct output *output, enum format format,
		   const struct argp_state *state);

/* Whether path can be written, as far as that is known before; or a message. */
bool output_check(const struct output *output);
/*
 * Opens path, or takes what is given. What stood under path stays until the
 * output is closed. Return: success; or a message.
 */
bool output_open(struct output *output, FILE *otherwise);
/* Writes what is buffered; what fails is remembered with its reason. */
void output_flush(struct output *output);
/* Return: whether all has been written; or a message. */
bool output_close(struct output *output);

/* Prints the value, and frees it. */
void output_json(struct output *output, json_t *json, size_t flags);

#endif
