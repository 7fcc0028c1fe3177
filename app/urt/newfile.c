// SPDX-License-Identifier: MIT
#include "newfile.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

static bool is_link(const char *name)
{
	struct stat link;

	return !lstat(name, &link) && S_ISLNK(link.st_mode);
}

static bool fail(const struct newfile *new, int err)
{
	error(0, err, "cannot write %s%s", new->name,
	      is_link(new->name) ? ", a link" : "");
	return false;
}

/*
 * Delays signals that would end us until the temporary file has become the new
 * one or is removed. A file that is written to directly needs no delay, and its
 * reader may be slow.
 */
static void hold_signals(struct newfile *new)
{
	static const int held[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < sizeof(held) / sizeof(*held); i++)
		sigaddset(&mask, held[i]);
	sigprocmask(SIG_BLOCK, &mask, &new->old_mask);
}

static void forget(struct newfile *new)
{
	if (new->temporary)
		unlink(new->temporary);
	if (new->path)
		sigprocmask(SIG_SETMASK, &new->old_mask, NULL);
	free(new->temporary);
	free(new->path);
	new->temporary = NULL;
	new->path = NULL;
}

/*
 * Takes the mode and the owner of the old file, as far as we may. If there is
 * no old file, the new one gets those of any new file.
 */
static void take_over(int fd, const char *path)
{
	struct stat old;
	mode_t mask;
	bool kept;

	if (stat(path, &old)) {
		mask = umask(0);
		umask(mask);
		fchmod(fd, 0666 & ~mask);
		return;
	}
	kept = !fchown(fd, old.st_uid, old.st_gid) ||
	       !fchown(fd, (uid_t)-1, old.st_gid);
	/* Another group must not get the rights of the old one. */
	fchmod(fd, old.st_mode & (kept ? 0777 : 0707));
}

/*
 * The temporary file is beside the final one, because rename() needs one file
 * system.
 */
static int open_temporary(struct newfile *new)
{
	size_t size = strlen(new->path) + sizeof(".XXXXXX");
	int fd;

	new->temporary = memory_alloc(size);
	snprintf(new->temporary, size, "%s.XXXXXX", new->path);
	fd = mkostemp(new->temporary, O_CLOEXEC);
	if (fd < 0) {
		free(new->temporary);
		new->temporary = NULL;
	} else {
		take_over(fd, new->path);
	}
	return fd;
}

/* Looks at the file that a name leads to. Return: whether it exists. */
static bool look(const char *name, struct stat *there)
{
	return !(strcmp(name, "-") ? stat(name, there) :
				     fstat(STDOUT_FILENO, there));
}

/*
 * Finds our standard descriptor that writes to this file already, so that its
 * contents are not lost. Return: -1 if there is none.
 */
static int standard_fd(const char *name)
{
	struct stat there, ours;
	int fd;

	if (!look(name, &there))
		return -1;
	for (fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (!fstat(fd, &ours) && ours.st_dev == there.st_dev &&
		    ours.st_ino == there.st_ino)
			return fd;
	}
	return -1;
}

static int open_directly(const char *name)
{
	int fd = strcmp(name, "-") ? standard_fd(name) : STDOUT_FILENO;

	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return open(name, O_WRONLY | O_CLOEXEC);
}

/* Whether this file is written to directly, whatever its type is. */
static bool is_special(const char *name)
{
	struct stat old;

	return !strcmp(name, "-") || standard_fd(name) >= 0 ||
	       (look(name, &old) && !S_ISREG(old.st_mode));
}

static int open_any(struct newfile *new)
{
	bool refused;

	if (is_special(new->name))
		return open_directly(new->name);
	hold_signals(new);
	/*
	 * A link stays a link. The file that it leads to is replaced, if it
	 * exists.
	 */
	new->path = realpath(new->name, NULL);
	refused = new->path ? access(new->path, W_OK) : is_link(new->name);
	if (!new->path)
		new->path = memory_strdup(new->name);
	return refused ? -1 : open_temporary(new);
}

bool newfile_open(struct newfile *new, const char *name)
{
	int fd;

	/* Too large a file becomes an ordinary error instead of our end. */
	signal(SIGXFSZ, SIG_IGN);
	*new = (struct newfile){ .name = name };
	fd = open_any(new);
	if (fd < 0) {
		fail(new, errno);
		forget(new);
		return false;
	}
	new->file = fdopen(fd, "w");
	if (!new->file)
		memory_exhausted();
	return true;
}

/* Each call that fails sets errno, and no other call comes in between. */
int file_error(FILE *file)
{
	if (!fflush(file) && !ferror(file))
		return 0;
	return errno ? errno : EIO;
}

bool newfile_close(struct newfile *new)
{
	int err = file_error(new->file);

	if (fclose(new->file) && !err)
		err = errno;
	if (!err && new->path && rename(new->temporary, new->path))
		err = errno;
	if (err) {
		fail(new, err);
	} else {
		free(new->temporary);	/* the file has another name now */
		new->temporary = NULL;
	}
	forget(new);
	return !err;
}

bool newfile_check(const char *name)
{
	struct newfile new = { .name = name };
	struct stat old;
	bool ok = true;
	int fd;

	/* Opening the pipe would wait for its reader, and then end it. */
	if (!stat(name, &old) && S_ISFIFO(old.st_mode))
		return true;
	fd = open_any(&new);
	if (fd < 0)
		ok = fail(&new, errno);
	else
		close(fd);
	forget(&new);
	return ok;
}

/* Finds the directory of a new file. */
static bool look_around(const char *name, struct stat *directory)
{
	char *path = memory_strdup(name);
	bool there = look(dirname(path), directory);

	free(path);
	return there;
}

static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

bool newfile_same(const char *a, const char *b)
{
	struct stat of_a, of_b;
	bool there = look(a, &of_a);

	if (there != look(b, &of_b))
		return false;
	if (!there && (strcmp(last_part(a), last_part(b)) ||
		       !look_around(a, &of_a) || !look_around(b, &of_b)))
		return false;
	return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}
