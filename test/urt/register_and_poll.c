// SPDX-License-Identifier: MIT
/* The bundled application, register_and_poll. */
#include "lib.h"

#define APP "register_and_poll"

/* Return: the exit status of a shell command; what it printed is in *text. */
static int sh(char **text, const char *fmt, const char *args)
{
	static char output[1 << 16];
	char command[512];
	size_t n;
	int status;
	FILE *f;

	snprintf(command, sizeof(command), fmt, args);
	/* NOLINTNEXTLINE(cert-env33-c): nothing of it comes from outside */
	f = popen(command, "r");
	must(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	if (text)
		*text = output;
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(app_agrees, "register_and_poll and getrusage agree, whatever it does",
     .params = "interval_ms=500", .slow = true)
{
	static const char *const runs[] = {
		"--seconds 3", "-s 3 -t 4", "-s 3 --duty 30", "-s 2 -d 1 -q",
	};
	char *text;
	size_t i;
	int status;

	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		status = sh(&text, APP " %s 2>&1", runs[i]);
		expect(status == 0 && strstr(text, "PASS"), "%s: %d: %s",
		       runs[i], status, text);
	}
	expect(!*slurp(STATUS), "it stays registered: %s", slurp(STATUS));
}

TEST(app_usage, "wrong options are exit status 2, and are named")
{
	static const char *const runs[] = {
		"--seconds 0", "--seconds -1", "--seconds x", "--threads 0",
		"--threads 1025", "--duty 0", "--duty 101", "--duty 3x",
		"--nonsense", "more",
	};
	char *text;
	size_t i;
	int status;

	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		status = sh(&text, APP " %s 2>&1", runs[i]);
		expect(status == 2 && strstr(text, APP), "%s: %d: %s", runs[i],
		       status, text);
	}
}

TEST(app_not_loaded, "without the module it says so, with exit status 3")
{
	char *text;
	int status;

	must(!unload());
	status = sh(&text, APP "%s 2>&1", "");
	expect(status == 3 && strstr(text, "insmod"), "%d: %s", status, text);
}

TEST(app_quota, "when the quota is used up it says so, with exit status 3",
     .params = "max_processes=1")
{
	char *text;
	int status;

	registers("%d", getpid());
	status = sh(&text, APP "%s 2>&1", "");
	expect(status == 3 && strstr(text, "max_processes"), "%d: %s", status,
	       text);
}

TEST(app_signal, "interrupted, it unregisters itself and dies of the signal")
{
	char *text;

	sh(&text, APP " %s >/tmp/app.out 2>&1 & p=$!; "
	   "until grep -q $p: " STATUS "; do :; done; "
	   "kill -TERM $p; wait $p; echo $?", "--seconds 60");
	expect(atoi(text) == 128 + SIGTERM, "%s", text);
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
}
