// SPDX-License-Identifier: MIT
/* Faults while files are opened and closed. */
#define _GNU_SOURCE

#include "common.h"

static int uses_of_module(void)
{
	char *text = slurp("/sys/module/usertime/refcnt");
	int uses = atoi(text);

	free(text);
	return uses;
}

/* --- open --- */

static const char *path;
static int fd;

static int open_it(void)
{
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

static int open_stat(void)
{
	fd = open(STAT, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

static void opened(int err)
{
	if (!err)
		must(!close(fd));
	expect(!uses_of_module(), "%s: the module is used %d times", path,
	       uses_of_module());
}

static const struct operation open_status_file = {
	"open status", .run = open_it, .after = opened,
	.errors = { ENOMEM, EFAULT },
};

static const struct operation open_stat_file = {
	"open stat", .run = open_stat, .after = opened,
	.errors = { ENOMEM, EFAULT },
};

static const struct operation open_session_file = {
	"open session", .run = open_it, .after = opened,
	.errors = { ENOMEM, EFAULT },
};

static void expect_sessions(int most)
{
	int i, fds[8];

	for (i = 0; i < most; i++) {
		fds[i] = open(SESSION, O_RDWR);
		expect(fds[i] >= 0, "%d. session: %s", i + 1, strerror(errno));
	}
	expect(open(SESSION, O_RDWR) < 0 && errno == EDQUOT,
	       "more than %d sessions", most);
	while (i--)
		close(fds[i]);
}

static void open_all(void *arg)
{
	path = STATUS;
	faults_walk(&open_status_file);
	faults_walk(&open_stat_file);
	path = SESSION;
	faults_walk(&open_session_file);
	expect_sessions(3);
}

TEST(faults_open, "an open() that fails is ENOMEM or EFAULT and uses up nothing",
     .params = "max_sessions=3", .faults = true)
{
	faults_need();
	faults_in_user(open_all);
}

/* --- close --- */

static pid_t named;

static int close_it(void)
{
	return close(fd) ? errno : 0;
}

/* A word that only close() ends. */
static void carry_word(void)
{
	char text[600 + 1];

	fd = open(path, O_RDWR | O_CLOEXEC);
	must(fd >= 0);
	snprintf(text, sizeof(text), "%600d", named);
	must(write(fd, text, 600) == 600);
}

static unsigned int undone;

/* No caller learns whether the word succeeded. */
static void closed_status(int err)
{
	if (listed(named, NULL))
		registers("-%d", named);
	else
		undone++;
	expect(!stat_header().processes && !uses_of_module(),
	       "%llu registered, %d uses", stat_header().processes,
	       uses_of_module());
}

static void closed_session(int err)
{
	expect(!uses_of_module(), "%d uses", uses_of_module());
}

static const struct operation close_status = {
	"close status", carry_word, close_it, closed_status, { 0 },
};

static const struct operation close_session = {
	"close session", carry_word, close_it, closed_session, { 0 },
};

static void expect_quota(int most)
{
	pid_t pids[8];
	int n = 0;

	while (n < 8 && !write_errno("%d", pids[n] = sleeper()))
		n++;
	expect(n == most, "%d can be registered, not %d", n, most);
	while (n--)
		registers("-%d", pids[n]);
}

static void close_all(void *arg)
{
	named = sleeper();
	path = STATUS;
	faults_walk(&close_status);
	expect(undone, "no fault kept the word from being done");
	path = SESSION;
	faults_walk(&close_session);
	expect_quota(4);
}

TEST(faults_close, "close() always succeeds and leaves nothing behind",
     .params = "max_per_user=4", .faults = true)
{
	faults_need();
	faults_in_user(close_all);
}

