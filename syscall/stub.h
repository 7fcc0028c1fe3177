/* SPDX-License-Identifier: MIT */
/* What is left to user space to do for a system call; on x86-64. */
#ifndef SYSCALL_STUB_H
#define SYSCALL_STUB_H

/*
 * The number in rax, the first argument in rdi; the result in rax, -1 to -4095
 * being an errno. The instruction itself needs rcx and r11.
 */
static inline long call_kernel(long number, long argument)
{
	long result;

	asm volatile("syscall" : "=a" (result) : "a" (number), "D" (argument)
		     : "rcx", "r11", "memory");
	return result;
}

#endif
