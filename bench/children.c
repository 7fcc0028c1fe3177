// SPDX-License-Identifier: MIT
/*
 * The processes that are looked at. They sleep, each on a futex of its own. In a
 * round a baton goes through them: each runs for a millisecond and a bit, wakes
 * the next, and sleeps. Only one can run at a time, so every round costs and
 * leaves behind the same.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define RUN 1100000		/* instructions, or ns: the value in ms moves */
/* Values of 4 digits, as processes have; of 3 where that would take minutes. */
#define OLD 1000000000ull
#define OLD_MANY (OLD / 10)
#define TICK 4000000		/* from one to the next; some, where HZ > 250 */
#define NEAR_TICK 20000
#define BLOCK 480		/* nops; they fit one block of translated code */
#define BLOCKS 1000

static uint32_t *baton;		/* [count + 1], shared; the last is ours */
static pid_t *pids;
static int count;
static uint32_t turn;

/* QEMU makes nothing of a nop, but counts it: time passes at next to no cost. */
static void burn_blocks(unsigned int n)
{
	asm volatile("1: .rept %c1; nop; .endr; dec %0; jnz 1b"
		     : "+r" (n) : "i" (BLOCK) : "cc");
}

static void burn_until(uint64_t until)
{
	while (tsc() + (uint64_t)BLOCKS * (BLOCK + 2) < until)
		burn_blocks(BLOCKS);
	while (tsc() < until)
		burn_blocks(1);
}

/* Some thousand instructions of which next to none are in user mode. */
static void enter_kernel(void)
{
	char bytes[256];

	syscall(SYS_getrandom, bytes, sizeof(bytes), 0);
}

static void burn_until_interrupt(void)
{
	uint64_t before, now = tsc();

	do {
		before = now;
		burn_blocks(1);
		now = tsc();
	} while (now - before < BLOCK + 1000);
}

/*
 * The split of a process's time into user and system costs the most when the
 * tick has seen it in both: so that all have been, each is seen in both once.
 */
static void be_seen_by_tick(void)
{
	uint64_t until;

	burn_until_interrupt();
	until = tsc() + TICK;
	burn_until(until - NEAR_TICK);
	while (tsc() < until + NEAR_TICK)
		enter_kernel();
}

static void wait_for(uint32_t *word, uint32_t value)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != value)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void wake(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void run_child(uint32_t *mine)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint32_t round = 1;; round++) {
		wait_for(mine, round);
		if (round == 1) {
			be_seen_by_tick();
			burn_until(tsc() + (count > 1000 ? OLD_MANY : OLD));
		}
		burn_until(tsc() + RUN);
		wake(mine + 1, round);
	}
}

/* Return: their ids; all of them have run once and sleep. */
pid_t *children_start(int n)
{
	count = n;
	turn = 0;
	baton = mmap(NULL, (n + 1) * sizeof(*baton), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(baton != MAP_FAILED);
	pids = calloc(n, sizeof(*pids));
	must(pids);
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		must(pids[i] >= 0);
		if (!pids[i])
			run_child(&baton[i]);
	}
	children_run();
	return pids;
}

/* One round: all of them have run when it returns. */
void children_run(void)
{
	turn++;
	wake(&baton[0], turn);
	wait_for(&baton[count], turn);
}

void children_end(void)
{
	for (int i = 0; i < count; i++)
		must(!kill(pids[i], SIGKILL));
	for (int i = 0; i < count; i++)
		must(waitpid(pids[i], NULL, 0) == pids[i]);
	must(!munmap(baton, (count + 1) * sizeof(*baton)));
	free(pids);
}
