// SPDX-License-Identifier: MIT
#include "exporter/file.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

#define NAME		"urt.prom"
#define NEW_NAME	"urt.prom.new"	/* no name that the collector reads */
#define LOCK_NAME	"urt.prom.lock"	/* other programs may lock DIR */

struct exporter_file {
	const char *dir;
	int fd;		/* the directory; -1: it is not open */
	int lock;	/* the lock file in the directory */
	int told;	/* the errno that was reported last */
};

struct exporter_file *exporter_file_open(const char *dir)
{
	struct exporter_file *file = memory_alloc(sizeof(*file));

	file->dir = dir;
	file->fd = -1;
	return file;
}

/* --- the directory --- */

/*
 * Return: the lock; -1 with errno; EWOULDBLOCK says that another exporter has
 * it.
 */
static int lock_in(int dir)
{
	struct stat status;
	bool ours;
	int err, fd;

	fd = openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -1;
	ours = !flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &status);
	/* Its holder has removed the file since we opened it. */
	if (ours && !status.st_nlink) {
		ours = false;
		errno = EWOULDBLOCK;
	}
	if (ours)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static bool take(struct exporter_file *file)
{
	int err;

	file->fd = open(file->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->fd < 0)
		return false;
	file->lock = lock_in(file->fd);
	if (file->lock >= 0)
		return true;
	err = errno;
	close(file->fd);
	file->fd = -1;
	errno = err;
	return false;
}

/*
 * Whether the lock file still exists. If not, another exporter may hold a new
 * one.
 */
static bool holds_lock(const struct exporter_file *file)
{
	struct stat status;

	return !fstat(file->lock, &status) && status.st_nlink;
}

static void leave(struct exporter_file *file)
{
	if (file->fd < 0)
		return;
	if (holds_lock(file)) {
		unlinkat(file->fd, NAME, 0);
		unlinkat(file->fd, LOCK_NAME, 0);
	}
	close(file->lock);
	close(file->fd);
	file->fd = -1;
}

/* Whether the directory of this name is still the one that is open. */
static bool is_there(const struct exporter_file *file)
{
	struct stat ours, there;

	return !fstat(file->fd, &ours) && !stat(file->dir, &there) &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void exporter_file_close(struct exporter_file *file)
{
	if (!file)
		return;
	leave(file);
	free(file);
}

/* --- writing --- */

static bool write_all(int fd, const char *text, size_t length)
{
	ssize_t n;

	while (length) {
		n = write(fd, text, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		length -= (size_t)n;
	}
	return true;
}

/*
 * Never follows a link that another user put there. Return: success, or errno
 * is set
 */
static bool replace(const struct exporter_file *file, const char *text,
		    size_t length)
{
	int err, fd;
	bool ok;

	unlinkat(file->fd, NEW_NAME, 0);
	fd = openat(file->fd, NEW_NAME,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	/* A node exporter of another user reads it, whatever our umask is. */
	ok = !fchmod(fd, 0644) && write_all(fd, text, length);
	ok = !close(fd) && ok;
	if (ok && !renameat(file->fd, NEW_NAME, file->fd, NAME))
		return true;
	err = errno;
	unlinkat(file->fd, NEW_NAME, 0);
	errno = err;
	return false;
}

static void tell(const struct exporter_file *file, int err)
{
	if (err == EWOULDBLOCK)
		error(0, 0, "%s: another urt exporter writes there", file->dir);
	else
		error(0, err, "cannot write %s/%s", file->dir, NAME);
}

bool exporter_file_write(struct exporter_file *file, const char *text,
			 size_t length)
{
	int err = 0;

	if (file->fd >= 0 && !(is_there(file) && holds_lock(file)))
		leave(file);
	if ((file->fd < 0 && !take(file)) || !replace(file, text, length))
		err = errno;
	if (err && err != file->told)
		tell(file, err);
	file->told = err;
	return !err;
}
