// SPDX-License-Identifier: MIT
/* Texts that are longer than expected, or that are never read to their end. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/prctl.h>

#include "lib.h"

/* --- rows that are longer than most rows --- */

/* So many rows that the guessed size falls short by more than any reserve. */
#define LONG_ROWS 300

static int came[2];

/*
 * PIDs of seven digits, if the kernel allows them. The next test has other
 * PIDs.
 */
static void have_long_pids(void)
{
	if (sizeof(long) < 8 || access("/proc/sys/kernel/ns_last_pid", W_OK))
		return;
	spit("/proc/sys/kernel/pid_max", "4194304");
	spit("/proc/sys/kernel/ns_last_pid", "4000000");
}

/* A name with only escaped bytes, and a uid of ten digits. */
static void have_long_row(void *arg)
{
	must(!prctl(PR_SET_NAME, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"));
	become(4000000000u);
	must(write(came[1], "", 1) == 1);
	sleep_forever();
}

static pid_t pids[LONG_ROWS];

static void see_long_rows(void *arg)
{
	static struct row rows[LONG_ROWS + 1];
	char name[4 * 15 + 1] = "";
	int i, n;

	for (i = 0; i < 15; i++)
		snprintf(name + 4L * i, sizeof(name) - 4L * i, "\\001");
	note("%zu bytes for a row", strlen(slurp(STAT)) / LONG_ROWS);
	n = stat_rows(rows, LONG_ROWS + 1);
	expect(n == LONG_ROWS, "%d rows of %d", n, LONG_ROWS);
	for (i = 0; i < n; i++)
		expect(rows[i].pid == pids[i] && rows[i].uid == 4000000000u &&
		       !strcmp(rows[i].comm, name), "row %d: %d %u %s", i,
		       rows[i].pid, rows[i].uid, rows[i].comm);
}

TEST(cover_long_rows, "stat shows all of its rows, however long they are",
     .params = "interval_ms=3600000")
{
	int i;

	must(!pipe(came));
	have_long_pids();
	for (i = 0; i < LONG_ROWS; i++) {
		pids[i] = child(have_long_row, NULL);
		must(read(came[0], &(char){ 0 }, 1) == 1);
		registers("%d", pids[i]);
	}
	/* Its clock makes the times as long as possible. */
	must(!unshare(CLONE_NEWTIME));
	spit("/proc/self/timens_offsets", "boottime 4000000000 0");
	in_child(see_long_rows, NULL);
}

/* --- a session that is closed when a line has been read in part --- */

static void exit_at_once(void *arg)
{
	exit(0);
}

static void read_in_part(void *arg)
{
	struct session s;
	pid_t pid;
	char part[5];
	int i;

	session_open(&s);
	for (i = 0; i < 3; i++) {
		pid = stopped(exit_at_once, NULL);
		must(put(s.fd, "%d", pid) > 0);
		kill(pid, SIGCONT);
		reap(pid, NULL);
		expect(line_waits(&s, 20000), "no record");
	}
	must(read(s.fd, part, sizeof(part)) == sizeof(part));
	expect(!memcmp(part, "exit ", sizeof(part)), "%.5s", part);
	close(s.fd);
}

static void expect_all_free(void *arg)
{
	int i;

	for (i = 0; i < 6; i++)
		read_in_part(NULL);
	/*
	 * Each file has given back its place, and the places of three
	 * processes.
	 */
	for (i = 0; i < 2; i++)
		open_session();
	expect(open(SESSION, O_RDWR) < 0 && errno == EDQUOT, "a 3rd session");
	for (i = 0; i < 3; i++)
		registers("%d", sleeper());
	expect(write_errno("%d", sleeper()) == EDQUOT, "a 4th process");
}

TEST(cover_half_read, "a session closed after half a read leaves nothing behind",
     .params = "max_sessions=2 max_per_user=3")
{
	in_user(1000, expect_all_free, NULL);
}
