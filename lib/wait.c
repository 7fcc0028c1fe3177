// SPDX-License-Identifier: MIT
/*
 * Waiting for one process. Its record may have come already, may come among
 * others, or never, because it is not registered; which of these, only the
 * kernel's list of members can tell. What else comes is set aside.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

/*
 * Reads what is there, up to the process's record, and sets the others aside.
 * *lost: some record is among them that nobody will see.
 * Return: 1 with the record, 0 at the end of file, -1 with errno (EAGAIN: that
 * was all).
 */
static int drain(struct urt *u, struct urt_record *record, pid_t pid,
		 bool *lost)
{
	struct urt_aside *aside;
	int ret, err;

	for (;;) {
		/* First the memory: a record that was read must not get lost. */
		aside = malloc(sizeof(*aside));
		if (!aside)
			return -1;
		ret = urt_record_read(u, &aside->record);
		if (ret <= 0)
			break;
		if (urt_is_exit_of(&aside->record, pid)) {
			*record = aside->record;
			break;
		}
		*lost |= aside->record.type == URT_LOST;
		urt_aside_put(u, aside);
	}
	err = errno;
	free(aside);
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

	if (urt_aside_take_exit(u, record, pid))
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
