// SPDX-License-Identifier: MIT
#include "output.h"

#include <errno.h>
#include <error.h>
#include <string.h>

void output_choose(struct output *output, enum format format,
		   const struct argp_state *state)
{
	if (output->format != FORMAT_TEXT && output->format != format)
		argp_error(state, "either --json or --csv");
	output->format = format;
}

bool output_check(const struct output *output)
{
	return !output->path || !strcmp(output->path, "-") ||
	       newfile_check(output->path);
}

bool output_open(struct output *output, FILE *otherwise)
{
	output->file = otherwise;
	if (!output->path)
		return true;
	if (!strcmp(output->path, "-")) {
		output->path = NULL;
		output->file = stdout;
		return true;
	}
	if (!newfile_open(&output->new, output->path))
		return false;
	output->file = output->new.file;
	return true;
}

void output_flush(struct output *output)
{
	int err = file_error(output->file);

	if (!output->err)
		output->err = err;
}

bool output_close(struct output *output)
{
	if (output->path)
		return newfile_close(&output->new);
	output_flush(output);
	if (!output->err)
		return true;
	error(0, output->err, "cannot write the output");
	/* It was reported: do not report it again at the end of the program. */
	clearerr(output->file);
	return false;
}

void output_json(struct output *output, json_t *json, size_t flags)
{
	/* Closing the file reports whether this could be written. */
	json_dumpf(json, output->file,
		   flags | JSON_REAL_PRECISION(12) | JSON_ENSURE_ASCII);
	fputc('\n', output->file);
	json_decref(json);
}
