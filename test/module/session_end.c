// SPDX-License-Identifier: MIT
/* The last close() of a session ends all of it. */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "crowd.h"

static void fork_for_ever(void *arg)
{
	become(1000);
	kill(getpid(), SIGSTOP);
	fork();
	fork();
	for (;;) {
		if (!fork())
			_exit(0);
		wait(NULL);
	}
}

static volatile bool *ready;

/*
 * Uses all of a user's quota: a tree, a map, records that are never read. No
 * other process has the descriptor.
 */
static void own_session(void *root)
{
	int fd, i, n = 0;
	pid_t pids[20];

	become(1000);
	for (i = 0; i < 20; i++)
		pids[i] = sleeper();
	fd = open_session();
	must(put(fd, "interval 100 tree %d", *(pid_t *)root) > 0);
	map_session(fd, 10);
	kill(*(pid_t *)root, SIGCONT);
	for (i = 0; i < 20 && n >= 0; i++) {
		nap();
		n = put(fd, "%d", pids[i]);
	}
	expect(n == -EDQUOT, "%s", strerror(-n));
	*ready = true;
	sleep_forever();
}

/* Uses the whole quota, and no more. */
static void use_quota(void *arg)
{
	int fd = open_session(), i, n;

	for (i = 0; i < 16; i++) {
		pid_t pid = sleeper();

		wait_until((n = put(fd, "%d", pid)) > 0, 2000,
			   "%d are registered, then: %s", i, strerror(-n));
	}
	n = put(fd, "%d", sleeper());
	expect(n == -EDQUOT, "%d", n);
}

static pid_t start_owner(pid_t *root)
{
	pid_t owner;
	int status;

	ready = share(sizeof(*ready));
	*root = child(fork_for_ever, NULL);
	must(waitpid(*root, &status, WUNTRACED) == *root && WIFSTOPPED(status));
	owner = child(own_session, root);
	wait_until(*ready, 10000, "not registered");
	return owner;
}

TEST(end_killed, "SIGKILL of the owner of a session gives its quota back",
     .params = "max_per_user=16 max_sessions=1", .boot = "two")
{
	pid_t root, owner = start_owner(&root);

	end(owner);
	in_user(1000, use_quota, NULL);
}

TEST(end_unload, "after SIGKILL of the owner the module unloads while the tree lives",
     .params = "max_per_user=16")
{
	pid_t root, owner = start_owner(&root);
	int err;

	expect(unload() == EWOULDBLOCK, "in use");
	end(owner);
	wait_until(!(err = unload()), 2000, "%s", strerror(err));
	expect(state_of(root), "the tree has gone");
}

#define EXPEDITED "/sys/kernel/rcu_expedited"

static void restore_expedited(void)
{
	spit(EXPEDITED, "0");
}

/*
 * The expedited grace periods of rmmod then end before the one that a session's
 * end waits for. This may also happen on many CPUs.
 */
TEST(end_unload_hurried, "unloading waits for closed sessions")
{
	int fd, i;

	if (access(EXPEDITED, W_OK))
		skip("grace periods cannot be expedited");
	spit(EXPEDITED, "1");
	atexit(restore_expedited);
	for (i = 0; i < 20; i++) {
		fd = open_session();
		must(put(fd, "tree %d", getpid()) > 0);
		close(fd);
		must(!unload());
		must(!load("interval_ms=200"));
	}
}

TEST(end_idle, "after SIGKILL of the owner no timer fires, no work runs",
     .params = "interval_ms=100 max_per_user=16", .slow = true)
{
	pid_t root, owner;

	trace_begin();
	owner = start_owner(&root);
	wait_until(traced("function=schedule_cputime_updates") >= 2 &&
		   traced("function update_cputimes") >= 2, 10000,
		   "tracing sees nothing");
	end(owner);
	/* One refresh may have been under way. */
	nanosleep(&(struct timespec){ .tv_nsec = 300 * MS }, NULL);
	trace_forget();
	stays_idle(10, true);
}

TEST(end_idle_open, "an open session without registrations runs no timer",
     .slow = true)
{
	struct session s;
	struct record r;
	pid_t pid = sleeper();

	session_open(&s);
	map_session(s.fd, 10);
	must(put(s.fd, "interval 10 %d", pid) > 0);
	trace_begin();
	wait_until(traced("function=schedule_cputime_updates") >= 2, 10000,
		   "no timer");
	end(pid);
	expect(next_record(&s, &r) == EXIT, "no record");
	expect(next_record(&s, &r) == END, "no end");
	nanosleep(&(struct timespec){ .tv_nsec = 300 * MS }, NULL);
	trace_forget();
	stays_idle(10, true);
}

TEST(end_idle_at_once, "no timer fires from the moment when its session is closed")
{
	pid_t pid = sleeper();
	int fd = open_session();

	must(put(fd, "interval 1000 %d", pid) > 0);
	trace_begin();
	wait_until(traced("function=schedule_cputime_updates"), 10000,
		   "tracing sees no timer");
	close(fd);
	trace_forget();
	stays_idle(3, false);
}

/* --- memory --- */

static void fork_some(void *arg)
{
	int i;

	for (i = 0; i < 40; i++) {
		if (!fork())
			_exit(0);
	}
	/* Some of them are zombies when we get killed. */
	for (i = 0; i < 20; i++)
		wait(NULL);
	*ready = true;
	sleep_forever();
}

static void use_all_of_it(void *arg)
{
	struct session s;
	struct record r;
	pid_t root;
	int i;

	root = stopped(fork_some, NULL);
	session_open(&s);
	must(put(s.fd, "interval 10 tree %d", root) > 0);
	map_session(s.fd, 1000);
	kill(root, SIGCONT);
	for (i = 0; i < 10; i++)
		expect(next_record(&s, &r) == EXIT, "%d records", i);
	while (!*ready)
		nap();
	sleep_forever();
}

static void round_of_all(void)
{
	pid_t pid;

	*ready = false;
	pid = child(use_all_of_it, NULL);
	wait_until(*ready, 20000, "too slow");
	end(pid);
}

TEST(end_memory, "200 sessions that end by SIGKILL leave no memory behind",
     .slow = true, .limit = 300)
{
	ready = share(sizeof(*ready));
	leaves_no_memory(round_of_all, 20, 200, "interval_ms=200");
}

TEST(end_memory_loaded, "100 sessions that end leave no memory behind while the module is loaded",
     .slow = true, .limit = 300)
{
	ready = share(sizeof(*ready));
	leaves_no_memory(round_of_all, 20, 100, NULL);
}

static void open_and_close(void)
{
	int fd = open_session();

	must(put(fd, "%d", getpid()) > 0);
	close(fd);
}

TEST(end_memory_closed, "4,000 sessions that are closed leave no memory behind",
     .slow = true)
{
	if (slowness() > 1)
		skip("a kernel that checks everything keeps more than they have");
	leaves_no_memory(open_and_close, 400, 4000, NULL);
}

/* --- unfinished work --- */

/* Looks by itself, without waiting for any work. */
static void end_seen_by(int witness, pid_t pid)
{
	char line[256];

	must(put(witness, "%d", pid) > 0);
	end(pid);
	wait_until(read(witness, line, sizeof(line)) > 0, 5000, "no record");
}

TEST(end_upkeep, "a session may end while its work waits for its turn", .limit = 120)
{
	pid_t crowd = threaded(1000, 0), pid;
	int fd, witness, i;

	/* Refreshes of so many processes delay the next work for long. */
	for (i = 0; i < 8; i++) {
		fd = open_session();
		must(put(fd, "interval 10 %d", crowd) > 0);
	}
	for (i = 0; i < 5; i++) {
		fd = open_session();
		witness = open(SESSION, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		pid = sleeper();
		must(put(fd, "interval 10 %d %d", crowd, pid) > 0);
		wait_until(events_of(fd, POLLPRI) & POLLPRI, 10000,
			   "no refresh");
		end_seen_by(witness, pid);
		close(fd);
		close(witness);
	}
}

/* --- before the end --- */

struct late_reader {
	int fd;
	char *page;
	ssize_t n;
};

static void *read_late(void *arg)
{
	struct late_reader *reader = arg;

	reader->n = read(reader->fd, reader->page, 4096);
	return NULL;
}

/* Return: a userfaultfd. A process that touches the page first waits for us. */
static int watch_page(char *page)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)page, .len = 4096 },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0)
		skip("there is no userfaultfd");
	must(!ioctl(fd, UFFDIO_API, &api));
	must(!ioctl(fd, UFFDIO_REGISTER, &range));
	return fd;
}

TEST(end_not_yet, "read() gives no end of file while another reader holds the last line")
{
	struct late_reader reader = { .fd = open_session() };
	struct uffdio_zeropage zero = { .range.len = 4096 };
	struct session s = { .fd = reader.fd };
	pid_t pid = sleeper();
	pthread_t thread;
	char text[256];
	int fd;

	reader.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(reader.page != MAP_FAILED);
	fd = watch_page(reader.page);
	must(put(s.fd, "%d", pid) > 0);
	end(pid);
	expect(line_waits(&s, 20000), "no record");
	must(!pthread_create(&thread, NULL, read_late, &reader));
	wait_until(events_of(fd, POLLIN) & POLLIN, 20000, "no fault");

	expect(!(events_of(s.fd, POLLIN) & POLLHUP), "poll() tells an end");
	must(!fcntl(s.fd, F_SETFL, O_NONBLOCK));
	expect(read(s.fd, text, sizeof(text)) < 0 && errno == EAGAIN, "%s",
	       strerror(errno));
	zero.range.start = (uintptr_t)reader.page;
	must(!ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	must(!pthread_join(thread, NULL));
	expect(reader.n > 0, "the late one got %zd", reader.n);
	expect(!read(s.fd, text, sizeof(text)), "no end of file");
}
