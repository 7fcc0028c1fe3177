// SPDX-License-Identifier: MIT
/* Opening and closing, writing words, and the snapshot. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct urt *urt_new(void)
{
	struct urt *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->fd = -1;
	u->status_fd = -1;
	u->aside_end = &u->aside;
	return u;
}

static struct urt *close_failed(struct urt *u)
{
	int err = errno;

	urt_close(u);
	errno = err;
	return NULL;
}

struct urt *urt_open(void)
{
	struct urt *u = urt_new();

	if (!u)
		return NULL;
	/*
	 * Reads must never block. Another user of the descriptor may have taken
	 * the record that poll() announced.
	 */
	u->fd = open(URT_SESSION_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (u->fd < 0)
		return close_failed(u);
	u->status_fd = u->fd;
	return u;
}

struct urt *urt_open_system(void)
{
	struct urt *u = urt_new();

	if (!u)
		return NULL;
	u->system = true;
	u->fd = open(URT_STAT_PATH, O_RDONLY | O_CLOEXEC);
	if (u->fd < 0)
		return close_failed(u);
	/*
	 * Reading works without status_fd. A status_mode or a read-only mount
	 * may forbid writing.
	 */
	u->status_fd = open(URT_STATUS_PATH, O_WRONLY | O_CLOEXEC);
	u->status_err = errno;
	if (u->status_fd < 0 && errno != EACCES && errno != EROFS)
		return close_failed(u);
	return u;
}

void urt_close(struct urt *u)
{
	if (!u)
		return;
	urt_map_close(u);
	urt_aside_free(u);
	free(u->stat);
	if (u->status_fd >= 0 && u->status_fd != u->fd)
		close(u->status_fd);
	if (u->fd >= 0)
		close(u->fd);
	free(u);
}

int urt_fd(const struct urt *u)
{
	return u->fd;
}

static int __attribute__((format(printf, 2, 3)))
write_word(struct urt *u, const char *format, ...)
{
	char word[URT_WORD_MAX * 2];
	va_list ap;
	ssize_t n;
	int length;

	va_start(ap, format);
	length = vsnprintf(word, sizeof(word), format, ap);
	va_end(ap);
	if (u->status_fd < 0) {
		errno = u->status_err;
		return -1;
	}
	do {
		n = write(u->status_fd, word, length);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (n != length) {	/* the kernel accepts a word as a whole */
		errno = EPROTO;
		return -1;
	}
	return 0;
}

int urt_add(struct urt *u, pid_t pid, int flags)
{
	if (pid < 1 || (flags & ~URT_TREE)) {
		errno = EINVAL;
		return -1;
	}
	return write_word(u, flags & URT_TREE ? "tree %jd" : "%jd",
			  (intmax_t)pid);
}

int urt_remove(struct urt *u, pid_t pid)
{
	if (pid < 1) {
		errno = EINVAL;
		return -1;
	}
	return write_word(u, "-%jd", (intmax_t)pid);
}

int urt_set_interval(struct urt *u, unsigned int ms)
{
	if (u->system) {
		errno = ENOTSUP;
		return -1;
	}
	return write_word(u, "interval %u", ms);
}

int urt_set_precision(struct urt *u, unsigned int us)
{
	if (u->system) {
		errno = ENOTSUP;
		return -1;
	}
	return write_word(u, "precise %u", us);
}

int urt_snapshot(struct urt *u, struct urt_snapshot *snapshot)
{
	if (u->system)
		return urt_system_snapshot(u, snapshot);
	return urt_map_snapshot(u, snapshot);
}
