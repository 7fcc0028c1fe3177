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
 *	tree PID	registers it, its living descendants, and whatever they
 *			fork from now on; for one that is registered, the rest
 *	-PID		unregisters it, nothing that it brought in; where a living
 *			process and one that has exited have the number, it
 *			means the living one
 *
 * Words are separated by blanks, tabs and newlines, at most 31 bytes long, and
 * done in order until one fails. write(2) returns how many bytes are done; if
 * the first word fails, its error, and nothing was done:
 *
 *	EINVAL	not a word of these, 0, more than 2147483647, or no word at all
 *	ESRCH	no such process here, or it has been released; zombies count
 *	ENOENT	-PID is not registered
 *	EPERM	restrict=1 and another user's process; -PID that your
 *		effective uid neither registered nor owns, without
 *		CAP_SYS_PTRACE; tree PID of a
 *		process that is not yours, without CAP_SYS_PTRACE in its user
 *		namespace
 *	EDQUOT	your user has max_per_user registrations
 *	ENOSPC	max_processes are registered in all
 *	EBUSY	tree PID: again and again while the tree was searched, processes
 *		of it were unregistered, or children could not be registered;
 *		nothing is registered, and trying again is all right
 *	ENOMEM, EFAULT, EINTR (killed while waiting): as everywhere
 *
 * A process is yours if its real, effective and saved uid are all your effective
 * one. Capabilities count in the init user namespace only, except where said.
 *
 * What a member of a tree forks is registered before it first runs, for whoever
 * registered its parent, and stays a member whatever becomes of the parent, of
 * its uid or of its name. A descendant whose parent exits while tree PID looks
 * for the living ones may be missed; nothing that is forked after write() has
 * returned is. Where not all living descendants can be registered, tree PID
 * registers none and returns EDQUOT, ENOSPC or ENOMEM. Writers do not disturb
 * each other: one that succeeds has registered all, whatever becomes of others.
 *
 * One call takes 4,096 bytes at most and returns what it took; a word that is
 * cut there is left to the next call. In a call of 512 bytes or more, or for the
 * rest of one that was cut, a last word without a blank behind it waits for the
 * next write to the same file, or its close: programs that write through a
 * buffer cut numbers in two.
 *
 * Programs without a buffer write a line in pieces. After a write that did a
 * word, blanks alone are done, too, in any later write to that open file. A word
 * that wants a number (tree) and ends the write with a blank other than a
 * newline waits for the next write. A newline before the number ends it: EINVAL,
 * and it is gone. So does the close. A number is never put together from two
 * short writes: without a blank behind it, it is complete. writev(2) makes a
 * write of each of its pieces.
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
 * otherwise take more than a 20th of the time. N rows follow. L counts children
 * of tree members that could not be registered when they were forked (quota, no
 * memory): their times are nobody's to know. A session calls them missed, and
 * something else lost.
 *
 *	pid		as in status
 *	ppid		of the parent, 0 if it is not visible here; of a process
 *			that has exited, the parent it was registered with
 *	uid		real uid
 *	state		as in ps(1); X once exited and final
 *	threads		how many live; 0 once reaped
 *	utime_ns	CPU time in user and in kernel mode, ns. The sum is exact;
 *	stime_ns	how it divides, the tick samples (usertime(4), CAVEATS)
 *	start_ns	when it started, ns since boot (CLOCK_BOOTTIME)
 *	runtime_ms	wall time from its start to T, or to its registration if
 *			that is later, or to its last thread's exit
 *	comm		its name; blanks, control characters and backslashes as
 *			\ooo, in octal
 *
 * Times are those of the generation. ppid, uid, state, threads and comm are
 * looked up when a row is first rendered in it.
 *
 *
 * /proc/urt/session
 *
 * Every open() makes a registry of its own; it ends with the last close(). It is
 * a stream: there is no position, and reading never holds up writing.
 *
 * Written: the words of status, and
 *
 *	interval MS	refreshes this session at that pace (5000 at first); 100
 *			to 3600000, from 10 with CAP_SYS_RESOURCE; else EINVAL
 *
 * Read: a line for each process that has exited and been reaped,
 *
 *	exit PID PPID UID UTIME_NS STIME_NS START_NS RUNTIME_NS STATUS COMM
 *
 *	PPID		its parent's when it was registered or forked, 0 if that
 *			is not visible here
 *	UID		real uid at its end
 *	UTIME_NS	CPU time in user and in kernel mode, all threads; final
 *	STIME_NS
 *	START_NS	when it started, ns since boot
 *	RUNTIME_NS	wall time from its start to its last thread's exit, or to
 *			its registration, if it was a zombie then
 *	STATUS		in decimal, as wait(2) gives it; - where /proc/PID/stat
 *			would hide it from the opener
 *	COMM		its name at the end, escaped as in stat
 *
 * and, so that nothing is lost in silence,
 *
 *	lost COUNT UTIME_NS STIME_NS
 *			so many more have exited, with these sums: max_records
 *			records were waiting, or restrict hides whose they are
 *	missed COUNT	so many children of tree members could not be registered
 *			when they were forked (quota, no memory); stat calls that
 *			lost
 *
 * Either comes when no record waits, and counts what came since the last of its
 * kind. -PID makes no record.
 *
 * read(2) returns whole lines, as many as fit; where not even one fits, a part,
 * and the next read of the session the rest. It waits for a line, unless
 * O_NONBLOCK (EAGAIN). 0, the end of file, says that something was registered,
 * that none of it is left, and that all lines have been read; registering again
 * ends that. Errors: EAGAIN, EFAULT (nothing is lost), EINTR, ENOMEM.
 *
 * poll(2): POLLIN and POLLRDNORM while a line waits; POLLPRI for a generation
 * that no poll of this session has reported yet, to the first that asks for it
 * (epoll_ctl(2) polls, too, and does not report: look at the map after it;
 * nor does select(2) for those who wait to read only, nor an epoll(7) that is
 * itself in another: wait for POLLPRI with poll(2), or in one epoll);
 * POLLHUP at the end of file; POLLOUT and POLLWRNORM always. A waiter is woken
 * for what it asked for only, and every one is, exclusive ones (EPOLLEXCLUSIVE),
 * too. IOCB_CMD_POLL works.
 *
 * open(2) fails with EDQUOT when the user has max_sessions open (CAP_SYS_RESOURCE
 * is exempt), and with ENOMEM.
 *
 * mmap(2), PROT_READ and MAP_SHARED, at offset 0: a struct urt_map, the latest
 * generation of the processes that are registered, for reading without a system
 * call. Its length makes the capacity: URT_MAP_LENGTH(n) bytes have room for n
 * processes, and for a few more up to a whole page, but never for more than
 * max_per_user, or than max_processes for an opener with CAP_SYS_RESOURCE. Where
 * more are registered, the map has those that were first, and says how many
 * there are (registered). Exits are not in it: a process that is final leaves
 * with the next generation, and its record has the final value.
 *
 * A session that outgrows its map is mapped again, longer. An older mapping goes
 * on: it shows the same generations, each with the first processes that fit in,
 * and registered counts all of them. Its memory is freed with its last mapping.
 *
 * EINVAL: a length beyond the largest capacity, or shorter than a mapping that
 * this session has had; an offset; MAP_PRIVATE. EACCES: PROT_WRITE. ENOMEM: no
 * memory; or outgrown maps are mapped still, and all together would be longer
 * than three of the longest possible ones. Doubling the length each time, up to
 * the longest, never fails so.
 *
 * Mapping (again) brings the list of processes up to date at once; the values
 * stay those of the generation.
 */
#ifndef URT_H
#define URT_H

#include <linux/types.h>

#define URT_STATUS_PATH		"/proc/urt/status"
#define URT_STAT_PATH		"/proc/urt/stat"
#define URT_SESSION_PATH	"/proc/urt/session"

/* Bytes that one write() takes, at most. */
#define URT_WRITE_MAX	4096
/* From this length on, a write's unterminated last word waits for the next. */
#define URT_CARRY_MIN	512
/* No word is longer. */
#define URT_WORD_MAX	31

/*
 * The layout of a mapped session is the same for 32- and 64-bit programs; the
 * module (map.c) and liburt assert it.
 */
#define URT_MAP_VERSION	1
#define URT_COMM_LEN	16	/* with the NUL that ends it */

/* A process in a mapped snapshot; as in stat. */
struct urt_map_process {
	__u64 utime_ns;
	__u64 stime_ns;
	__u64 start_ns;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 threads;
	__u32 state;		/* a character */
	__u32 reserved;
	char comm[URT_COMM_LEN];	/* as it is, nothing escaped */
};

/* What precedes the processes of a snapshot. */
struct urt_map_snapshot {
	__u64 generation;	/* 0: none yet */
	__u64 time_ns;		/* when it began; CLOCK_BOOTTIME */
	__u32 processes;	/* how many follow */
	__u32 registered;	/* more than that: the capacity was too small */
	__u64 reserved[5];
};

/*
 * The head of a mapped session. Two snapshots take turns: the kernel fills the
 * one that is not the latest, then increments sequence, which says by its lowest
 * bit which is. To read, load sequence (acquire), read that snapshot, and load
 * sequence again (after an acquire fence): if it has changed, what was read may
 * be torn; start again. There is a whole generation's time for it.
 *
 * Readers check version, and use the offsets and the size given here: later
 * kernels may make the structures longer, without a new version.
 */
struct urt_map {
	__u32 version;		/* URT_MAP_VERSION */
	__u32 sequence;
	__u32 interval_ms;	/* between generations, now; as in stat */
	__u32 capacity;		/* processes that a snapshot has room for */
	__u32 snapshot_offset[2];	/* of each snapshot, from here, in bytes */
	__u32 process_offset;	/* of the first process, from its snapshot */
	__u32 process_size;	/* from one process to the next */
	__u64 reserved[4];
};

#define URT_MAP_LENGTH(capacity)					\
	(sizeof(struct urt_map) + 2 * (sizeof(struct urt_map_snapshot) + \
	 (capacity) * sizeof(struct urt_map_process)))

#endif
