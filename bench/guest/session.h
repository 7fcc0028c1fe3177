/* SPDX-License-Identifier: MIT */
#ifndef SESSION_H
#define SESSION_H

/* Return: a session that has accepted all of the words. */
int session_open(const char *words);

#endif
