// SPDX-License-Identifier: MIT
#include "picture/draw.h"

#include <error.h>
#include <stdio.h>

#include "newfile.h"
#include "picture/html.h"
#include "picture/picture.h"
#include "picture/svg.h"

/*
 * Two outputs to one file would overwrite each other, and an output to the
 * input would destroy it.
 */
static bool differ(const char *what, const char *a, const char *other,
		   const char *b)
{
	if (!a || !b || !newfile_same(a, b))
		return true;
	error(0, 0, "%s %s and %s %s are the same file", what, a, other, b);
	return false;
}

bool picture_can_draw(const struct summary *summary, const char *what,
		      const char *other)
{
	return differ("--html", summary->html, "--svg", summary->svg) &&
	       differ("--html", summary->html, what, other) &&
	       differ("--svg", summary->svg, what, other) &&
	       (!summary->html || newfile_check(summary->html)) &&
	       (!summary->svg || newfile_check(summary->svg));
}

static bool draw(const struct picture *picture, const char *path,
		 void (*write_it)(const struct picture *picture, FILE *file))
{
	struct newfile new;

	if (!path)
		return true;
	if (!newfile_open(&new, path))
		return false;
	write_it(picture, new.file);
	return newfile_close(&new);
}

bool picture_draw(const struct summary *summary, struct tally *tally)
{
	struct picture *picture;
	bool ok;

	if (!summary->html && !summary->svg)
		return true;
	picture = picture_new(summary, tally);
	ok = draw(picture, summary->html, html_write);
	ok = draw(picture, summary->svg, svg_write) && ok;
	picture_free(picture);
	return ok;
}
