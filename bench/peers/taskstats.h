/* SPDX-License-Identifier: MIT */
#ifndef TASKSTATS_H
#define TASKSTATS_H

#include <stdbool.h>
#include <sys/types.h>

struct taskstats;

int taskstats_open(void);
bool taskstats_ask(int fd, pid_t tgid, struct taskstats *stats);
void taskstats_listen(int fd);
typedef void (*taskstats_fn)(pid_t pid, const struct taskstats *stats);
int taskstats_hear(int fd, int batch, taskstats_fn fn);

#endif
