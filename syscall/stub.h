/* SPDX-License-Identifier: MIT */
/* The part of a system call that user space does, on x86-64. */
#ifndef SYSCALL_STUB_H
#define SYSCALL_STUB_H

/*
 * The number is in rax, the first argument in rdi. The result is in rax; -1 to
 * -4095 are an errno. The instruction itself overwrites rcx and r11.
 */
static inline long call_kernel(long number, long argument)
{
	long result;

	asm volatile("syscall" : "=a" (result) : "a" (number), "D" (argument)
		     : "rcx", "r11", "memory");
	return result;
}

#endif
