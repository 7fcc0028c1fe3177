// SPDX-License-Identifier: MIT
#include <errno.h>
#include <error.h>
#include <string.h>

#include "output.h"

bool urt_output_open(struct output *output, FILE *otherwise)
{
	if (output->path && !strcmp(output->path, "-")) {
		output->path = NULL;
		otherwise = stdout;
	}
	output->file = output->path ? fopen(output->path, "we") : otherwise;
	if (!output->file)
		error(0, errno, "%s", output->path);
	return output->file;
}

bool urt_output_close(struct output *output)
{
	bool ok = !fflush(output->file) && !ferror(output->file);

	if (output->path && fclose(output->file))
		ok = false;
	if (!ok)
		error(0, errno, "cannot write %s",
		      output->path ? output->path : "the output");
	return ok;
}

void urt_output_json(struct output *output, json_t *json, size_t flags)
{
	/* Whether it could be written, the file knows when it is closed. */
	json_dumpf(json, output->file, flags | JSON_REAL_PRECISION(12));
	fputc('\n', output->file);
	json_decref(json);
}
