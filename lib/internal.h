/* SPDX-License-Identifier: MIT */
/*
 * Declarations that the files of the library share. The library exports none of
 * them.
 */
#ifndef LIBURT_INTERNAL_H
#define LIBURT_INTERNAL_H

#include <stdbool.h>

#include "urt.h"

/* Only the interface is visible. The Makefile compiles the rest as hidden. */
#pragma GCC visibility push(default)
#include "liburt.h"
#pragma GCC visibility pop

/* Room for many records. This version knows no record that is longer. */
#define URT_READ_SIZE 16384

/* A line that comes before the exit line of the same process. */
struct urt_split {
	pid_t pid;		/* 0: none has come */
	struct urt_accuracy accuracy;
};

/* Text that was read from a session and is not parsed yet. */
struct urt_reader {
	size_t begin, end;	/* of it, in text */
	bool overlong;		/* the line's beginning did not fit */
	/* Of split lines: of the next record, and of the one given last. */
	struct urt_split split;
	bool known;
	struct urt_accuracy accuracy;
	char text[URT_READ_SIZE];
};

/* Records that a wait for another process read, oldest first. */
struct urt_aside {
	struct urt_aside *next;
	struct urt_record record;
	bool known;
	struct urt_accuracy accuracy;	/* if it is known */
};

struct urt {
	int fd;			/* the session, or stat; never changes */
	int status_fd;		/* where words are written; never changes */
	int status_err;		/* why it is -1; never changes */
	bool system;

	/* One thread at a time uses these. */
	struct urt_reader reader;
	struct urt_aside *aside, **aside_end;
	const struct urt_map *map;
	size_t map_length;
	bool map_asked;		/* urt_map() asked for the map */
	bool map_grows;		/* asked for without a capacity */
	char *stat;		/* the file's text */
	size_t stat_size;
};

/* parse.c */

enum urt_parsed { URT_MALFORMED, URT_UNKNOWN, URT_PARSED };

/* Parses a line without its newline. */
enum urt_parsed urt_parse_record(const char *line, size_t length,
				 struct urt_record *record);
/* Return: whether a line is a split. */
bool urt_parse_split(const char *line, size_t length, struct urt_split *split);
/* Parses a whole stat. Return: 0, -1 with errno EPROTO or ENOMEM. */
int urt_parse_stat(const char *text, size_t length,
		   struct urt_snapshot *snapshot);

/* record.c */

/*
 * Takes the next record that can be read now.
 * Return: 1; 0 at the end of file; -1 with errno EAGAIN (there is no record
 * now), EPROTO or an errno of read(2).
 */
int urt_record_read(struct urt *u, struct urt_record *record);
/*
 * Does what urt_record_read() does, but only from the buffer.
 * Return: 1; 0 if the buffer has no whole record; -1 with errno EPROTO.
 */
int urt_reader_take(struct urt_reader *reader, struct urt_record *record);
/* Waits for more to read. Return: 0, -1 with errno ETIMEDOUT or EINTR. */
int urt_record_poll(struct urt *u, uint64_t deadline_ns);
#define URT_NO_DEADLINE UINT64_MAX

/* aside.c */

/*
 * Whether a wait for process pid takes this record. If pid <= 0, it takes any.
 */
static inline bool urt_is_exit_of(const struct urt_record *record, pid_t pid)
{
	return record->type == URT_EXIT && (pid <= 0 || record->pid == pid);
}

/*
 * Puts an allocated record at the end of the list, which owns it from then on.
 */
void urt_aside_put(struct urt *u, struct urt_aside *aside);
/*
 * Takes the oldest record, or the oldest exit. Return: whether there was one.
 */
bool urt_aside_take(struct urt *u, struct urt_record *record);
bool urt_aside_take_exit(struct urt *u, struct urt_record *record, pid_t pid);
void urt_aside_free(struct urt *u);

/* map.c */

enum urt_presence { URT_ABSENT, URT_PRESENT, URT_UNSURE };

/*
 * Asks the kernel whether a process is registered now. With pid <= 0: whether
 * any process is registered. URT_UNSURE says that the map has too little room
 * for all registered processes.
 * Return: 0, -1 with errno.
 */
int urt_map_presence(struct urt *u, pid_t pid, enum urt_presence *presence);
int urt_map_snapshot(struct urt *u, struct urt_snapshot *snapshot);
void urt_map_close(struct urt *u);

/* system.c */

int urt_system_snapshot(struct urt *u, struct urt_snapshot *snapshot);

/* snapshot.c */

/* Makes room for count processes. Return: 0, -1 with errno ENOMEM. */
int urt_snapshot_room(struct urt_snapshot *snapshot, size_t count);
/* The errors of those; each is to be written after urt_snapshot_room(). */
uint64_t *urt_snapshot_errors(const struct urt_snapshot *snapshot);

#endif
