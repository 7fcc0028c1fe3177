// SPDX-License-Identifier: MIT
#include "picture/draw.h"

#include <error.h>
#include <stdio.h>

#include "newfile.h"
#include "picture/html.h"
#include "picture/picture.h"
#include "picture/svg.h"

/* Written one after the other, or to what is read, one would be lost. */
static bool differ(const char *what, const char *a, const char *other,
		   const char *b)
{
	if (!a || !b || !newfile_same(a, b))
		return true;
	error(0, 0, "%s %s and %s %s are the same file", what, a, other, b);
	return false;
}

bool picture_can_draw(const struct report *report, const char *what,
		      const char *other)
{
	return differ("--html", report->html, "--svg", report->svg) &&
	       differ("--html", report->html, what, other) &&
	       differ("--svg", report->svg, what, other) &&
	       (!report->html || newfile_check(report->html)) &&
	       (!report->svg || newfile_check(report->svg));
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

bool picture_draw(const struct report *report, struct tally *tally)
{
	struct picture *picture;
	bool ok;

	if (!report->html && !report->svg)
		return true;
	picture = picture_new(report, tally);
	ok = draw(picture, report->html, html_write);
	ok = draw(picture, report->svg, svg_write) && ok;
	picture_free(picture);
	return ok;
}
