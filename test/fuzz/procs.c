// SPDX-License-Identifier: MIT
/* Operations of the fuzzer on its processes, and generations. */
#include "fuzz.h"

/* Waits, because lines come a little later than their exit or fork. */
static void settle(void)
{
	for (int i = 0; i < file_count; i++) {
		if (files[i].kind == F_SESSION && model_line_waits(&files[i]))
			wait_until(events_of(files[i].fd, POLLIN), 10000,
				   "no line in file %d", i);
	}
}

static struct proc *some_proc(bool (*fits)(const struct proc *))
{
	struct proc *p = living[fuzz_rnd(living_count)];

	return fits(p) ? p : NULL;
}

static bool may_fork(const struct proc *p)
{
	return p == driver || world_obeys(p);
}

static void witness_it(struct proc *p)
{
	if (p == driver || p->witnessed || p->life == RELEASED ||
	    model_total == MAX_PROCESSES)
		return;
	if (put(witness, "%d\n", p->pid) < 0)
		mismatch("the witness does not get %d: %s", p->pid,
			 strerror(errno));
	model_witnessed(p);
}

void op_spawn(void)
{
	struct proc *parent = fuzz_rnd(2) ? driver : some_proc(may_fork), *p;
	unsigned int uid;
	bool mixed;

	if (!parent || living_count > LIVING_MAX || !model_can_fork(parent))
		return;
	uid = parent->uid ? parent->uid : fuzz_uids[fuzz_rnd(USERS)];
	mixed = parent->mixed || (uid && !parent->uid && !fuzz_rnd(4));
	p = world_spawn(parent, 2 + fuzz_rnd(50), uid, mixed);
	fuzz_say("%d forks %d of uid %u%s", parent->pid, p->pid, uid,
	    mixed ? " and 0" : "");
	model_forked(parent, p);
	witness_it(p);
	settle();
}

void op_thread(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || p->threads == THREADS)
		return;
	world_thread(p);
	fuzz_say("%d begins thread %d", p->pid, p->tids[p->threads - 1]);
}

void op_end_thread(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || !p->threads)
		return;
	fuzz_say("%d ends thread %d", p->pid, p->tids[p->threads - 1]);
	world_end_thread(p);
}

void op_end_leader(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || !p->threads)
		return;
	fuzz_say("the leader of %d exits", p->pid);
	world_end_leader(p);
}

void op_rename(void)
{
	static const char *const names[] = {
		"a b", "x\\y", "new\nline", "\t", "\xc3\xa9", "del\x7f", "\\000",
		"012345678901234", "(a) S 1", "exit 1 2",
	};
	struct proc *p = some_proc(world_obeys);
	const char *name = names[fuzz_rnd(sizeof(names) / sizeof(*names))];

	if (!p)
		return;
	fuzz_say("%d is now \"%s\"", p->pid, name);
	world_rename(p, name);
}

void op_burn(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p)
		return;
	fuzz_say("%d burns", p->pid);
	world_burn(p);
}

void op_stop(void)
{
	struct proc *p = some_proc(world_obeys);

	if (!p || p->threads)
		return;
	fuzz_say("%d stops", p->pid);
	world_stop(p);
}

static bool is_stopped(const struct proc *p)
{
	return p->stopped;
}

void op_continue(void)
{
	struct proc *p = some_proc(is_stopped);

	if (!p)
		return;
	fuzz_say("%d continues", p->pid);
	world_continue(p);
}

static bool may_end(const struct proc *p)
{
	return p != driver && p->life == LIVING;
}

void op_end(void)
{
	struct proc *p = some_proc(may_end);
	unsigned int code = 1 + fuzz_rnd(255);
	bool by_signal;

	if (!p)
		return;
	by_signal = !world_obeys(p) || fuzz_rnd(2);
	fuzz_say("%d ends, %s %u", p->pid, by_signal ? "killed" : "with",
	    by_signal ? SIGKILL : code);
	world_end(p, by_signal, code);
	model_exited(p);
}

/*
 * If a line waits already, no event reports one more. Therefore this writes a
 * word that does nothing.
 */
void op_reap(void)
{
	struct proc *p = some_proc(world_can_reap);
	const char *nothing = "-2147483647 ";
	bool waits[FILES] = { false };
	int i;

	for (i = 0; p && i < file_count; i++) {
		waits[i] = files[i].kind == F_SESSION &&
			   model_line_waits(&files[i]);
		if (waits[i] && files[i].carried)
			p = NULL;
	}
	if (!p)
		return;
	fuzz_say("%d is reaped", p->pid);
	world_reap(p);
	model_final(p);
	settle();
	for (i = 0; i < file_count; i++) {
		if (waits[i])
			fuzz_expect_written(&files[i], nothing, strlen(nothing),
					    put(files[i].fd, "%s", nothing));
	}
}

void op_witness(void)
{
	struct proc *p = living[fuzz_rnd(living_count)];

	fuzz_say("witness for %d", p->pid);
	witness_it(p);
}

void op_refresh(void)
{
	struct pollfd poller = { .events = POLLIN };

	if (!system_registry.count)
		return;
	fuzz_say("refresh");
	poller.fd = open(STATUS, O_RDONLY | O_CLOEXEC);
	must(poller.fd >= 0 && read(poller.fd, &(char){ 0 }, 1) >= 0);
	set_interval(10);
	must(poll(&poller, 1, 10000) >= 0);
	set_interval(3600000);
	close(poller.fd);
	check_refreshed();
}
