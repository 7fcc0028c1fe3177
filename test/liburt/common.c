// SPDX-License-Identifier: MIT
#include "common.h"

struct urt *session(void)
{
	struct urt *u = urt_open();

	expect(u, "urt_open: %s", strerror(errno));
	return u;
}

void adds(struct urt *u, pid_t pid, int flags)
{
	expect(!urt_add(u, pid, flags), "urt_add %d: %s", pid,
	       strerror(errno));
}

struct urt_record next(struct urt *u)
{
	struct urt_record r;
	int ret = urt_next(u, &r, 10000);

	expect(ret == 1, "urt_next: %d, %s", ret, strerror(errno));
	return r;
}

int count_to_end(struct urt *u, enum urt_type type)
{
	struct urt_record r;
	int ret, n = 0;

	while ((ret = urt_next(u, &r, 10000)) == 1)
		n += r.type == type ? r.count : 0;
	expect(!ret, "%d of type %d, then %s", n, type, strerror(errno));
	return n;
}

struct order {
	int from;
	void (*fn)(void);
};

static void obey(void *arg)
{
	struct order *order = arg;
	unsigned char status;

	must(read(order->from, &status, 1) == 1);
	if (order->fn)
		order->fn();
	exit(status);
}

struct waiting waiting(void (*fn)(void))
{
	struct waiting w;
	int ends[2];

	must(!pipe(ends));
	w.pid = child(obey, &(struct order){ ends[0], fn });
	w.go = ends[1];
	close(ends[0]);
	return w;
}

void tell(const struct waiting *w, unsigned char status)
{
	must(write(w->go, &status, 1) == 1);
}

static void nothing(void *arg)
{
}

void fork_ten(void)
{
	for (int i = 0; i < 10; i++)
		in_child(nothing, NULL);
}
