/* SPDX-License-Identifier: MIT */
/* What is not a sample. None finds the module loaded, nor leaves it so. */
#ifndef TABLES_H
#define TABLES_H

/* Those with these names, with commas between them; NULL: all. */
void tables_measure(char *names);

#endif
