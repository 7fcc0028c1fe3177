// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/ioctl.h>

#include "common.h"

static int redirect(const char *path, int fd)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(file >= 0 && dup2(file, fd) == fd);
	close(file);
	return 0;
}

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

struct said shell(const char *fmt, ...)
{
	char *command, out[64], err[64];
	struct said said;
	va_list ap;
	int status;
	pid_t pid;

	va_start(ap, fmt);
	must(vasprintf(&command, fmt, ap) >= 0);
	va_end(ap);
	snprintf(out, sizeof(out), "/tmp/out.%d", getpid());
	snprintf(err, sizeof(err), "/tmp/err.%d", getpid());
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		redirect(out, 1);
		redirect(err, 2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(99);
	}
	must(waitpid(pid, &status, 0) == pid);
	said = (struct said){ shell_status(status), slurp(out), slurp(err) };
	unlink(out);
	unlink(err);
	free(command);
	return said;
}

void said_free(struct said *said)
{
	free(said->out);
	free(said->err);
}

void expect_endings(const char *command, const struct ending *endings)
{
	const struct ending *e;
	struct said said;

	for (e = endings; e->arguments; e++) {
		said = shell("%s %s", command, e->arguments);
		expect(said.status == e->status && strstr(said.err, e->err) &&
		       !*said.out, "%s %s: %d, '%s' '%s'", command,
		       e->arguments, said.status, said.out, said.err);
		said_free(&said);
	}
}

static void become_session(const char *terminal, const char *command)
{
	int fd;

	setsid();
	fd = open(terminal, O_RDWR);
	must(fd >= 0 && !ioctl(fd, TIOCSCTTY, 0));
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("TERM", "xterm", 1);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(99);
}

char *on_terminal(const char *command, int *status)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t room = 1 << 16, length = 0;
	char *text = malloc(room);
	ssize_t n;
	pid_t pid;

	must(fd >= 0 && text && !grantpt(fd) && !unlockpt(fd) &&
	     !ioctl(fd, TIOCSWINSZ, &size));
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid)
		become_session(ptsname(fd), command);
	/* EIO: no process has the terminal open any more. */
	while ((n = read(fd, text + length, room - length - 1)) > 0 ||
	       (n < 0 && errno == EIO && waitpid(pid, status, WNOHANG) == 0)) {
		if (n > 0)
			length += n;
		else
			nap();
		must(length < room - 1);
	}
	*status = shell_status(*status);
	text[length] = '\0';
	close(fd);
	return text;
}

/* --- JSON --- */

json_t *parse_json(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	expect(json, "line %d: %s, in: %s", error.line, error.text, text);
	return json;
}

uint64_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	expect(json_is_integer(value), "no number '%s' in: %s", key,
	       json_dumps(object, 0));
	return json_integer_value(value);
}

const char *string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	expect(json_is_string(value), "no string '%s' in: %s", key,
	       json_dumps(object, 0));
	return json_string_value(value);
}

json_t *rows(const json_t *report)
{
	json_t *rows = json_object_get(report, "rows");

	expect(json_is_array(rows), "no rows: %s", json_dumps(report, 0));
	return rows;
}

json_t *row_with(const json_t *report, const char *key, const char *value)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows(report), i, row) {
		const char *text =
			json_string_value(json_object_get(row, key));

		if (text && !strcmp(text, value))
			return row;
	}
	return NULL;
}

json_t *row_of_pid(const json_t *report, pid_t pid)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows(report), i, row) {
		if (json_integer_value(json_object_get(row, "pid")) == pid)
			return row;
	}
	return NULL;
}

void expect_sum(const json_t *report)
{
	const json_t *lost = json_object_get(report, "lost");
	uint64_t user = number(lost, "user_ns"), sys = number(lost, "sys_ns");
	uint64_t count = number(lost, "count");
	json_t *row;
	size_t i;

	json_array_foreach(rows(report), i, row) {
		user += number(row, "user_ns");
		sys += number(row, "sys_ns");
		count += json_object_get(row, "count") ? number(row, "count") :
							  1;
	}
	expect(user == number(report, "user_ns") &&
	       sys == number(report, "sys_ns") &&
	       count == number(report, "processes"),
	       "rows: %" PRIu64 ", %" PRIu64 "+%" PRIu64 " ns; in: %s", count, user, sys,
	       json_dumps(report, 0));
}
