// SPDX-License-Identifier: MIT
/*
 * Processes to register, of every kind: they run, sleep, fork, start threads,
 * lose their leader, become other programs and other users. Only the parent of
 * a victim signals and kills it, because only a parent surely knows which
 * process a PID means.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "races.h"

#define BREEDERS 2
#define BROOD (VICTIMS / BREEDERS)

static void handle(int signal)
{
}

static void wait_some(void)
{
	usleep(rnd(20000));
}

static void sleeps(void)
{
	for (unsigned int i = rnd(200); i; i--)
		wait_some();
}

static void burns(void)
{
	for (unsigned int i = rnd(50); i; i--) {
		burn(rnd(5000000));
		wait_some();
	}
}

static void *thread_burns(void *arg)
{
	burn((uintptr_t)arg);
	return NULL;
}

static pthread_t start_thread(void *(*fn)(void *), uintptr_t arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	while (pthread_create(&thread, &attr, fn, (void *)arg))
		usleep(1000);
	pthread_attr_destroy(&attr);
	return thread;
}

static void threads(void)
{
	pthread_t some[6];
	unsigned int i, n, round;

	for (round = rnd(20); round; round--) {
		n = rnd(6) + 1;
		for (i = 0; i < n; i++)
			some[i] = start_thread(thread_burns, rnd(3000000));
		/* If not, all of them end with the process. */
		if (!rnd(20))
			_exit(rnd(256));
		for (i = 0; i < n; i++)
			pthread_join(some[i], NULL);
	}
}

/* Three generations. Some of them are not waited for. */
static void forks(void)
{
	for (unsigned int i = rnd(60); i; i--) {
		if (!spawn()) {
			if (!rnd(3) && !spawn())
				_exit(rnd(256));
			if (rnd(2))
				burn(rnd(1000000));
			_exit(rnd(256));
		}
		if (rnd(2))
			while (waitpid(-1, NULL, 0) < 0 && errno == EINTR)
				;
		if (rnd(2))
			usleep(rnd(3000));
	}
}

static void *outlive(void *arg)
{
	usleep((uintptr_t)arg % 20000);
	burn((uintptr_t)arg);
	_exit((uintptr_t)arg % 256);
}

static void loses_leader(void)
{
	start_thread(outlive, rnd(5000000));
	start_thread(outlive, rnd(5000000));
	pthread_exit(NULL);
}

static void become_program(void)
{
	char kind[16], seed[16];

	snprintf(kind, sizeof(kind), "%u", rnd(4));
	snprintf(seed, sizeof(seed), "%u", rnd(1 << 24));
	did(OP_execs);
	execl("/proc/self/exe", "victim", "--live", kind, seed, NULL);
	_exit(127);
}

static void *become_in_thread(void *arg)
{
	become_program();
	return NULL;
}

/* exec from any thread kills the other threads. */
static void becomes(void)
{
	start_thread(thread_burns, rnd(3000000));
	if (!rnd(3))
		become_program();
	start_thread(become_in_thread, 0);
	if (rnd(2))
		pthread_exit(NULL);
	sleep_forever();
}

static void changes_user(void)
{
	unsigned int uid;

	for (unsigned int i = rnd(30); i; i--) {
		uid = rnd(2) * 1000;
		/* It fails if the present user may not do it. */
		if (setresuid(uid, rnd(4) ? 0 : uid, 0))
			break;
		wait_some();
	}
}

static void moves(void)
{
	cpu_set_t set;

	for (unsigned int i = rnd(60); i; i--) {
		CPU_ZERO(&set);
		CPU_SET(rnd(8), &set);
		sched_setaffinity(0, sizeof(set), &set);	/* may fail */
		setpriority(PRIO_PROCESS, 0, rnd(20));
		burn(rnd(1000000));
		wait_some();
	}
}

static void (*const lives[])(void) = {
	/* A victim lives in one of these ways. */
	sleeps, burns, threads, forks,
	loses_leader, becomes, changes_user, moves,
};

void live_as(unsigned int kind)
{
	lives[kind % (sizeof(lives) / sizeof(*lives))]();
	_exit(rnd(256));
}

int victim_main(char **argv)
{
	signal(SIGUSR1, handle);
	rnd_seed(strtoul(argv[3], NULL, 10));
	live_as(strtoul(argv[2], NULL, 10));
	return 0;
}

/* --- breeders --- */

static void breed(volatile pid_t *at)
{
	pid_t pid = spawn();

	if (!pid) {
		setpgid(0, 0);
		signal(SIGUSR1, handle);
		signal(SIGUSR2, SIG_DFL);
		live_as(rnd(64));
	}
	setpgid(pid, pid);
	*at = pid;
}

/* Reaps some that have ended, because zombies get registered as well. */
static void reap_some(volatile pid_t *brood)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ||
		    !info.si_pid || !rnd(4))
			return;
		for (int i = 0; i < BROOD; i++) {
			if (brood[i] == info.si_pid)
				brood[i] = 0;
		}
		waitpid(info.si_pid, NULL, 0);
	}
}

static void send_signals(volatile pid_t *brood)
{
	static const int signals[] = {
		SIGUSR1, SIGUSR1, SIGSTOP, SIGCONT, SIGCONT, SIGCONT, SIGWINCH,
		SIGUSR2, SIGTERM, SIGQUIT, SIGKILL,
	};
	const int n = sizeof(signals) / sizeof(*signals);
	pid_t pid;

	for (unsigned int i = rnd(12); i; i--) {
		pid = brood[rnd(BROOD)];
		/*
		 * Signals one or all of its own. Until it is reaped, the PID is
		 * no other process's.
		 */
		if (pid && !kill(rnd(2) ? pid : -pid, signals[rnd(n)]))
			did(OP_signals);
	}
}

static void breed_step(void)
{
	volatile pid_t *brood = &race->victims[(size_t)instance * BROOD];
	unsigned int at = rnd(BROOD);

	reap_some(brood);
	if (!brood[at])
		breed(&brood[at]);
	send_signals(brood);
	usleep(rnd(4000));
}

ACTOR(breeder, .step = breed_step, .count = BREEDERS, .restless = true);
