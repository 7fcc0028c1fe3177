/* SPDX-License-Identifier: MIT */
#ifndef URT_SIGNALS_H
#define URT_SIGNALS_H

/*
 * SIGINT, SIGTERM and, unless it is ignored, SIGHUP are blocked from now on.
 * Return: a descriptor that is readable once one of them has come; without one,
 * a message and the end.
 */
int urt_signals_to_end(void);

#endif
