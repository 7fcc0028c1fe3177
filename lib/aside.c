// SPDX-License-Identifier: MIT
/*
 * The list of records that urt_waitpid() sets aside. It reads records until the
 * record of its process comes. The records before it stay here for urt_next()
 * and for later waits.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

/* Takes the record that link points to out of the list. */
static void unlink_aside(struct urt *u, struct urt_aside **link,
			 struct urt_record *record)
{
	struct urt_aside *aside = *link;

	*record = aside->record;
	u->reader.known = aside->known;
	u->reader.accuracy = aside->accuracy;
	*link = aside->next;
	if (!*link)
		u->aside_end = link;
	free(aside);
}

bool urt_aside_take(struct urt *u, struct urt_record *record)
{
	if (!u->aside)
		return false;
	unlink_aside(u, &u->aside, record);
	return true;
}

void urt_aside_free(struct urt *u)
{
	struct urt_record record;

	while (urt_aside_take(u, &record))
		;
}

bool urt_aside_take_exit(struct urt *u, struct urt_record *record, pid_t pid)
{
	struct urt_aside **link;

	for (link = &u->aside; *link; link = &(*link)->next) {
		if (urt_is_exit_of(&(*link)->record, pid)) {
			unlink_aside(u, link, record);
			return true;
		}
	}
	return false;
}

void urt_aside_put(struct urt *u, struct urt_aside *aside)
{
	aside->next = NULL;
	*u->aside_end = aside;
	u->aside_end = &aside->next;
}
