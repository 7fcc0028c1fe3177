/* SPDX-License-Identifier: MIT */
#ifndef SIGNALS_H
#define SIGNALS_H

/*
 * SIGINT, SIGTERM and, unless it is ignored, SIGHUP are blocked from now on.
 * Return: a descriptor that is readable once one of them has come; without one,
 * a message and the end.
 */
int signals_to_end(void);

#endif
