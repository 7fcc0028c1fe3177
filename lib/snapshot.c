// SPDX-License-Identifier: MIT
/* Memory of the caller's snapshots. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

/*
 * The hidden head in front of the processes: how many processes there is room
 * for. The caller sees only how many processes there are, a number that may
 * shrink and grow.
 * Behind the room for processes are their errors, which older programs do not
 * know.
 */
struct room {
	_Alignas(max_align_t) size_t count;
};

static struct room *room_of(const struct urt_snapshot *snapshot)
{
	if (!snapshot->processes)
		return NULL;
	return (struct room *)snapshot->processes - 1;
}

int urt_snapshot_room(struct urt_snapshot *snapshot, size_t count)
{
	const size_t size = sizeof(*snapshot->processes) + sizeof(uint64_t);
	struct room *old = room_of(snapshot), *room;

	if (count <= (old ? old->count : 0))
		return 0;
	if (count > (SIZE_MAX - sizeof(*room)) / 2 / size) {
		errno = ENOMEM;
		return -1;
	}
	/* Allocate for a few more, because trees grow. */
	count += count / 2;
	room = realloc(old, sizeof(*room) + count * size);
	if (!room)
		return -1;
	room->count = count;
	snapshot->processes = (struct urt_process *)(room + 1);
	/* room_of() finds it again. */
	/* cppcheck-suppress memleak */
	return 0;
}

uint64_t *urt_snapshot_errors(const struct urt_snapshot *snapshot)
{
	const struct room *room = room_of(snapshot);

	return room ? (uint64_t *)(snapshot->processes + room->count) : NULL;
}

uint64_t urt_snapshot_error(const struct urt_snapshot *snapshot, size_t i)
{
	return i < snapshot->count ? urt_snapshot_errors(snapshot)[i] :
				     URT_ERROR_UNKNOWN;
}

void urt_snapshot_free(struct urt_snapshot *snapshot)
{
	free(room_of(snapshot));
	*snapshot = (struct urt_snapshot){ 0 };
}
