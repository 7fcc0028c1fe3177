// SPDX-License-Identifier: MIT
/*
 * Waiting for one process. Its record may have come already, or may come among
 * other records. It never comes if the process is not registered. Only the
 * kernel's list of members can tell which case this is. Other records are set
 * aside.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

/*
 * Reads records until the record of the process comes, and sets the other
 * records aside. Sets *lost if the kernel lost a record.
 * Return: 1 with the record, 0 at the end of file, -1 with errno (EAGAIN: no
 * more records are there).
 */
static int drain(struct urt *u, struct urt_record *record, pid_t pid,
		 bool *lost)
{
	const struct urt_accuracy accuracy = u->reader.accuracy;
	const bool known = u->reader.known;
	struct urt_aside *aside;
	int ret, err;

	for (;;) {
		/*
		 * Allocate before reading, so that no record that was read gets
		 * lost.
		 */
		aside = malloc(sizeof(*aside));
		if (!aside)
			return -1;
		ret = urt_record_read(u, &aside->record);
		if (ret <= 0) {
			/* The accuracy is still that of the record given last. */
			u->reader.known = known;
			u->reader.accuracy = accuracy;
			break;
		}
		if (urt_is_exit_of(&aside->record, pid)) {
			*record = aside->record;
			break;
		}
		*lost |= aside->record.type == URT_LOST;
		aside->known = u->reader.known;
		aside->accuracy = u->reader.accuracy;
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
		/*
		 * A process that was seen registered leaves a record, unless
		 * that got lost.
		 */
		if (presence != URT_PRESENT || lost) {
			lost = false;
			if (urt_map_presence(u, pid, &presence))
				return -1;
			/*
			 * The process may have ended since we read the records.
			 */
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
