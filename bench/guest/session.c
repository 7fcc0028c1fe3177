// SPDX-License-Identifier: MIT
#include "session.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "urt.h"

int session_open(const char *words)
{
	int fd = open(URT_SESSION_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = strlen(words);

	must(fd >= 0 && write(fd, words, len) == len);
	return fd;
}
