// SPDX-License-Identifier: MIT
/* The words of a picture. */
#include "picture/picture.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "format.h"
#include "memory.h"

unsigned int picture_heat(double cpu_ns, double ns)
{
	double share = ns > 0 ? cpu_ns / ns : 0;

	/* One tick too many makes a single CPU look a little above 1. */
	if (share > 1.1)
		return HEAT_MORE;
	return share >= 1 ? HEAT_FULL : (unsigned int)(share * HEAT_FULL + 0.5);
}

static void note(char *notes[NOTES_MAX], size_t *count, uint64_t number,
		 const char *text)
{
	size_t size = strlen(text) + sizeof("18446744073709551615 ");

	if (!number)
		return;
	notes[*count] = memory_alloc(size);
	snprintf(notes[*count], size, "%" PRIu64 " %s", number, text);
	(*count)++;
}

size_t picture_notes(const struct picture *picture, char *notes[NOTES_MAX])
{
	const struct tally *tally = picture->tally;
	char text[128], seconds[STATUS_SIZE];
	size_t count = 0;

	snprintf(text, sizeof(text),
		 "lost: of these processes only the sum is known, %s s of CPU time; counted, not drawn",
		 format_seconds(seconds, sum_cpu(&tally->lost)));
	note(notes, &count, tally->lost.count, text);
	note(notes, &count, tally->missed,
	     "missed: these could not be registered (quota, or no memory); neither counted nor drawn");
	note(notes, &count, tally->total.running,
	     "still running at the end: drawn with what they had used so far");
	note(notes, &count, tally->total.unreaped,
	     "exited, but not reaped by their parents: drawn until they were first seen so");
	note(notes, &count, picture->summary->unseen,
	     "more still running, of which nothing is known; neither counted nor drawn");
	if (picture->summary->blind)
		notes[count++] = memory_strdup("More may be running at the end, which could not be seen: neither counted nor drawn");
	return count;
}

const char *picture_status(const struct picture *picture,
			   char buffer[STATUS_SIZE + sizeof("exit ")])
{
	int status = picture->summary->status;
	char text[STATUS_SIZE];

	format_status(text, status);
	snprintf(buffer, STATUS_SIZE + sizeof("exit "), "%s%s",
		 status >= 0 && WIFEXITED(status) ? "exit " : "", text);
	return buffer;
}

const char *picture_date(const struct picture *picture,
			 char buffer[DATE_SIZE])
{
	struct tm tm;

	*buffer = '\0';
	if (picture->summary->time &&
	    localtime_r(&picture->summary->time, &tm) &&
	    !strftime(buffer, DATE_SIZE, "%Y-%m-%d %H:%M:%S %z", &tm))
		*buffer = '\0';
	return buffer;
}
