// SPDX-License-Identifier: MIT
/*
 * PID, user and time namespaces come and go, with files open in them. A PID
 * namespace counts from 1. A PID that is seen in there and is higher than its
 * forks explain has never existed.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "races.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static struct space {
	unsigned int forked;		/* in there; highest PID: 1 more */
	volatile int left_open;		/* a session, or -1 */
} *space;

static void check_pid(int pid)
{
	expect(pid >= 0 && (unsigned int)pid <= space->forked + 1,
	       "PID %d after %u forks", pid, space->forked);
}

static void check_rows(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text, *line, *save;
	struct row r;

	if (fd < 0) {
		allow(result(fd), ENOENT, ENODEV);
		return;
	}
	text = slurp_fd(fd);
	strtok_r(text, "\n", &save);
	strtok_r(NULL, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save))) {
		expect(sscanf(line, "%d %d %u %c %u %llu %llu %llu", &r.pid,
			      &r.ppid, &r.uid, &r.state, &r.threads, &r.utime,
			      &r.stime, &r.start) == 8 && r.pid, "%s", line);
		check_pid(r.pid);
		check_pid(r.ppid);
		expect(r.start <= now_ns(), "%s", line);
	}
	free(text);
	close(fd);
	did(OP_reads);
}

static pid_t spawn_here(void)
{
	__sync_fetch_and_add(&space->forked, 1);
	return spawn();
}

static void write_here(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		allow(result(fd), ENOENT, ENODEV);
		return;
	}
	allow(put(fd, "tree 1 2 +3"), ESRCH, EPERM, EDQUOT, ENOSPC);
	allow(put(fd, "-%u", 1 + rnd(5)), ENOENT, EPERM);
	close(fd);
	did(OP_writes);
}

/* Waits for the record of the child, or for a line that replaces it. */
static void follow_child(struct session *s)
{
	uint64_t until = now_ns() + HANG_S * SEC;
	struct record r = { .kind = EXIT };	/* not that record yet */
	pid_t pid;

	if (allow(put(s->fd, "tree 1"), EDQUOT, ENOSPC) < 0)
		return;
	pid = spawn_here();
	if (!pid)
		_exit(0);
	do {
		waitpid(-1, NULL, WNOHANG);
		expect(now_ns() < until, "no record of %d within %d s", pid,
		       HANG_S);
		if (!line_waits(s, 100))
			continue;
		next_record(s, &r);
		did(OP_records);
		expect(r.kind != END, "an end while we live");
		if (r.kind == EXIT)
			check_pid(r.pid);
	} while (r.kind == EXIT && r.pid != pid);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* A file that is forbidden or missing here is not used. */
	if (fd >= 0) {
		allow(put(fd, "%s", text), EPERM, EACCES, EINVAL, ERANGE);
		close(fd);
	}
}

/* Lives as PID 1 of its namespace, with which all others end. */
static void live_in_space(const char *proc)
{
	struct session s = { 0 };
	char path[64];

	for (unsigned int i = rnd(4); i; i--) {
		if (!spawn_here()) {
			for (;;) {
				burn(rnd(1000000));
				usleep(rnd(5000));
			}
		}
	}
	snprintf(path, sizeof(path), "%s/urt/session", proc);
	s.fd = open(path, O_RDWR | O_CLOEXEC);
	if (s.fd >= 0) {
		did(OP_sessions);
		follow_child(&s);
		if (rnd(2))
			space->left_open = s.fd;
		else
			close(s.fd);
	} else {
		allow(result(s.fd), ENOENT, ENODEV, EDQUOT);
	}
	snprintf(path, sizeof(path), "%s/urt/status", proc);
	write_here(path);
	snprintf(path, sizeof(path), "%s/urt/stat", proc);
	check_rows(path);
}

/* In a new user namespace, becomes root there. */
static void map_user(unsigned int uid)
{
	char map[32];

	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/gid_map", map);
}

static void enter_space(unsigned int uid)
{
	char dir[32];

	map_user(uid);
	snprintf(dir, sizeof(dir), "/tmp/%u", rnd(1 << 30));
	if (rnd(2) && !mkdir(dir, 0700)) {
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		if (!mount("proc", dir, "proc", 0, NULL)) {
			live_in_space(dir);
			umount2(dir, MNT_DETACH);
			rmdir(dir);
			return;
		}
		rmdir(dir);
	}
	live_in_space("/proc");
}

/* A descriptor from inside is useless and harmless out here. */
static void use_what_is_left(int fd)
{
	char text[5000];

	allow(put(fd, "1"), ESRCH, EDQUOT, ENOSPC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	allow(result(read(fd, text, sizeof(text))), EAGAIN);
	close(fd);
}

static pid_t clone_into(unsigned long flags)
{
	unsigned int seed = rnd(1 << 24);
	pid_t pid;

	fflush(stdout);
	pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		rnd_seed(seed);
	return pid;
}

/*
 * Return: whether we are inside now. Time namespaces take effect for children.
 */
static bool enter_time(void)
{
	unsigned int uid = getuid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWTIME))
		return false;
	map_user(uid);
	write_file("/proc/self/timens_offsets", "boottime 100000 0");
	return true;
}

static void one_space(void)
{
	unsigned int uid = getuid();
	pid_t pid;

	space = share(sizeof(*space));
	space->left_open = -1;
	pid = clone_into(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER |
			 CLONE_FILES);
	if (!pid) {
		enter_space(uid);
		exit(0);
	}
	if (pid > 0) {
		did(OP_namespaces);
		bury(pid);
	} else {
		allow(result(pid), ENOSPC, EAGAIN, EUSERS);
	}
	if (space->left_open >= 0)
		use_what_is_left(space->left_open);
	munmap(space, sizeof(*space));
}

static void space_step(void)
{
	pid_t pid = rnd(2) ? spawn() : -1;

	if (pid < 0) {
		one_space();
	} else if (!pid) {
		if (enter_time())
			one_space();
		exit(0);
	} else {
		bury(pid);
	}
	pause_ms(rnd(20));
}

ACTOR(space, .step = space_step, .count = 1);
ACTOR(user_space, .step = space_step, .count = 1, .uid = 1002);
