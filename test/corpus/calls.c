// SPDX-License-Identifier: MIT
/*
 * System calls that do not fit the files, and the errno of each, one a line. If
 * the contract is silent, the errno is that of the kernel's other files in
 * /proc, which programs expect that try such a call first.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <termios.h>

#include "lib.h"

#define DIRECTORY "/proc/urt"
#define NEW DIRECTORY "/new"
#define NOWHERE ((void *)~0xfffUL)	/* no memory of a user */

static int status, readonly, writeonly, stat_file, stat_writable, session;
static int session_writeonly, path_only, file, pipes[2], ep, directory;
static int tried, wrong;
static pid_t registered;
static char buffer[10000];
static char *hole;			/* no memory is mapped here */
static void *mapped;			/* a session of its own, a page */
static struct epoll_event event = { .events = EPOLLIN };

/* A result of 0 or more is success. */
static void tried_call(const char *call, int want, long result)
{
	int seen = result < 0 ? errno : 0;

	tried++;
	if (seen == want)
		return;
	if (seen == ENOSYS) {
		note("%s: this kernel has no such call", call);
		return;
	}
	wrong++;
	note("%s: %s instead of %s", call, strerror(seen), strerror(want));
}

#define TRY(err, call) tried_call(#call, err, (long)(call))
/* For calls that kernels refuse with different errnos. */
#define TRY2(err, other, call)						\
	do {								\
		long result_ = (long)(call);				\
									\
		tried_call(#call, result_ < 0 && errno == (other) ?	\
				  (other) : (err), result_);		\
	} while (0)

static long reopened(int fd, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	if (again >= 0)
		close(again);
	return again;
}

/* Opens it, and closes it again. */
static long opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long vector(ssize_t (*call)(int, const struct iovec *, int), int fd,
		   void *base, size_t len, int count)
{
	static struct iovec io[1025];

	for (int i = 0; i < 1025; i++)
		io[i] = (struct iovec){ base, len };
	return call(fd, io, count);
}

static long map_fails(int fd, size_t length, int prot, int flags, off_t offset)
{
	void *p = mmap(NULL, length, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return -1;
	munmap(p, length);
	return 0;
}

static long flagged(bool writes, int fd, int flags)
{
	struct iovec io = { buffer, 10 };

	return writes ? pwritev2(fd, &io, 1, -1, flags) :
			preadv2(fd, &io, 1, -1, flags);
}

static void open_all(void)
{
	registered = sleeper();
	status = open_status();
	readonly = open(STATUS, O_RDONLY | O_CLOEXEC);
	writeonly = open(STATUS, O_WRONLY | O_CLOEXEC);
	stat_file = open(STAT, O_RDONLY | O_CLOEXEC);
	session = open(SESSION, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	session_writeonly = open(SESSION, O_WRONLY | O_CLOEXEC);
	path_only = open(STATUS, O_PATH | O_CLOEXEC);
	file = open("/tmp/corpus", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	directory = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ep = epoll_create1(EPOLL_CLOEXEC);
	must(readonly >= 0 && writeonly >= 0 && stat_file >= 0 && ep >= 0 &&
	     session >= 0 && session_writeonly >= 0 && path_only >= 0 &&
	     file >= 0 && directory >= 0 && !pipe(pipes));
	must(write(file, "0 0 0 0", 7) == 7 && write(pipes[1], "0 0", 3) == 3);
	hole = mmap(NULL, 4 * 4096ul, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(hole != MAP_FAILED);
	hole += 2 * 4096ul;
	must(!munmap(hole, 2 * 4096ul));
	memset(hole - 4096, ' ', 4096);
	mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open_session(), 0);
	must(mapped != MAP_FAILED);
	must(put(status, "%d", registered) > 0);
}

static void try_descriptors(void)
{
	TRY(EBADF, read(writeonly, buffer, 10));
	TRY(EBADF, read(session_writeonly, buffer, 10));
	TRY(EBADF, pread(writeonly, buffer, 10, 0));
	TRY(EBADF, write(readonly, "0", 1));
	TRY(EBADF, write(stat_file, "0", 1));
	TRY(EBADF, write(stat_file, "", 0));
	TRY(EBADF, read(path_only, buffer, 10));
	TRY(EBADF, write(path_only, "0", 1));
	TRY(EBADF, ioctl(path_only, FIONREAD, buffer));
	TRY(EISDIR, read(directory, buffer, 10));
	TRY(EBADF, write(directory, "0", 1));
	/*
	 * Root may open a file that has no write permission, but cannot write
	 * to it.
	 */
	stat_writable = open(STAT, O_RDWR | O_CLOEXEC);
	TRY(0, stat_writable);
	TRY(EIO, write(stat_writable, "1", 1));
	TRY(EIO, pwrite(stat_writable, "1", 1, 0));
	TRY(0, read(stat_writable, buffer, 10));
	TRY(0, reopened(status, O_RDWR));
	TRY(0, reopened(session, O_RDWR));
	TRY(0, reopened(path_only, O_RDWR));
	TRY(0, reopened(stat_file, O_RDONLY));
}

static void try_memory(void)
{
	volatile size_t all = SIZE_MAX;

	TRY(EFAULT, read(status, hole, 10));
	TRY(EFAULT, read(status, NOWHERE, 10));
	TRY(EFAULT, pread(status, hole, 1, 1));
	TRY(EFAULT, read(stat_file, hole, 10));
	TRY(EFAULT, write(status, hole, 1));
	TRY(EFAULT, write(status, NOWHERE, 10));
	TRY(EFAULT, write(status, hole - 5, 10));
	TRY(EFAULT, write(status, hole - 4095, 4096));
	TRY(EFAULT, write(status, hole - 4095, 9000));
	TRY(EFAULT, write(status, buffer, all));
	TRY(EFAULT, write(session, hole, 1));
	TRY(EFAULT, write(session, NOWHERE, 10));
	TRY(EFAULT, write(session, hole - 5, 10));
	TRY(EFAULT, pwrite(status, hole, 10, 5));
	TRY(EFAULT, vector(writev, status, hole, 10, 1));
	TRY(EFAULT, vector(readv, status, hole, 10, 1));
	TRY(EFAULT, vector(writev, session, hole, 10, 1));
	TRY(EFAULT, readv(status, (void *)hole, 2));
	TRY(EFAULT, writev(session, (void *)hole, 2));
	/* 0 bytes need no memory. */
	TRY(0, read(status, hole, 0));
	TRY(0, write(status, hole, 0));
	TRY(0, write(status, NULL, 0));
	TRY(0, read(session, hole, 0));
	TRY(0, write(session, hole, 0));
	TRY(0, pread(stat_file, NULL, 0, 5));
}

static void try_vectors(void)
{
	TRY(EINVAL, vector(readv, status, buffer, 1, -1));
	TRY(EINVAL, vector(readv, status, buffer, 1, 1025));
	TRY(EINVAL, vector(writev, status, buffer, 1, 1025));
	TRY(EINVAL, vector(writev, session, buffer, 1, -1));
	TRY(EINVAL, vector(readv, status, buffer, SIZE_MAX, 2));
	TRY(EINVAL, vector(writev, session, buffer, SIZE_MAX, 2));
	TRY(0, vector(readv, status, buffer, 1, 0));
	TRY(0, vector(writev, session, buffer, 1, 0));
	TRY(0, vector(readv, status, buffer, 1, 1024));
	/* Each piece is a write of its own. The first one has 0. */
	TRY(EINVAL, vector(writev, status, "0", 1, 3));
	TRY(EINVAL, vector(writev, session, "0", 1, 3));
	TRY(EOPNOTSUPP, flagged(false, status, 0x40000000));
	TRY(EOPNOTSUPP, flagged(true, status, 0x40000000));
	TRY(EOPNOTSUPP, flagged(false, status, RWF_NOWAIT));
	TRY(EOPNOTSUPP, flagged(true, status, RWF_NOWAIT));
	TRY(EOPNOTSUPP, flagged(true, status, RWF_APPEND));
	TRY(EOPNOTSUPP, flagged(true, session, RWF_NOWAIT));
}

static void try_positions(void)
{
	TRY(EINVAL, pread(status, buffer, 10, -1));
	TRY(EINVAL, pwrite(status, "0", 1, -1));
	TRY(EINVAL, pread(stat_file, buffer, 10, INT64_MIN));
	TRY(EINVAL, lseek(status, -1, SEEK_SET));
	TRY(EINVAL, lseek(status, INT64_MIN, SEEK_SET));
	TRY(EINVAL, lseek(status, -1, SEEK_END));
	TRY(EINVAL, lseek(status, 0, 99));
	TRY(ENXIO, lseek(status, 0, SEEK_DATA));
	TRY(ENXIO, lseek(status, 10, SEEK_HOLE));
	TRY(EINVAL, lseek(stat_file, -1, SEEK_SET));
	TRY(0, pread(status, buffer, 10, INT64_MAX - 10));
	TRY(0, pread(stat_file, buffer, 10, 1LL << 40));
	/* A stream has no offset. */
	TRY(ESPIPE, lseek(session, 0, SEEK_SET));
	TRY(ESPIPE, lseek(session, 0, SEEK_CUR));
	TRY(ESPIPE, lseek(session, 0, SEEK_END));
	TRY(ESPIPE, pread(session, buffer, 10, 0));
	TRY(ESPIPE, pwrite(session, "0", 1, 0));
	TRY(EAGAIN, read(session, buffer, 10));
}

/* cat(1), cp(1) and dd(1) fall back on read() and write(). */
static void try_copies(void)
{
	off_t at = 0;

	TRY(EINVAL, sendfile(status, file, &at, 7));
	TRY(EINVAL, sendfile(session, file, &at, 7));
	TRY(EINVAL, splice(pipes[0], NULL, status, NULL, 3, 0));
	TRY(EINVAL, splice(pipes[0], NULL, session, NULL, 3, 0));
	TRY(EINVAL, splice(status, NULL, file, NULL, 3, 0));
	TRY(EBADF, splice(writeonly, NULL, pipes[1], NULL, 3, 0));
	TRY(EINVAL, splice(session, &(loff_t){ 0 }, pipes[1], NULL, 3, 0));
	TRY(EINVAL, tee(status, pipes[1], 3, 0));
	TRY(EBADF, vmsplice(status, &(struct iovec){ buffer, 1 }, 1, 0));
	TRY(0, sendfile(file, status, NULL, 5));
	TRY(0, splice(stat_file, NULL, pipes[1], NULL, 5, 0));
}

static void try_controls(void)
{
	struct termios t;

	TRY(ENOTTY, ioctl(status, 0, 0));
	TRY(ENOTTY, ioctl(status, TCGETS, &t));
	TRY(ENOTTY, ioctl(stat_file, TIOCGWINSZ, buffer));
	TRY(ENOTTY, ioctl(session, TCGETS, &t));
	TRY(ENOTTY, ioctl(session, ~0UL, -1));
	TRY(EINVAL, fsync(status));
	TRY(EINVAL, fdatasync(session));
	TRY2(EOPNOTSUPP, ENODEV, fallocate(status, 0, 0, 4096));
	TRY(EINVAL, fallocate(status, 0, 0, 0));
	TRY(EINVAL, fcntl(status, F_SETFL, O_DIRECT));
	TRY(EBADF, fcntl(status, F_SETPIPE_SZ, 4096));
	TRY(EINVAL, fcntl(status, F_ADD_SEALS, 1));
	TRY(EINVAL, fcntl(status, 9999, 0));
	TRY2(ENOTDIR, EINVAL, fcntl(status, F_NOTIFY, 1));
	TRY(ENOTDIR, fchdir(status));
	TRY(ENOTDIR, syscall(SYS_getdents64, status, buffer, 100));
	TRY(ENOTSOCK, send(session, "0", 1, 0));
	TRY(ENOTSOCK, listen(status, 1));
	TRY(0, flock(status, LOCK_SH));
	TRY(0, flock(status, LOCK_UN));
}

static void try_maps(void)
{
	int fd = session, rd = PROT_READ;

	/* A map of status or stat would not be of one moment. */
	TRY2(EIO, ENODEV, map_fails(status, 4096, rd, MAP_SHARED, 0));
	TRY2(EIO, ENODEV, map_fails(stat_file, 4096, rd, MAP_PRIVATE, 0));
	TRY(EINVAL, map_fails(fd, 0, rd, MAP_SHARED, 0));
	/* max_processes is 65536. */
	TRY(EINVAL, map_fails(fd, 1 << 24, rd, MAP_SHARED, 0));
	TRY(EINVAL, map_fails(fd, 1 << 30, rd, MAP_SHARED, 0));
	TRY(EINVAL, map_fails(fd, 4096, rd, MAP_PRIVATE, 0));
	TRY(EINVAL, map_fails(fd, 4096, rd, MAP_SHARED, 4096));
	TRY(EINVAL, map_fails(fd, 4096, rd, MAP_SHARED, 1LL << 40));
	TRY(EINVAL, map_fails(fd, 4096, rd, MAP_SHARED, 1));
	TRY(EINVAL, map_fails(fd, 4096, rd, 0, 0));
	TRY(EACCES, map_fails(fd, 4096, PROT_WRITE, MAP_SHARED, 0));
	TRY(EACCES, map_fails(fd, 4096, rd | PROT_WRITE, MAP_SHARED, 0));
	TRY(EACCES, map_fails(fd, 4096, rd | PROT_WRITE, MAP_PRIVATE, 0));
	TRY(EPERM, map_fails(fd, 4096, rd | PROT_EXEC, MAP_SHARED, 0));
	TRY(EACCES, map_fails(session_writeonly, 4096, rd, MAP_SHARED, 0));
	TRY(EOPNOTSUPP, map_fails(fd, 4096, rd, MAP_SHARED_VALIDATE | MAP_SYNC,
				  0));
	TRY(0, map_fails(fd, 4096, rd, MAP_SHARED, 0));
	/* The map may become longer, but not shorter. */
	TRY(0, map_fails(fd, 1, rd, MAP_SHARED, 0));
	TRY(0, map_fails(fd, 8192, rd, MAP_SHARED, 0));
	TRY(EINVAL, map_fails(fd, 4096, rd, MAP_SHARED, 0));
	TRY(EACCES, mprotect(mapped, 4096, PROT_READ | PROT_WRITE));
	TRY(EACCES, mprotect(mapped, 4096, PROT_READ | PROT_EXEC));
	TRY(EFAULT, mremap(mapped, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ?
		    -1 : 0);
	TRY(EINVAL, madvise(mapped, 4096, MADV_DONTNEED));
	TRY2(EACCES, EINVAL, madvise(mapped, 4096, MADV_REMOVE));
	TRY(EFAULT, pread(status, mapped, 1, 0));
}

static void try_opens(void)
{
	TRY(0, opened(STATUS, O_WRONLY | O_TRUNC));
	TRY(0, opened(STATUS, O_WRONLY | O_APPEND));
	TRY(0, opened(STATUS, O_RDWR | O_CREAT));
	TRY(0, opened(SESSION, O_RDWR | O_CREAT | O_TRUNC));
	TRY(ENOTDIR, opened(STATUS, O_RDONLY | O_DIRECTORY));
	TRY(ENOTDIR, opened(STATUS "/", O_RDONLY));
	TRY(ENOTDIR, opened(SESSION "/1", O_RDWR));
	TRY(EEXIST, opened(STATUS, O_RDWR | O_CREAT | O_EXCL));
	TRY(EINVAL, opened(STATUS, O_RDONLY | O_DIRECT));
	TRY(EISDIR, opened(DIRECTORY, O_RDWR));
	TRY(EISDIR, opened(DIRECTORY, O_WRONLY | O_TRUNC));
	TRY(EOPNOTSUPP, opened(DIRECTORY, O_RDWR | O_TMPFILE));
	TRY(ENOENT, opened(NEW, O_RDWR | O_CREAT));
	TRY(ENOENT, opened(DIRECTORY "/Status", O_RDONLY));
	TRY(ENOENT, opened(DIRECTORY "/1", O_RDONLY));
	TRY(EACCES, execl(STATUS, "status", NULL));
	TRY(ENOTDIR, chdir(STATUS));
	TRY(EINVAL, readlink(STATUS, buffer, 10));
}

static void try_names(void)
{
	TRY(ENOENT, mkdir(NEW, 0700));
	TRY(EEXIST, mkdir(STATUS, 0700));
	TRY(ENOENT, mknod(NEW, S_IFREG | 0600, 0));
	TRY(ENOENT, symlink("status", NEW));
	TRY(EEXIST, symlink("status", STAT));
	TRY(ENOENT, link(STATUS, NEW));
	TRY(EXDEV, link(STATUS, "/tmp/corpus2"));
	TRY(ENOENT, rename(STATUS, NEW));
	TRY(EXDEV, rename(STATUS, "/tmp/corpus2"));
	TRY(EXDEV, rename("/tmp/corpus", STATUS));
	TRY(EPERM, rename(STATUS, STAT));
	TRY(EPERM, unlink(STATUS));
	TRY(EPERM, unlink(SESSION));
	TRY(ENOENT, unlink(NEW));
	TRY(ENOTDIR, rmdir(STATUS));
	TRY(EISDIR, unlink(DIRECTORY));
	TRY(EPERM, rmdir(DIRECTORY));
	TRY(EOPNOTSUPP, setxattr(STATUS, "user.x", "1", 1, 0));
	TRY(EOPNOTSUPP, setxattr(STATUS, "trusted.x", "1", 1, 0));
	/* The files have no size and no times. A shell's > cuts to 0 bytes. */
	TRY(0, truncate(STATUS, 0));
	TRY(EINVAL, truncate(STATUS, -1));
}

static long polled(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, 0) < 0)
		return -1;
	if (!(p.revents & POLLNVAL))
		return p.revents;
	errno = EBADF;
	return -1;
}

static long selected(int fd)
{
	fd_set in, special;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	special = in;
	return select(fd + 1, &in, NULL, &special, &(struct timeval){ 0 });
}

static void try_polls(void)
{
	TRY(0, polled(status, 0));
	TRY(0, polled(session, ~0));
	TRY(EBADF, polled(path_only, POLLIN));
	TRY(EBADF, polled(999, POLLIN));
	TRY(0, selected(status));
	TRY(0, selected(session));
	TRY(0, epoll_ctl(ep, EPOLL_CTL_ADD, session, &event));
	TRY(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, session, &event));
	TRY(ENOENT, epoll_ctl(ep, EPOLL_CTL_MOD, status, &event));
	TRY(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, path_only, &event));
	TRY(EINVAL, epoll_ctl(status, EPOLL_CTL_ADD, session, &event));
	TRY(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, directory, &event));
	TRY(EINVAL, epoll_wait(session, &event, 1, 0));
	TRY(0, epoll_ctl(ep, EPOLL_CTL_DEL, session, &event));
	TRY(EINVAL, inotify_add_watch(status, STATUS, IN_ALL_EVENTS));
}

/* Nothing has changed. */
static void expect_unmoved(void)
{
	struct stat st;
	char want[32], *text = slurp(STATUS);

	snprintf(want, sizeof(want), "%d: ", registered);
	expect(!strncmp(text, want, strlen(want)) &&
	       strchr(text, '\n') == text + strlen(text) - 1, "%s", text);
	must(!stat(STATUS, &st));
	expect(st.st_mode == (S_IFREG | 0666) && st.st_size == 0, "%o, %lld",
	       st.st_mode, (long long)st.st_size);
	expect(access(NEW, F_OK) < 0, NEW);
	expect(read(session, buffer, 10) < 0 && errno == EAGAIN,
	       "something was registered in the session");
}

TEST(corpus_calls, "each system call that a file does not support gives its errno",
     .params = "interval_ms=3600000")
{
	open_all();
	try_descriptors();
	try_memory();
	try_vectors();
	try_positions();
	try_copies();
	try_controls();
	try_maps();
	try_opens();
	try_names();
	try_polls();
	expect_unmoved();
	note("bad inputs: %d", tried);
	expect(!wrong, "%d of them", wrong);
}

static void try_as_user(void *arg)
{
	TRY(EACCES, opened(STAT, O_WRONLY));
	TRY(EACCES, opened(STAT, O_RDWR));
	TRY(EACCES, opened(STAT, O_RDONLY | O_TRUNC));
	TRY(0, opened(STATUS, O_RDWR));
	TRY(0, opened(SESSION, O_RDWR));
	TRY(EPERM, chmod(STATUS, 0777));
	TRY(EPERM, chmod(STAT, 0666));
	TRY(EPERM, chmod(DIRECTORY, 0777));
	TRY(EPERM, chown(STATUS, 1000, 1000));
	TRY(EPERM, lchown(SESSION, 1000, -1));
	TRY(EACCES, truncate(STAT, 0));
	TRY(EPERM, utimensat(AT_FDCWD, STATUS, (struct timespec[2]){ }, 0));
	TRY(EACCES, unlink(STATUS));
	TRY(EACCES, rename(STATUS, STAT));
	TRY(ENOENT, mkdir(NEW, 0700));
	TRY(EACCES, opened("/sys/module/usertime/parameters/interval_ms",
			   O_WRONLY));
	TRY(EACCES, opened("/sys/module/usertime/parameters/restrict",
			   O_RDWR));
	TRY(EPERM, syscall(SYS_delete_module, "usertime", O_NONBLOCK));
	note("bad inputs: %d", tried);
	expect(!wrong, "%d of them", wrong);
}

TEST(corpus_user_calls, "each system call without the right gives its errno",
     .params = "interval_ms=3600000")
{
	in_user(1000, try_as_user, NULL);
}
