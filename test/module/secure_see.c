// SPDX-License-Identifier: MIT
/*
 * Data that an unprivileged user must not see, whichever way the user gets a
 * file.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "lib.h"

static void hide_processes(void)
{
	must(!unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, "hidepid=2"));
}

static void be_root_of_a_space(void)
{
	must(!unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
	spit("/proc/self/setgroups", "deny");
	spit("/proc/self/uid_map", "0 1000 1");
	spit("/proc/self/gid_map", "0 1000 1");
}

static void mount_own(void *arg)
{
	must(!mount("proc", "/proc", "proc", 0, NULL));
	/* It shows the processes of the new PID namespace. */
	expect(getpid() == 1 && state_of(1), "no /proc of its own");
}

/*
 * The process that makes a PID namespace stays outside, and its numbers are the
 * host's. But the procfs that its child mounts has no hidepid.
 */
static void look_through_own(void *theirs)
{
	pid_t pid = *(pid_t *)theirs;

	be_root_of_a_space();
	in_child(mount_own, NULL);
	expect(!state_of(pid), "that procfs itself shows the host's");
	expect(!listed(pid, NULL), "status shows %d: %s", pid, slurp(STATUS));
	expect(!stat_header().processes, "stat: %s", slurp(STAT));
	expect(write_errno("%d", pid) == EPERM, "registered in status");
	expect(put(open_session(), "%d", pid) == -EPERM, "registered");
}

TEST(secure_own_procfs, "a procfs of a user's own shows nothing that the host's hides")
{
	pid_t theirs = sleeper_as(1001);

	registers("%d", theirs);
	hide_processes();
	in_user(1000, look_through_own, &theirs);
}

static void look_from_inside(void *arg)
{
	pid_t pid = sleeper();
	int fd = open_session();

	must(getpid() == 1);
	expect(!strcmp(slurp(STATUS), ""), "status: %s", slurp(STATUS));
	expect(write_errno("1000") == ESRCH, "a number of the host's");
	expect(put(fd, "%d", pid) > 0, "its own: %s", strerror(errno));
	registers("%d", pid);
	expect(listed(pid, NULL), "its own: %s", slurp(STATUS));
}

static void enter_space(void *arg)
{
	be_root_of_a_space();
	in_child(look_from_inside, NULL);
}

TEST(secure_outer_procfs, "a PID namespace without a /proc of its own sees only its own processes")
{
	registers("%d %d", sleeper_as(1001), sleeper_as(1000));
	hide_processes();
	in_user(1000, enter_space, NULL);
}

/* --- every byte of a map --- */

static void zero(void *at, size_t len)
{
	memset(at, 0, len);
}

/* Removes from the copy all that urt.h says is there. */
static void take_process(struct urt_map_process *p)
{
	size_t len = strnlen(p->comm, sizeof(p->comm));

	expect(len < sizeof(p->comm), "a name without an end");
	zero(p->comm, len);
	expect(p->state > ' ' && p->state < 0x7f, "%#x", p->state);
	zero(p, offsetof(struct urt_map_process, error_us));
}

static void take_snapshot(char *copy, const struct urt_map *map, int side,
			  bool newest)
{
	char *at = copy + map->snapshot_offset[side];
	struct urt_map_snapshot *snap = (void *)at;
	unsigned int i;

	expect(snap->processes <= map->capacity, "%u", snap->processes);
	expect(!newest || snap->processes == 3, "%u", snap->processes);
	at += map->process_offset;
	/* Fewer processes leave bytes of earlier generations. */
	for (i = 0; i < 5; i++) {
		if (((struct urt_map_process *)at)->pid)
			take_process((void *)at);
		at += map->process_size;
	}
	zero(snap, offsetof(struct urt_map_snapshot, reserved));
}

/* The kernel gets pages back from it that are not all zeroes. */
static void fill_memory(void *arg)
{
	memset(share(64 << 20), 0x5a, 64 << 20);
}

static void rename_short(void *arg)
{
	must(!prctl(PR_SET_NAME, "fifteen-letters"));
	must(!prctl(PR_SET_NAME, "x"));
	sleep_forever();
}

TEST(secure_map_bytes, "every byte of a map is documented in urt.h, or 0")
{
	const size_t length = (URT_MAP_LENGTH(20) + 4095) & ~4095UL;
	int fd = open_session(), i;
	const struct urt_map *map;
	char *copy = malloc(length);
	struct urt_map head;
	pid_t pids[5];
	size_t k;

	must(copy);
	in_child(fill_memory, NULL);
	map = map_session(fd, 20);
	for (i = 0; i < 5; i++) {
		pids[i] = child(rename_short, NULL);
		wait_until(state_of(pids[i]) == 'S', 5000, "asleep?");
		must(put(fd, "%d", pids[i]) > 0);
	}
	must(put(fd, "interval 100") > 0);
	wait_until(map->sequence > 3, 10000, "%u", map->sequence);
	must(put(fd, "-%d -%d", pids[0], pids[4]) > 0);
	i = map->sequence;
	wait_until(map->sequence >= (unsigned int)i + 2, 10000, "no more");
	must(put(fd, "interval 3600000") > 0);
	memcpy(copy, map, length);
	memcpy(&head, copy, sizeof(head));
	for (i = 0; i < 2; i++)
		take_snapshot(copy, map, i, (int)(head.sequence & 1) == i);
	zero(copy, offsetof(struct urt_map, reserved));
	for (k = 0; k < length; k++)
		expect(!copy[k], "byte %zu of %zu is %#x", k, length, copy[k]);
	free(copy);
}

/*
 * Each way to write into the memory of a process that does not ask the page's
 * rights.
 */
TEST(secure_map_writes, "nothing writes to a map: no file, no peer, no debugger")
{
	int fd = open_session(), mem = open("/proc/self/mem", O_RDWR), status;
	char *map = (char *)map_session(fd, 10);
	char byte = 'x';
	struct iovec from = { &byte, 1 }, to = { map + 32, 1 };
	int pipes[2], n;
	pid_t pid;

	must(mem >= 0 && !pipe(pipes));
	n = pwrite(mem, &byte, 1, (uintptr_t)map + 32);
	expect(n < 0, "/proc/self/mem: %d", n);
	n = process_vm_writev(getpid(), &from, 1, &to, 1, 0);
	expect(n < 0, "process_vm_writev: %d", n);
	must(write(pipes[1], "x", 1) == 1);
	n = read(pipes[0], map + 32, 1);
	expect(n < 0 && errno == EFAULT, "read: %d", n);
	pid = child((void (*)(void *))sleep_forever, NULL);
	must(!ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	must(waitpid(pid, &status, 0) == pid);
	n = ptrace(PTRACE_POKEDATA, pid, map + 32, 0x1234);
	expect(n < 0, "ptrace: %d", n);
	for (n = 32; n < 64; n++)
		expect(!map[n], "byte %d is %#x", n, map[n]);
}

/* --- reads into memory that ends --- */

static void read_to_the_edge(const char *path, char *edge)
{
	int fd = open(path, O_RDONLY), whole, took, n;
	char *text = slurp_fd(fd), *again = malloc(65536);

	must(lseek(fd, 0, SEEK_SET) == 0);
	whole = strlen(text);
	/* Not every architecture fills the buffer to the last byte. */
	took = read(fd, edge - 7, 100);
	expect(took > 0 && took <= 7 && !memcmp(edge - 7, text, took), "%s: %d",
	       path, took);
	n = read(fd, edge, 100);
	expect(n < 0 && errno == EFAULT, "%s: %d", path, n);
	n = read(fd, again, 65536);
	expect(n == whole - took && !memcmp(again, text + took, n),
	       "%s: %d of %d", path, n, whole);
	close(fd);
}

TEST(secure_read_fault, "a read into bad memory takes what it copied, and the next read goes on",
     .params = "interval_ms=3600000")
{
	char *edge = (char *)share(8192) + 4096;
	int i;

	must(!munmap(edge, 4096));
	for (i = 0; i < 20; i++)
		registers("%d", sleeper());
	read_to_the_edge(STATUS, edge);
	read_to_the_edge(STAT, edge);
}
