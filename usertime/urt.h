/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The interface of the usertime module, as user space sees it.
 *
 * Scripts read the text formats, so the formats stay as they are. New facts go
 * to new files, to new words, or to new columns before comm, the last one. A
 * reader finds columns by the names in stat's second line.
 *
 * The opener of a file is the process that opened it. PID numbers are those of
 * the opener's PID namespace, uids those of its user namespace, and clocks
 * those of its time namespace. Rights and quotas are those of the opener, even
 * if the descriptor is passed to another process. Processes that the opener's
 * PID namespace does not contain are not listed.
 *
 *
 * /proc/urt/status, read
 *
 *	PID: MS
 *
 * There is a line for each registered process, in the order of registration. MS
 * is the user-mode CPU time of all threads of the process, live and dead. It is
 * in whole milliseconds, rounded down. A process has its first value as soon as
 * it is registered. After that, values change with a refresh only. A refresh
 * starts a new generation.
 *
 * A process becomes final when it has exited and been reaped. If it becomes
 * final in generation G, it keeps its last value through G. It has its final
 * value through the whole of G+1, and is gone in G+2.
 *
 * A read at offset 0 takes a snapshot of one moment. Later reads of the same
 * open file continue this snapshot, however small they are. poll(2) reports
 * POLLIN, POLLRDNORM and POLLPRI while there is a generation newer than that of
 * the latest snapshot. Before the first read, it reports them at once. Where
 * the file is open for writing, poll(2) also reports POLLOUT and POLLWRNORM.
 *
 * Errors of read(2):
 *
 *	ENOMEM	no memory
 *	EDQUOT	files of this user that have not been read again keep more
 *		than 16 MiB of snapshots (CAP_SYS_RESOURCE is exempt)
 *
 *
 * /proc/urt/status, written
 *
 *	PID, +PID	registers the process; a thread's id means its process;
 *			if the process is registered already, does nothing
 *	tree PID	registers the process, its living descendants, and all
 *			that they fork from now on; if the process is
 *			registered already, adds the rest
 *	-PID		unregisters the process, but nothing that it brought
 *			in; if a living process and an exited one have the
 *			number, this means the living one
 *
 * Words are separated by blanks, tabs and newlines, and are at most 31 bytes
 * long. The module does them in order until one fails. write(2) returns how
 * many bytes are done. If the first word fails, write(2) returns its error, and
 * nothing was done:
 *
 *	EINVAL	not a word of these, 0, more than 2147483647, or no word at all
 *	ESRCH	no such process here, or it has been released; zombies count
 *	ENOENT	-PID: the process is not registered
 *	EPERM	restrict=1: the process is another user's;
 *		-PID: your effective uid neither registered nor owns the
 *		process, and you have no CAP_SYS_PTRACE;
 *		tree PID: the process is not yours, and you have no
 *		CAP_SYS_PTRACE in its user namespace
 *	EDQUOT	your user has max_per_user registrations
 *	ENOSPC	max_processes are registered in all
 *	EBUSY	tree PID: again and again during the search, processes of the
 *		tree were unregistered, or children could not be registered;
 *		nothing is registered, and you may try again
 *	ENOMEM, EFAULT, EINTR (killed while waiting): as everywhere
 *
 * A process is yours if its real, effective and saved uid are all your
 * effective uid. Capabilities count in the init user namespace only, except
 * where said.
 *
 * A child of a member of a tree is registered before it first runs, for the
 * user who registered its parent. It stays a member when its parent ends or is
 * unregistered, and when its own uid or name changes.
 *
 * tree PID may miss a living descendant whose parent exits during the search.
 * It misses no child that is forked after write() has returned. If it cannot
 * register all living descendants, it registers none and returns EDQUOT, ENOSPC
 * or ENOMEM. Writers do not disturb each other: a tree PID that succeeds has
 * registered all, even if another writer fails.
 *
 * One call takes at most 4,096 bytes and returns what it took. If this limit
 * cuts a word, the word is left to the next call.
 *
 * A last word without a blank behind it may wait for the next write to the same
 * file, or for its close. It waits in a call of 512 bytes or more, and in a
 * call with the rest of a write that was cut. The reason is that programs which
 * write through a buffer cut numbers in two.
 *
 * Programs without a buffer write a line in pieces. After a write that did a
 * word, any later write to that open file may be blanks alone, which are done
 * as well.
 *
 * A word that wants a number (tree) may end a write with a blank that is not a
 * newline. The word then waits for the next write. A newline before the number
 * ends the word: write(2) fails with EINVAL, and the word is gone. The close
 * ends the word as well. A number is never put together from two short writes.
 * Without a blank behind it, it is complete. writev(2) makes a write of each of
 * its pieces.
 *
 *
 * /proc/urt/stat, read
 *
 *	# generation=G time_ns=T interval_ms=I processes=N lost=L
 *	pid ppid uid state threads utime_ns stime_ns start_ns runtime_ms comm
 *	...
 *
 * G counts refreshes since the module was loaded. T is the time when the latest
 * refresh began. I is the time between two refreshes now. It is interval_ms, or
 * longer where refreshes would otherwise take more than a 20th of the time. N
 * rows follow.
 *
 * L counts children of tree members that could not be registered when they were
 * forked (quota, no memory). Their times cannot be known. A session calls such
 * children missed, and calls something else lost.
 *
 *	pid		as in status
 *	ppid		pid of the parent, 0 if it is not visible here; if the
 *			process has exited, the parent at its registration
 *	uid		real uid
 *	state		as in ps(1); X once exited and final
 *	threads		how many live; 0 once reaped
 *	utime_ns	CPU time in user mode and in kernel mode, in ns; the
 *	stime_ns	sum is exact; samples of the tick divide it
 *			(usertime(4), CAVEATS), or samples of the module, if
 *			precise_us is set
 *	start_ns	when it started, ns since boot (CLOCK_BOOTTIME)
 *	runtime_ms	wall time from its start to T, or to its registration if
 *			that is later, or to its last thread's exit
 *	error_ns	only if the module was loaded with precise_us. For a
 *			process that the module samples: in 95 of 100 processes,
 *			neither utime_ns nor stime_ns is wrong by more, as
 *			ERROR_NS of a session. - for other processes
 *	comm		its name; blanks, control characters and backslashes as
 *			\ooo, in octal
 *
 * Times are those of the generation. ppid, uid, state, threads and comm are
 * looked up when a row is first rendered in the generation.
 *
 *
 * /proc/urt/session
 *
 * Every open() makes a registry of its own, which ends with the last close().
 * The file is a stream: it has no position, and reading never holds up writing.
 *
 * You write the words of status, and
 *
 *	interval MS	refreshes this session every MS milliseconds (5000 at
 *			first); MS is from 100 to 3600000, or from 10 with
 *			CAP_SYS_RESOURCE; else EINVAL
 *	precise US	samples processes while they run, to tell user from
 *			system time better than the tick. Periods begin at US
 *			microseconds, 20 to 1000. They grow to 1000 with what
 *			the module knows of the process. EINVAL: US is out of
 *			range, less than precise_min_us, or less than 20 times
 *			what a sample costs on this machine. EOPNOTSUPP: the
 *			kernel cannot do it, or precise_min_us is 0
 *
 * precise holds for processes that members of trees fork after the word, with all
 * their threads, from their first instruction. It also holds for the writer: a
 * thread that registers its own process after the word is sampled from then on.
 * No other process that ran before its registration is sampled, because only the
 * thread itself can start that safely. A second precise changes the period of
 * processes that are forked later. No word ends it.
 *
 * You read a line for each process that has exited and been reaped,
 *
 *	exit PID PPID UID UTIME_NS STIME_NS START_NS RUNTIME_NS STATUS COMM
 *
 *	PPID		pid of its parent when it was registered or forked, 0 if
 *			the parent is not visible here
 *	UID		real uid at its end
 *	UTIME_NS	CPU time in user mode and in kernel mode, of all
 *	STIME_NS	threads; final
 *	START_NS	when it started, ns since boot
 *	RUNTIME_NS	wall time from its start to its last thread's exit, or
 *			to its registration, if it was a zombie then
 *	STATUS		in decimal, as wait(2) gives it; - where /proc/PID/stat
 *			would hide it from the opener
 *	COMM		its name at the end, escaped as in stat
 *
 * and before that, for a process that was forked or registered after precise,
 *
 *	split PID SAMPLES ERROR_NS
 *
 *	SAMPLES		how many samples divide UTIME_NS and STIME_NS. 0: there
 *			were none, or they stand for less than half of the time.
 *			The tick divides the time then
 *	ERROR_NS	in 95 of 100 processes, neither UTIME_NS nor STIME_NS is
 *			wrong by more. With SAMPLES 0 it is the larger one of the
 *			two, and never exceeded
 *
 * and, so that nothing is lost in silence,
 *
 *	lost COUNT UTIME_NS STIME_NS
 *			COUNT more processes have exited, with these sums:
 *			max_records records were waiting, or restrict hides
 *			whose processes they are
 *	missed COUNT	COUNT children of tree members could not be registered
 *			when they were forked (quota, no memory); stat calls
 *			these lost
 *
 * Either line comes when no record waits. It counts what came since the last
 * line of its kind. -PID makes no record.
 *
 * read(2) returns whole lines, as many as fit. If not even one line fits, it
 * returns a part, and the next read of the session returns the rest. It waits
 * for a line, unless the file is O_NONBLOCK (EAGAIN). At the end of file it
 * returns 0: something was registered, nothing of that is left, and all lines
 * have been read. A new registration ends the end of file. Errors: EAGAIN,
 * EFAULT (nothing is lost), EINTR, ENOMEM.
 *
 * poll(2) reports
 *
 *	POLLIN, POLLRDNORM	while a line waits
 *	POLLPRI			for a generation that no poll of this session
 *				has reported yet, to the first poll that asks
 *				for POLLPRI
 *	POLLHUP			at the end of file
 *	POLLOUT, POLLWRNORM	always
 *
 * To wait for a new generation, use poll(2) or a single epoll(7) instance.
 * epoll_ctl(2) takes a generation without reporting it, so look at the map
 * after this call. select(2) for reading only, and an epoll instance that is
 * itself in another, also take a generation without reporting it.
 *
 * A waiter is woken only for what it asked for. Every waiter is woken, even an
 * exclusive one (EPOLLEXCLUSIVE). IOCB_CMD_POLL works.
 *
 * open(2) fails with EDQUOT if the user has max_sessions open (CAP_SYS_RESOURCE
 * is exempt), and with ENOMEM.
 *
 * mmap(2) with PROT_READ and MAP_SHARED, at offset 0, maps a struct urt_map.
 * The map is the latest generation of the registered processes, for reading
 * without a system call. Its length makes its capacity: URT_MAP_LENGTH(n) bytes
 * have room for n processes, and for a few more up to a whole page. The
 * capacity is never more than max_per_user, or than max_processes for an opener
 * with CAP_SYS_RESOURCE. If more processes are registered, the map has those
 * that were first, and says how many there are (registered). Exits are not in
 * the map. A final process leaves the map with the next generation, and its
 * record has the final value.
 *
 * If a session outgrows its map, map it again, longer. An older mapping goes
 * on. It shows the same generations, each with the first processes that fit in,
 * and its registered counts all of them. Its memory is freed with its last
 * mapping.
 *
 * Errors of mmap(2):
 *
 *	EINVAL	a length beyond the largest capacity, or shorter than a mapping
 *		that this session has had; an offset; MAP_PRIVATE
 *	EACCES	PROT_WRITE
 *	ENOMEM	no memory; or outgrown maps are still mapped, and all maps
 *		together would be longer than three of the longest possible
 *		ones
 *
 * If you double the length each time, up to the longest, mmap(2) never fails
 * for that last reason.
 *
 * Mapping, even again, brings the list of processes up to date at once. The
 * values stay those of the generation.
 */
#ifndef URT_H
#define URT_H

#include <linux/types.h>

#define URT_STATUS_PATH		"/proc/urt/status"
#define URT_STAT_PATH		"/proc/urt/stat"
#define URT_SESSION_PATH	"/proc/urt/session"

/* One write() takes at most this many bytes. */
#define URT_WRITE_MAX	4096
/* From this length on, a write's unterminated last word waits for the next. */
#define URT_CARRY_MIN	512
/* No word is longer. */
#define URT_WORD_MAX	31

/*
 * The layout of a mapped session is the same for 32- and 64-bit programs. The
 * module (map.c) and liburt assert this.
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
	union {
		__u32 error_us;	/* as error_ns, rounded up; 0: unknown */
		__u32 reserved;	/* its name before there was precise */
	};
	char comm[URT_COMM_LEN];	/* not escaped */
};

/* What precedes the processes of a snapshot. */
struct urt_map_snapshot {
	__u64 generation;	/* 0: none yet */
	__u64 time_ns;		/* when it began; CLOCK_BOOTTIME */
	__u32 processes;	/* how many follow */
	__u32 registered;	/* if more, the capacity was too small */
	__u64 reserved[5];
};

/*
 * The head of a mapped session. Two snapshots take turns. The kernel fills the
 * snapshot that is not the latest, and then increments sequence. The lowest bit
 * of sequence says which snapshot is the latest.
 *
 * To read, load sequence (acquire) and read that snapshot. Then load sequence
 * again, after an acquire fence. If sequence has changed, the data may be torn,
 * so start again. There is a whole generation's time for this.
 *
 * Readers check version, and use the offsets and the size given here. Later
 * kernels may make the structures longer without a new version.
 */
struct urt_map {
	__u32 version;		/* URT_MAP_VERSION */
	__u32 sequence;
	__u32 interval_ms;	/* between generations, now; as in stat */
	__u32 capacity;		/* processes that a snapshot has room for */
	__u32 snapshot_offset[2];	/* bytes from here to each snapshot */
	__u32 process_offset;	/* of the first process, from its snapshot */
	__u32 process_size;	/* from one process to the next */
	__u64 reserved[4];
};

#define URT_MAP_LENGTH(capacity)					\
	(sizeof(struct urt_map) + 2 * (sizeof(struct urt_map_snapshot) + \
	 (capacity) * sizeof(struct urt_map_process)))

#endif
