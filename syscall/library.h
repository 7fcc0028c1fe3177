/* SPDX-License-Identifier: MIT */
/* The work of hello_quiet() in the kernel, as a function of a library. */
#ifndef SYSCALL_LIBRARY_H
#define SYSCALL_LIBRARY_H

long library_hello_quiet(void);

#endif
