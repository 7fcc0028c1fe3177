// SPDX-License-Identifier: MIT
/*
 * PID 1 of the guest: mounts the usual file systems, runs one command, prints
 * its exit status, powers off.
 *
 *	init port COMMAND...	its output goes to the second serial port, which
 *				no message of the kernel reaches
 *	init console COMMAND...	it has the console as its terminal
 *
 * In the environment: URT_PORT, the name of the second serial port.
 *
 * The kernel passes on the words behind "--" of its command line. The last line
 * on the second port is "# status N", where N is the command's exit status.
 * Without this line the guest has crashed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int port;

static void die(const char *what)
{
	dprintf(port, "# init: %s: %s\n", what, strerror(errno));
	reboot(RB_POWER_OFF);
}

static void mount_on(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL))
		die(dir);
}

static void mount_all(void)
{
	mount_on("devtmpfs", "/dev");
	mount_on("proc", "/proc");
	mount_on("sysfs", "/sys");
	mount_on("tmpfs", "/tmp");
	mount_on("devpts", "/dev/pts");
	mount_on("tracefs", "/sys/kernel/tracing");
	/* Only debug kernels have debugfs. */
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	chmod("/tmp", 01777);
}

static void open_port(void)
{
	struct termios raw;
	const char *name = getenv("URT_PORT") ?: "/dev/ttyS1";

	port = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (port < 0) {
		port = 2;
		die(name);
	}
	tcgetattr(port, &raw);
	cfmakeraw(&raw);
	tcsetattr(port, TCSANOW, &raw);
}

static void use_console(void)
{
	int fd;

	setsid();
	fd = open("/dev/ttyS0", O_RDWR);
	ioctl(fd, TIOCSCTTY, 1);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (strcmp(argv[1], "console")) {
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(port, 1);
		dup2(port, 2);
	} else {
		use_console();
	}
	execv(argv[2], argv + 2);
	dprintf(port, "# init: %s: %s\n", argv[2], strerror(errno));
	_exit(127);
}

/* PID 1 must reap every process without a parent. */
static int wait_for(pid_t pid)
{
	int status;
	pid_t ended;

	do {
		ended = wait(&status);
		if (ended < 0 && errno == ECHILD)
			die("wait");
	} while (ended != pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	umask(0);
	mkdir("/dev", 0755);
	mount_all();
	open_port();
	umask(022);
	/* The kernel obeys this word of its own, but passes it on as well. */
	if (argc > 1 && !strcmp(argv[1], "nokaslr")) {
		argc--;
		argv++;
	}
	if (argc < 3)
		die("nothing to run");
	setenv("PATH", "/bin:/sbin:/usr/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "vt100", 0);
	dprintf(port, "# status %d\n", wait_for(start(argv)));
	tcdrain(port);
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
