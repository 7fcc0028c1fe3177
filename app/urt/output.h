/* SPDX-License-Identifier: MIT */
/* Where a report goes and as what. */
#ifndef URT_OUTPUT_H
#define URT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

/* Options without a letter, of several commands. */
enum { OPTION_JSON = 256, OPTION_CSV, OPTION_OTHERS };

struct output {
	enum format format;
	const char *path;	/* NULL: file is one that is open anyway */
	FILE *file;
};

/* Opens path, or takes what is given. Return: success; or a message. */
bool urt_output_open(struct output *output, FILE *otherwise);
/* Return: whether all has been written; or a message. */
bool urt_output_close(struct output *output);

/* Prints the value, and frees it. */
void urt_output_json(struct output *output, json_t *json, size_t flags);

#endif
