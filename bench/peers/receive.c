// SPDX-License-Identifier: MIT
/* Netlink sockets that report exits. */
#define _GNU_SOURCE
#include "receive.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../guest/base.h"

#define BUFFER (1 << 20)	/* for messages that are not read yet */

int receive_from(int protocol, unsigned int groups)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	int size = BUFFER;

	if (fd < 0)
		return -1;
	must(!bind(fd, (struct sockaddr *)&address, sizeof(address)));
	must(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)));
	return fd;
}

/* Return: how many of batch messages came, each of size bytes at most. */
int receive(int fd, void *messages, size_t size, int batch)
{
	struct mmsghdr headers[RECEIVE_MAX];
	struct iovec pieces[RECEIVE_MAX];
	int n;

	for (int i = 0; i < batch; i++) {
		pieces[i].iov_base = (char *)messages + i * size;
		pieces[i].iov_len = size;
		headers[i] = (struct mmsghdr) {
			.msg_hdr = { .msg_iov = &pieces[i], .msg_iovlen = 1 },
		};
	}
	n = recvmmsg(fd, headers, batch, MSG_DONTWAIT, NULL);
	must(n > 0 || errno == EAGAIN);
	return n < 0 ? 0 : n;
}
