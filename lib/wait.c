// SPDX-License-Identifier: MIT
/*
 * Waiting for one process. Its record may have come already, may come among
 * others, or never, because it is not registered; which of these, only the
 * kernel's list of members can tell. What else comes is kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "internal.h"

/* Takes the one that link points to out of the list. */
static void unlink_kept(struct urt *u, struct urt_kept **link,
			struct urt_record *record)
{
	struct urt_kept *kept = *link;

	*record = kept->record;
	*link = kept->next;
	if (!*link)
		u->kept_end = link;
	free(kept);
}

bool urt_kept_take(struct urt *u, struct urt_record *record)
{
	if (!u->kept)
		return false;
	unlink_kept(u, &u->kept, record);
	return true;
}

void urt_kept_free(struct urt *u)
{
	struct urt_record record;

	while (urt_kept_take(u, &record))
		;
}

static bool matches(const struct urt_record *record, pid_t pid)
{
	return record->type == URT_EXIT && (pid <= 0 || record->pid == pid);
}

static bool take_matching(struct urt *u, struct urt_record *record, pid_t pid)
{
	struct urt_kept **link;

	for (link = &u->kept; *link; link = &(*link)->next) {
		if (matches(&(*link)->record, pid)) {
			unlink_kept(u, link, record);
			return true;
		}
	}
	return false;
}

/*
 * Reads what is there, up to the process's record, and keeps the others.
 * *lost: some record is among them that nobody will see.
 * Return: 1 with the record, 0 at the end of file, -1 with errno (EAGAIN: that
 * was all).
 */
static int drain(struct urt *u, struct urt_record *record, pid_t pid,
		 bool *lost)
{
	struct urt_kept *kept;
	int ret, err;

	for (;;) {
		/* First the memory: a record that was read must not get lost. */
		kept = malloc(sizeof(*kept));
		if (!kept)
			return -1;
		ret = urt_record_read(u, &kept->record);
		if (ret <= 0)
			break;
		if (matches(&kept->record, pid)) {
			*record = kept->record;
			break;
		}
		*lost |= kept->record.type == URT_LOST;
		kept->next = NULL;
		*u->kept_end = kept;
		u->kept_end = &kept->next;
	}
	err = errno;
	free(kept);
	errno = err;
	return ret;
}

static pid_t not_registered(void)
{
	errno = ECHILD;
	return -1;
}

static pid_t wait_record(struct urt *u, struct urt_record *record, pid_t pid,
			 int options)
{
	enum urt_presence presence = URT_UNSURE;
	bool lost = false;
	int ret;

	if (take_matching(u, record, pid))
		return record->pid;
	for (;;) {
		ret = drain(u, record, pid, &lost);
		if (ret > 0)
			return record->pid;
		if (ret < 0 && errno != EAGAIN)
			return -1;
		if (!ret || presence == URT_ABSENT)
			return not_registered();
		/* Once seen registered, it leaves a record, unless one got lost. */
		if (presence != URT_PRESENT || lost) {
			lost = false;
			if (urt_map_presence(u, pid, &presence))
				return -1;
			/* It may have ended since the records were read. */
			if (presence == URT_ABSENT)
				continue;
		}
		if (options & WNOHANG)
			return 0;
		if (urt_record_poll(u, URT_NO_DEADLINE))
			return -1;
	}
}

pid_t urt_waitpid_record(struct urt *u, struct urt_record *record, pid_t pid,
			 int options)
{
	struct urt_record unwanted;

	if (u->system) {
		errno = ENOTSUP;
		return -1;
	}
	if (options & ~WNOHANG) {
		errno = EINVAL;
		return -1;
	}
	return wait_record(u, record ? record : &unwanted, pid, options);
}

pid_t urt_waitpid(struct urt *u, int *status, pid_t pid, int options)
{
	struct urt_record record;
	pid_t ret = urt_waitpid_record(u, &record, pid, options);

	if (ret > 0 && status)
		*status = record.status;
	return ret;
}
