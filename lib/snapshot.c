// SPDX-License-Identifier: MIT
/* Snapshots as the caller has them. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/*
 * In front of the processes, and unseen: how many there is room for. The caller
 * sees how many there are, and that may shrink and grow.
 */
struct room {
	size_t count;
	_Alignas(max_align_t) struct urt_process processes[];
};

static struct room *room_of(struct urt_snapshot *snapshot)
{
	if (!snapshot->processes)
		return NULL;
	return (struct room *)((char *)snapshot->processes -
			       offsetof(struct room, processes));
}

int urt_snapshot_room(struct urt_snapshot *snapshot, size_t count)
{
	struct room *room = room_of(snapshot);

	if (count <= (room ? room->count : 0))
		return 0;
	if (count > (SIZE_MAX - sizeof(*room)) / 2 / sizeof(*room->processes)) {
		errno = ENOMEM;
		return -1;
	}
	/* Some more: trees grow. */
	count += count / 2;
	room = realloc(room, sizeof(*room) + count * sizeof(*room->processes));
	if (!room)
		return -1;
	room->count = count;
	snapshot->processes = room->processes;
	return 0;
}

int urt_snapshot(struct urt *u, struct urt_snapshot *snapshot)
{
	if (u->system)
		return urt_system_snapshot(u, snapshot);
	return urt_map_snapshot(u, snapshot);
}

void urt_snapshot_free(struct urt_snapshot *snapshot)
{
	free(room_of(snapshot));
	*snapshot = (struct urt_snapshot){ 0 };
}
