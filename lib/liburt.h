/* SPDX-License-Identifier: MIT */
/*
 * liburt: the CPU time of processes, through /proc/urt of the usertime module.
 *
 * A struct urt is a session: a set of processes, registered by PID or as whole
 * trees, that ends when it is closed. urt.h of the module explains what the
 * kernel promises about it.
 *
 * Functions that return an int return -1, and those that return a pointer NULL,
 * with errno set, on failure. All of them: ENOENT when the module is not loaded
 * or /proc does not show it (when opening), ENOMEM. What a call that failed was to
 * fill in is undefined.
 * Times are in nanoseconds; moments are since boot (CLOCK_BOOTTIME).
 *
 * Threads: different sessions are independent of each other. In one session,
 * urt_fd(), urt_add(), urt_remove() and urt_set_interval() may be called at any
 * time from any thread; of the others only one at a time.
 */
#ifndef LIBURT_H
#define LIBURT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct urt;	/* a session */

/* --- sessions --- */

/*
 * Opens a session. Its descriptor is close-on-exec, and never blocks.
 * Errors: EDQUOT max_sessions are open.
 */
struct urt *urt_open(void);

/*
 * Opens the system registry (/proc/urt/status and stat), which all share and
 * which outlives whoever opened it: for urt_add(), urt_remove() and
 * urt_snapshot(). There are no exit records and no map: urt_next(), urt_map(),
 * urt_set_interval(), urt_waitpid() and urt_snapshot_one() fail with ENOTSUP.
 * Who may not write status (the module's status_mode) may open it all the same,
 * and gets EACCES from urt_add() and urt_remove(); EROFS if /proc is read-only.
 */
struct urt *urt_open_system(void);
void urt_close(struct urt *u);	/* NULL is allowed */

/*
 * For poll(2). A session's: POLLIN records wait, POLLPRI new generation, POLLHUP
 * the end. The system registry's: POLLPRI a generation newer than that of the
 * last urt_snapshot().
 */
int urt_fd(const struct urt *u);

#define URT_TREE 1	/* and its descendants, living and to come */

/*
 * Registers a process.
 * Errors: ESRCH, EPERM, EDQUOT, ENOSPC, EBUSY, as urt.h has them; EINVAL for a PID
 * below 1 or unknown flags.
 */
int urt_add(struct urt *u, pid_t pid, int flags);

/* Unregisters it. Errors: ENOENT it is not registered; EPERM, EINVAL. */
int urt_remove(struct urt *u, pid_t pid);

/* Refreshes every so many milliseconds. Errors: EINVAL out of your range. */
int urt_set_interval(struct urt *u, unsigned int ms);

/* --- what has exited --- */

enum urt_type {
	URT_EXIT,	/* one process */
	URT_LOST,	/* count more, with the sums utime_ns and stime_ns */
	URT_MISSED,	/* count more, of which nothing is known */
};

struct urt_record {
	enum urt_type type;
	uint64_t count;		/* 1 for URT_EXIT */
	uint64_t utime_ns;
	uint64_t stime_ns;
	/* The rest for URT_EXIT only. */
	pid_t pid;
	pid_t ppid;		/* 0: not visible here */
	uid_t uid;
	int status;		/* as wait(2) gives it; -1: hidden from you */
	uint64_t start_ns;
	uint64_t runtime_ns;	/* wall time */
	char comm[64];		/* as it is, nothing escaped */
};

/*
 * The next record, waiting at most timeout_ms for it (-1: for ever, 0: not).
 * Returns 1, or 0 when all that was registered has ended and been read.
 * Errors: ETIMEDOUT; EINTR a signal came; EPROTO the kernel wrote what no
 * version of this format allows (words that it does not know are skipped): that
 * line is lost, the next call goes on behind it.
 */
int urt_next(struct urt *u, struct urt_record *record, int timeout_ms);

/*
 * Waits for one registered process, child or not, as waitpid(2) does for a
 * child; pid <= 0 is any of them. It must also be reaped by its parent. What
 * other processes' records came meanwhile is kept for later calls, also for
 * urt_next(). options: 0 or WNOHANG.
 * Returns the PID, or 0 with WNOHANG when it has not ended yet.
 * *status (may be NULL) is -1 where it is hidden.
 * Errors: ECHILD it is not registered, or nothing is, or its record is among the
 * lost ones; EINTR; EINVAL; EPROTO.
 *
 * Whether it is registered, the kernel says through a map: the one of urt_map(),
 * or one for max_per_user processes, at most 65,536, made at the first call (a
 * later urt_map() gets at least that). It grows, unless urt_map() was given a
 * capacity. Where more are registered than it has room for, a process that is not in it is taken for
 * registered: if it never was, ECHILD comes later, when there is room for all or
 * nothing is left. A process that urt_remove() takes out while another thread
 * waits for it leaves no record; that wait ends when nothing is registered any
 * more.
 */
pid_t urt_waitpid(struct urt *u, int *status, pid_t pid, int options);

/* The same, with all that is known about it (may be NULL). */
pid_t urt_waitpid_record(struct urt *u, struct urt_record *record, pid_t pid,
			 int options);

/* --- what is alive --- */

struct urt_process {
	pid_t pid;
	pid_t ppid;		/* 0: not visible here */
	uid_t uid;
	char state;		/* as in ps(1); X: exited, values are final */
	unsigned int threads;
	uint64_t utime_ns;
	uint64_t stime_ns;
	uint64_t start_ns;
	char comm[64];
};

/* One moment of a session or of the system registry. */
struct urt_snapshot {
	uint64_t generation;
	uint64_t time_ns;	/* when it was taken */
	unsigned int interval_ms;	/* between generations, now */
	uint64_t lost;		/* system registry: see stat in urt.h */
	size_t registered;	/* more than count: the map is too small */
	size_t count;
	struct urt_process *processes;	/* of count; see urt_snapshot_free() */
};

/*
 * Maps the session, with room for so many processes. 0: for max_per_user of
 * them, at most 65,536; urt_snapshot() makes the map longer when more are
 * registered. Once.
 * Errors: EINVAL more than max_per_user (max_processes with CAP_SYS_RESOURCE);
 * EBUSY it is mapped already; EPROTO the map has a format that this library does
 * not know.
 */
int urt_map(struct urt *u, size_t capacity);

/*
 * Brings the list of processes up to date: the next urt_snapshot() has those
 * that were registered since the latest generation, with what they had used when
 * they were registered. The other values stay those of the generation.
 * Errors: EINVAL the session is not mapped.
 */
int urt_map_update(struct urt *u);

/*
 * The latest generation, consistent. Of a session, without a system call (but
 * as snapshot and map grow); the system registry's is read from its file. The snapshot is zeroed by the caller before its first use, and may be
 * used again. Errors: EINVAL the session is not mapped; EPROTO columns of the
 * file are missing or unreadable (new ones are skipped); EDQUOT as in urt.h.
 */
int urt_snapshot(struct urt *u, struct urt_snapshot *snapshot);

/*
 * One process of it, the fastest way: about as many instructions as there are
 * processes before it. Errors: ENOENT it is not in there; EINVAL as above.
 */
int urt_snapshot_one(struct urt *u, pid_t pid, struct urt_process *process);

void urt_snapshot_free(struct urt_snapshot *snapshot);

/* What an errno of these functions means and what to do; never NULL. */
const char *urt_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif
