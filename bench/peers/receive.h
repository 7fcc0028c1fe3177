/* SPDX-License-Identifier: MIT */
/* Netlink sockets that report exits. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include <stddef.h>

#define RECEIVE_MAX 64		/* messages at once */
int receive_from(int protocol, unsigned int groups);
int receive(int fd, void *messages, size_t size, int batch);

#endif
