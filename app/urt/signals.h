/* SPDX-License-Identifier: MIT */
#ifndef SIGNALS_H
#define SIGNALS_H

/*
 * From now on, SIGINT and SIGTERM are blocked, and SIGHUP unless it is ignored.
 * Return: a descriptor that is readable once one of them has come. On failure
 * prints a message and exits.
 */
int signals_to_end(void);

#endif
