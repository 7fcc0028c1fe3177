/* SPDX-License-Identifier: MIT */
/*
 * The tables that are not samples. The module is not loaded before and after
 * them.
 */
#ifndef TABLES_H
#define TABLES_H

/* Measures the tables of these names, with commas between them; NULL: all. */
void tables_measure(char *names);

#endif
