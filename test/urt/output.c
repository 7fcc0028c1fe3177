// SPDX-License-Identifier: MIT
/* Outputs that urt cannot write, or that do not exist. */
#include <sys/mount.h>
#include <sys/stat.h>

#include "common.h"

#define FULL "No space left on device"
#define CLOSED "Bad file descriptor"

/* Seen elsewhere: a full disk is reported as some other error, or as none. */
TEST(urt_output_reason, "urt names the reason if it cannot write")
{
	static const struct {
		const char *command;	/* %d: a process */
		int status;
		const char *reason;
	} runs[] = {
		{ "urt run -o /dev/full true", 125, FULL },
		{ "urt run --json -o /dev/full true", 125, FULL },
		{ "urt run --each --csv -o /tmp/full/new -- true", 125, FULL },
		{ "urt run -o /tmp/report --svg /tmp/full/new -- true", 125, FULL },
		{ "urt run --json -o - true >/dev/full", 125, FULL },
		{ "urt run --json -o - true >&-", 125, CLOSED },
		{ "urt run -o - -- sh -c 'exit 3' >&-", 3, CLOSED },
		{ "urt stat -p %d 0.1 2 >/dev/full", 1, FULL },
		{ "urt stat -p %d --json >&-", 1, CLOSED },
		{ "urt list >/dev/full", 1, FULL },
		{ "urt list --json >/dev/full", 1, FULL },
		{ "urt list --csv >&-", 1, CLOSED },
		{ "urt runtime %d >/dev/full", 1, FULL },
		{ "urt runtime --json %d >&-", 1, CLOSED },
		{ "sleep 0.2 & urt wait $! >/dev/full", 1, FULL },
		{ "sleep 0.2 & urt wait $! >&-", 1, CLOSED },
	};
	pid_t pid = sleeper();
	char command[128];
	struct said said;
	size_t i;

	registers("%d", pid);
	must(!mkdir("/tmp/full", 0755) &&
	     !mount("none", "/tmp/full", "tmpfs", 0, "size=4k"));
	shell("head -c 4096 /dev/zero >/tmp/full/old");
	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		snprintf(command, sizeof(command), runs[i].command, pid);
		said = shell("%s", command);
		expect(said.status == runs[i].status &&
		       strstr(said.err, runs[i].reason) &&
		       lines_of(strdup(said.err)) == 1,
		       "%s: %d, '%s' '%s'", command, said.status, said.out,
		       said.err);
		said_free(&said);
	}
	must(!umount("/tmp/full"));
}

/* Seen elsewhere: a daemon without standard output writes its log into a database. */
TEST(urt_output_closed, "with closed standard descriptors urt opens no file in their place")
{
	pid_t pid = sleeper();
	struct said said;

	/* A table that went into the session would register what it lists. */
	said = shell("urt stat -p %d 0.1 2 <&- >&- 2>/tmp/said", pid);
	expect(said.status == 1 && strstr(slurp("/tmp/said"), CLOSED), "%d: %s",
	       said.status, slurp("/tmp/said"));
	said = shell("urt run -o /tmp/report -- sh -c 'for i in 0 1 2; do "
		     "[ ! -e /proc/$$/fd/$i ] || exit 3; done' <&- >&- 2>&-");
	expect(!said.status && strstr(slurp("/tmp/report"), "real"),
	       "%d: %s", said.status, slurp("/tmp/report"));
}

/* Seen elsewhere: a typing error in the command empties the report of last night. */
TEST(urt_output_kept, "urt run -o replaces an old file by a whole new one, or not at all")
{
	static const struct {
		const char *command;
		int status;
	} runs[] = {
		{ "/nonexistent", 127 }, { "/etc/passwd", 126 },
		{ "--svg /nonexistent/x true", 125 },
	};
	struct said said;
	size_t i;

	shell("printf old >/tmp/report");
	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		said = shell("urt run -o /tmp/report %s", runs[i].command);
		expect(said.status == runs[i].status &&
		       !strcmp(slurp("/tmp/report"), "old"), "%s: %d, '%s'",
		       runs[i].command, said.status, slurp("/tmp/report"));
	}
	said = shell("urt run -o /tmp/report -- cat /tmp/report");
	expect(!said.status && !strcmp(said.out, "old") &&
	       strstr(slurp("/tmp/report"), "real"), "%d: '%s' '%s'",
	       said.status, said.out, slurp("/tmp/report"));
	/* An output that it shares with the command is appended to. */
	said = shell("urt run -o /proc/self/fd/1 -- echo mine >/tmp/both; cat /tmp/both");
	expect(!strncmp(said.out, "mine\n", 5) && strstr(said.out, "real"),
	       "'%s'", said.out);
}
