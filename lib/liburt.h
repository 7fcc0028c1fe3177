/* SPDX-License-Identifier: MIT */
/*
 * liburt: the CPU time of processes, through /proc/urt of the usertime module.
 *
 * A struct urt is a session: a set of processes that ends when it is closed.
 * You register processes by PID, or as whole trees. urt.h of the module
 * explains what the kernel promises about a session.
 *
 * On failure, functions that return an int return -1, functions that return a
 * pointer return NULL, and both set errno. If a call fails, the contents of its
 * output arguments are undefined. Every function may fail with ENOMEM. A
 * function that opens fails with ENOENT if the module is not loaded or if /proc
 * does not show it.
 *
 * Times are in nanoseconds. Moments are nanoseconds since boot
 * (CLOCK_BOOTTIME).
 *
 * Threads: different sessions are independent of each other. Within one
 * session, any thread may call urt_fd(), urt_add(), urt_remove(),
 * urt_set_interval() and urt_set_precision() at any time. Only one thread at a
 * time may be in any other function.
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
 * Opens a session. Its descriptor is close-on-exec and non-blocking.
 * Errors: EDQUOT max_sessions are open.
 */
struct urt *urt_open(void);

/*
 * Opens the system registry (/proc/urt/status and stat) for urt_add(),
 * urt_remove() and urt_snapshot(). All users share this registry. A process
 * stays registered after the program that registered it has ended.
 *
 * The system registry has no exit records and no map. Therefore urt_next(),
 * urt_map(), urt_set_interval(), urt_waitpid() and urt_snapshot_one() fail with
 * ENOTSUP.
 *
 * If the user may not write status (see the module's status_mode), opening
 * still succeeds, and urt_add() and urt_remove() fail with EACCES. If /proc is
 * read-only, they fail with EROFS.
 */
struct urt *urt_open_system(void);
void urt_close(struct urt *u);	/* NULL is allowed */

/*
 * Returns a descriptor for poll(2). Of a session: POLLIN means that records
 * wait, POLLPRI that there is a new generation, POLLHUP that the session has
 * ended. Of the system registry: POLLPRI means that there is a generation newer
 * than that of the last urt_snapshot().
 */
int urt_fd(const struct urt *u);

#define URT_TREE 1	/* and its descendants, living and to come */

/*
 * Registers a process.
 * Errors: ESRCH, EPERM, EDQUOT, ENOSPC, EBUSY, as urt.h explains them; EINVAL
 * for a PID below 1 or unknown flags.
 */
int urt_add(struct urt *u, pid_t pid, int flags);

/*
 * Unregisters a process.
 * Errors: ENOENT the process is not registered; EPERM; EINVAL.
 */
int urt_remove(struct urt *u, pid_t pid);

/*
 * Sets the time between two refreshes, in milliseconds.
 * Errors: EINVAL the value is outside the range that this user may set.
 */
int urt_set_interval(struct urt *u, unsigned int ms);

/*
 * Samples processes while they run, to tell user from system time better than
 * the tick of the kernel does. This holds for processes that members of trees
 * fork after the call. It also holds for the caller, if it registers itself
 * after the call. us is the first time between two samples, in microseconds. It
 * grows with the time that a process uses.
 * Errors: EINVAL us is less than 20, more than 1000, or less than the machine or
 * the administrator allows; EOPNOTSUPP the kernel cannot do it or the
 * administrator forbids it.
 */
int urt_set_precision(struct urt *u, unsigned int us);

/* --- what has exited --- */

enum urt_type {
	URT_EXIT,	/* one process */
	URT_LOST,	/* count processes; only utime_ns and stime_ns */
	URT_MISSED,	/* count processes, of which nothing is known */
};

struct urt_record {
	enum urt_type type;
	uint64_t count;		/* 1 for URT_EXIT */
	uint64_t utime_ns;
	uint64_t stime_ns;
	/* Only URT_EXIT sets the rest. */
	pid_t pid;
	pid_t ppid;		/* 0: not visible here */
	uid_t uid;
	int status;		/* as wait(2) gives it; -1: hidden from you */
	uint64_t start_ns;
	uint64_t runtime_ns;	/* wall time */
	char comm[64];		/* as it is, nothing escaped */
};

/*
 * Takes the next record. Waits at most timeout_ms milliseconds for it; -1 waits
 * without a limit, 0 does not wait. Returns 1, or 0 when every registered
 * process has ended and every record has been read.
 * Errors: ETIMEDOUT; EINTR a signal came; EPROTO the kernel wrote a line that
 * no version of this format allows. That line is lost, and the next call
 * continues behind it. Unknown words in a line are skipped and are no error.
 */
int urt_next(struct urt *u, struct urt_record *record, int timeout_ms);

/*
 * Waits for one registered process, as waitpid(2) does for a child. The process
 * need not be a child of the caller. With pid <= 0, waits for any registered
 * process. The parent must also reap the process before the wait ends.
 *
 * Records of other processes that come meanwhile are kept for later calls, also
 * for urt_next(). options is 0 or WNOHANG. *status is -1 if the status is
 * hidden from this user; status may be NULL. Returns the PID, or 0 with WNOHANG
 * if the process has not ended yet.
 * Errors: ECHILD the process is not registered, no process is registered, or
 * the record of the process was lost; EINTR; EINVAL; EPROTO.
 *
 * A map of the session shows whether a process is registered. This is the map
 * of urt_map(). Without one, the first call makes a map for max_per_user
 * processes, at most 65,536, and a later urt_map() gets at least that many. The
 * map grows, unless urt_map() was called with a capacity.
 *
 * If more processes are registered than the map has room for, a process that is
 * not in the map counts as registered. If that process was never registered,
 * ECHILD comes later: when the map has room for all, or when no process is
 * left.
 *
 * If another thread calls urt_remove() for the process meanwhile, the process
 * leaves no record. The wait then ends when no process is registered any more.
 */
pid_t urt_waitpid(struct urt *u, int *status, pid_t pid, int options);

/*
 * Does what urt_waitpid() does, and stores the whole record in *record, which
 * may be NULL.
 */
pid_t urt_waitpid_record(struct urt *u, struct urt_record *record, pid_t pid,
			 int options);

/* How well the division of a process into user and system time is known. */
struct urt_accuracy {
	uint64_t samples;	/* that it rests on; 0: on the kernel's tick */
	uint64_t error_ns;	/* neither part is wrong by more, in 95 of 100 */
};

/*
 * That of the record which urt_next(), urt_waitpid() or urt_waitpid_record() gave
 * last. Errors: ENODATA the process was not sampled: its record is of before
 * urt_set_precision(), or is no exit.
 */
int urt_record_accuracy(const struct urt *u, struct urt_accuracy *accuracy);

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
 * Maps the session, with room for capacity processes. Call it once. With 0, the
 * room is for max_per_user processes, at most 65,536, and urt_snapshot() makes
 * the map longer when more processes are registered.
 * Errors: EINVAL capacity is above max_per_user (with CAP_SYS_RESOURCE: above
 * max_processes); EBUSY the session is mapped already; EPROTO the map has a
 * format that this library does not know.
 */
int urt_map(struct urt *u, size_t capacity);

/*
 * Brings the list of processes up to date. The next urt_snapshot() then has the
 * processes that were registered since the latest generation, each with the CPU
 * time that it had used at its registration. All other values stay as they were
 * in the generation.
 * Errors: EINVAL the session is not mapped.
 */
int urt_map_update(struct urt *u);

/*
 * Copies the latest generation into *snapshot. All its values are of one
 * moment. For a session this needs no system call, except when the snapshot or
 * the map grows. For the system registry, the function reads the file stat. The
 * caller zeroes the snapshot before its first use, and may use it again.
 * Errors: EINVAL the session is not mapped; EPROTO columns of the file are
 * missing or cannot be parsed (new columns are skipped); EDQUOT as in urt.h.
 */
int urt_snapshot(struct urt *u, struct urt_snapshot *snapshot);

/*
 * Finds one process of the latest generation. This is the fastest way to read
 * one process. It costs about one instruction for each process that is in front
 * of it.
 * Errors: ENOENT the process is not in the generation; EINVAL as above.
 */
int urt_snapshot_one(struct urt *u, pid_t pid, struct urt_process *process);

#define URT_ERROR_UNKNOWN UINT64_MAX

/*
 * By how much user and system time of a process of the snapshot, counted from 0,
 * are wrong at most, in 95 of 100 processes. URT_ERROR_UNKNOWN: the process is
 * not sampled, or there is none.
 */
uint64_t urt_snapshot_error(const struct urt_snapshot *snapshot, size_t i);

void urt_snapshot_free(struct urt_snapshot *snapshot);

/* Explains an errno of these functions and says what to do; never NULL. */
const char *urt_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif
