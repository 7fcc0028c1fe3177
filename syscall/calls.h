/* SPDX-License-Identifier: MIT */
/* The system calls of patches/, for user space: their numbers on x86-64. */
#ifndef SYSCALL_CALLS_H
#define SYSCALL_CALLS_H

#define NR_HELLO		548
#define NR_GET_PROCESS_RUNTIME	549
#define NR_HELLO_QUIET		550

#endif
