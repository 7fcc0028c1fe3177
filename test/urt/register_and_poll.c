// SPDX-License-Identifier: MIT
/* The bundled application, register_and_poll. */
#include "common.h"

#define APP "register_and_poll"

TEST(app_agrees, "register_and_poll and getrusage() agree, whatever the load",
     .params = "interval_ms=500", .slow = true)
{
	static const char *const runs[] = {
		"--seconds 3", "-s 3 -t 4", "-s 3 --duty 30", "-s 2 -d 1 -q",
	};
	struct said said;
	size_t i;

	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		said = shell(APP " %s 2>&1", runs[i]);
		expect(said.status == 0 && strstr(said.out, "PASS"),
		       "%s: %d: %s", runs[i], said.status, said.out);
		said_free(&said);
	}
	expect(!*slurp(STATUS), "it stays registered: %s", slurp(STATUS));
}

TEST(app_usage, "register_and_poll names a wrong option and exits with 2")
{
	static const struct ending endings[] = {
		{ "--seconds 0", 2, APP }, { "--seconds -1", 2, APP },
		{ "--seconds x", 2, APP }, { "--threads 0", 2, APP },
		{ "--threads 1025", 2, APP }, { "--duty 0", 2, APP },
		{ "--duty 101", 2, APP }, { "--duty 3x", 2, APP },
		{ "--nonsense", 2, APP }, { "more", 2, APP },
		{ NULL }
	};

	expect_endings(APP, endings);
}

TEST(app_not_loaded, "without the module, register_and_poll says so and exits with 3")
{
	struct said said;

	must(!unload());
	said = shell(APP " 2>&1");
	expect(said.status == 3 && strstr(said.out, "insmod"), "%d: %s",
	       said.status, said.out);
}

TEST(app_quota, "with the quota used up, register_and_poll says so and exits with 3",
     .params = "max_processes=1")
{
	struct said said;

	registers("%d", getpid());
	said = shell(APP " 2>&1");
	expect(said.status == 3 && strstr(said.out, "max_processes"), "%d: %s",
	       said.status, said.out);
}

TEST(app_signal, "an interrupted register_and_poll unregisters itself and dies of the signal")
{
	struct said said;

	said = shell(APP " --seconds 60 >/tmp/app.out 2>&1 & p=$!; "
		     "until grep -q $p: " STATUS "; do :; done; "
		     "kill -TERM $p; wait $p; echo $?");
	expect(atoi(said.out) == 128 + SIGTERM, "%s", said.out);
	expect(!*slurp(STATUS), "%s", slurp(STATUS));
}
