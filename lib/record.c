// SPDX-License-Identifier: MIT
/* Reading a session: from the descriptor to records. */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the split before a record says is of the same process, or of none. */
static void take_split(struct urt_reader *reader,
		       const struct urt_record *record)
{
	reader->known = record->type == URT_EXIT &&
			reader->split.pid == record->pid;
	reader->accuracy = reader->split.accuracy;
	reader->split.pid = 0;
}

int urt_record_accuracy(const struct urt *u, struct urt_accuracy *accuracy)
{
	if (!u->reader.known) {
		errno = ENODATA;
		return -1;
	}
	*accuracy = u->reader.accuracy;
	return 0;
}

int urt_reader_take(struct urt_reader *reader, struct urt_record *record)
{
	enum urt_parsed parsed;
	char *line, *newline;
	bool overlong;

	for (;;) {
		line = reader->text + reader->begin;
		newline = memchr(line, '\n', reader->end - reader->begin);
		if (!newline)
			return 0;
		reader->begin = newline + 1 - reader->text;
		overlong = reader->overlong;
		reader->overlong = false;
		parsed = overlong ? URT_MALFORMED :
			 urt_parse_record(line, newline - line, record);
		if (parsed == URT_PARSED) {
			take_split(reader, record);
			return 1;
		}
		if (parsed == URT_UNKNOWN)
			urt_parse_split(line, newline - line, &reader->split);
		if (parsed == URT_MALFORMED) {
			errno = EPROTO;
			return -1;
		}
	}
}

/* Makes room behind an unfinished line. A line that is too long is lost. */
static void make_room(struct urt_reader *reader)
{
	size_t length = reader->end - reader->begin;

	if (length == sizeof(reader->text)) {
		reader->overlong = true;
		length = 0;
	}
	memmove(reader->text, reader->text + reader->begin, length);
	reader->begin = 0;
	reader->end = length;
}

/* Return: what read(2) returns. */
static ssize_t fill(struct urt *u)
{
	struct urt_reader *reader = &u->reader;
	ssize_t n;

	make_room(reader);
	n = read(u->fd, reader->text + reader->end,
		 sizeof(reader->text) - reader->end);
	if (n > 0)
		reader->end += n;
	return n;
}

/* Return: whether the file has ended in the middle of a line. */
static bool ends_early(struct urt_reader *reader)
{
	bool early = reader->begin != reader->end || reader->overlong;

	reader->begin = 0;
	reader->end = 0;
	reader->overlong = false;
	return early;
}

int urt_record_read(struct urt *u, struct urt_record *record)
{
	ssize_t n;
	int ret;

	for (;;) {
		ret = urt_reader_take(&u->reader, record);
		if (ret)
			return ret;
		n = fill(u);
		if (n < 0)
			return -1;
		if (!n && ends_early(&u->reader)) {
			errno = EPROTO;
			return -1;
		}
		if (!n)
			return 0;
	}
}

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The time left until the deadline in milliseconds for poll(), rounded up. */
static int left_ms(uint64_t deadline_ns)
{
	uint64_t now, ms;

	if (deadline_ns == URT_NO_DEADLINE)
		return -1;
	now = monotonic_ns();
	if (now >= deadline_ns)
		return 0;
	ms = (deadline_ns - now + 999999) / 1000000;
	return ms < INT_MAX ? ms : INT_MAX;
}

int urt_record_poll(struct urt *u, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	int ret = poll(&p, 1, left_ms(deadline_ns));

	if (!ret)
		errno = ETIMEDOUT;
	return ret > 0 ? 0 : -1;
}

int urt_next(struct urt *u, struct urt_record *record, int timeout_ms)
{
	uint64_t deadline = URT_NO_DEADLINE;
	int ret;

	if (u->system) {
		errno = ENOTSUP;
		return -1;
	}
	if (urt_aside_take(u, record))
		return 1;
	if (timeout_ms > 0)
		deadline = monotonic_ns() + timeout_ms * 1000000ULL;
	for (;;) {
		ret = urt_record_read(u, record);
		if (ret >= 0 || errno != EAGAIN)
			return ret;
		if (!timeout_ms) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (urt_record_poll(u, deadline))
			return -1;
	}
}
