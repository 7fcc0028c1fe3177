/* SPDX-License-Identifier: MIT */
/*
 * Macros of the kernel that cppcheck must understand. It does not see the
 * kernel's headers. Without these macros it would take loops for calls that set
 * nothing.
 */
#define list_for_each_entry(pos, head, member) \
	for (pos = next_in(head); pos; pos = next_in(head))
#define list_for_each_entry_rcu(pos, head, member) \
	list_for_each_entry(pos, head, member)
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = next_in(head), n = next_in(head); pos; pos = n)
#define llist_for_each_entry_safe(pos, n, node, member) \
	list_for_each_entry_safe(pos, n, node, member)
#define hash_for_each_possible(table, pos, member, key) \
	list_for_each_entry(pos, table, member)
#define for_each_thread(leader, pos) \
	list_for_each_entry(pos, leader, member)
#define for_each_possible_cpu(cpu) \
	for (cpu = next_in(0); cpu; cpu = next_in(cpu))
#define CONFIG_PREEMPT_NOTIFIERS 1
#define LIST_HEAD(name) struct list_head name = { &name, &name }
