/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The interface of the usertime module, as user space sees it.
 *
 * Text formats are read by scripts and stay as they are: new facts go to new
 * files, to new words, or to new columns before comm, the last one; a reader
 * finds columns by the names in stat's second line.
 *
 * PID numbers are those of the PID namespace of whoever opened the file, uids
 * those of their user namespace, clocks those of their time namespace; rights
 * and quotas are the opener's, too, whoever the descriptor is passed to.
 * Processes that the opener's PID namespace does not contain are not listed.
 *
 *
 * /proc/urt/status, read
 *
 *	PID: MS
 *
 * A line for each registered process, in the order of registration. MS is the
 * user-mode CPU time of all its threads, live and dead, in whole milliseconds,
 * cut off. A process has its first value as soon as it is registered; after
 * that, values change with a refresh only. A refresh starts a new generation.
 * A process that becomes final in generation G, by exiting and being reaped,
 * keeps its last value through G, has its final value through the whole of G+1,
 * and is gone in G+2.
 *
 * A read at offset 0 takes a snapshot of one moment, which later reads of the
 * same open file continue, however small they are. poll(2) reports POLLIN,
 * POLLRDNORM and POLLPRI while there is a generation newer than that of the
 * latest snapshot; before the first read, at once.
 *
 * Errors of read(2): ENOMEM; EDQUOT, when files of this user that have not been
 * read again keep more than 16 MiB of snapshots (CAP_SYS_RESOURCE is exempt).
 *
 *
 * /proc/urt/status, written
 *
 *	PID, +PID	registers the process; a thread's id means its process;
 *			for one that is registered it does nothing
 *	-PID		unregisters it; where a living process and one that has
 *			exited have the number, it means the living one
 *
 * Words are separated by blanks, tabs and newlines, at most 31 bytes long, and
 * done in order until one fails. write(2) returns how many bytes are done; if
 * the first word fails, its error, and nothing was done:
 *
 *	EINVAL	not a word of these, 0, more than 2147483647, or no word at all
 *	ESRCH	no such process here, or it has been released; zombies count
 *	ENOENT	-PID is not registered
 *	EPERM	restrict=1 and another user's process; or -PID that you neither
 *		registered nor own, without CAP_SYS_PTRACE
 *	EDQUOT	your user has max_per_user registrations
 *	ENOSPC	max_processes are registered in all
 *	ENOMEM, EFAULT, EINTR (killed while waiting): as everywhere
 *
 * A process is yours if its real, effective and saved uid are all your effective
 * one. Capabilities count in the init user namespace only.
 *
 * One call takes 4,096 bytes at most and returns what it took; a word that is
 * cut there is left to the next call. In a call of 512 bytes or more, a last
 * word without a blank behind it waits for the next write to the same file, or
 * its close: programs that write through a buffer cut numbers in two.
 *
 *
 * /proc/urt/stat, read
 *
 *	# generation=G time_ns=T interval_ms=I processes=N lost=L
 *	pid ppid uid state threads utime_ns stime_ns start_ns runtime_ms comm
 *	...
 *
 * G counts refreshes since the module was loaded; T is when this one began,
 * I the time between two now: interval_ms, or longer, where refreshes would
 * otherwise take more than a 20th of the time. N rows follow. L counts processes
 * whose end could not be recorded.
 *
 *	pid		as in status
 *	ppid		of the parent, 0 if it is not visible here; of a process
 *			that has exited, the parent it was registered with
 *	uid		real uid
 *	state		as in ps(1); X once exited and final
 *	threads		how many live; 0 once reaped
 *	utime_ns	CPU time in user and in kernel mode, ns. The sum is exact;
 *	stime_ns	how it divides, the tick samples (see README, Limits)
 *	start_ns	when it started, ns since boot (CLOCK_BOOTTIME)
 *	runtime_ms	wall time from its start to T, or to its registration if
 *			that is later, or to its last thread's exit
 *	comm		its name; blanks, control characters and backslashes as
 *			\ooo, in octal
 *
 * Times are those of the generation. ppid, uid, state, threads and comm are
 * looked up when a row is first rendered in it.
 */
#ifndef URT_H
#define URT_H

#define URT_STATUS_PATH	"/proc/urt/status"
#define URT_STAT_PATH	"/proc/urt/stat"

/* Bytes that one write() takes, at most. */
#define URT_WRITE_MAX	4096
/* From this length on, a write's unterminated last word waits for the next. */
#define URT_CARRY_MIN	512
/* No word is longer. */
#define URT_WORD_MAX	31

#endif
