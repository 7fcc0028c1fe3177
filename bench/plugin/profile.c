// SPDX-License-Identifier: MIT
/*
 * A plugin for QEMU's translator: the instructions that a module's functions
 * execute, with all that they call, and those of the rest of the kernel.
 *
 * A function of the module begins when code of the module runs on a stack on
 * which none runs yet; it ends with the return that takes its address from where
 * the latest call had put it. Whatever runs on that stack in between is the
 * function's. Interrupt handlers and other tasks have stacks of their own.
 *
 * The guest, one CPU under Linux for x86-64, begins a phase with a certain nop
 * and ends it with the same. What is outside of phases is not counted. At the
 * end these lines are written to the file that is the plugin's argument:
 *
 *	ADDRESS root PHASE CALLS OWN ALL	a function of the module, entered
 *				from the kernel: instructions of the module and all
 *	ADDRESS rest PHASE INSTRUCTIONS		a block of code, not within these
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The part of QEMU's plugin interface, version 1, that is used here. There is no
 * package that has its header, and the names and types are what it promises.
 */
struct qemu_plugin_tb;			/* a block of code to be translated */
struct qemu_plugin_insn;
enum { NO_REGS = 0 };			/* callbacks look at no registers */
/* QEMU 7.2 leaves out loads where these alone are asked for: hence both. */
enum { MEM_RW = 3 };

typedef void (*exec_fn)(unsigned int cpu, void *data);
typedef void (*mem_fn)(unsigned int cpu, uint32_t info, uint64_t address,
		       void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
	void (*fn)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  exec_fn fn, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    exec_fn fn, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_fn fn,
				      int flags, int rw, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id,
				    void (*fn)(uint64_t id, void *data),
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t nr);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

int qemu_plugin_version = 1;

#define KERNEL 0xffff800000000000	/* and above */
#define MODULES 0xffffffffc0000000
#define MODULES_END 0xffffffffff000000
#define STACK_SHIFT 14			/* stacks are as large, and aligned */
#define PHASES 8
#define BUCKETS 65536

struct block {
	struct block *next;
	uint64_t address;
	size_t length;			/* instructions */
	uint64_t rest[PHASES];
	struct { uint64_t calls, own, all; } root[PHASES];
};

struct stack {
	struct stack *next;
	uint64_t number;
	struct block *root;		/* of the function that runs, or NULL */
	uint64_t return_at;		/* where its return address is */
};

static struct block *blocks[BUCKETS];
static struct stack *stacks[BUCKETS], *current;
static uint64_t called_at;		/* where the latest call put the address */
static int marks;			/* seen; odd: a phase is on */

static unsigned int bucket(uint64_t n)
{
	return n * 0x9e3779b97f4a7c15 >> 48;
}

static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

static void look_at_stack(uint64_t address)
{
	uint64_t number = address >> STACK_SHIFT;
	struct stack **s;

	if (current && current->number == number)
		return;
	for (s = &stacks[bucket(number)]; *s; s = &(*s)->next) {
		if ((*s)->number == number)
			break;
	}
	if (!*s) {
		*s = allocate(sizeof(**s));
		(*s)->number = number;
	}
	current = *s;
}

static void on_call(unsigned int cpu, uint32_t info, uint64_t address,
		    void *data)
{
	look_at_stack(address);
	called_at = address;
}

static void on_return(unsigned int cpu, uint32_t info, uint64_t address,
		      void *data)
{
	look_at_stack(address);
	if (current->root && current->return_at == address)
		current->root = NULL;
}

static void on_mark(unsigned int cpu, void *data)
{
	if (++marks > 2 * PHASES)
		abort();
}

static bool of_module(const struct block *b)
{
	return b->address >= MODULES && b->address < MODULES_END;
}

static void on_block(unsigned int cpu, void *data)
{
	bool counts = marks % 2;
	int phase = marks / 2;
	struct block *b = data, *root;

	if (!current)
		return;
	if (!current->root && of_module(b)) {
		current->root = b;
		current->return_at = called_at;
		if (counts)
			b->root[phase].calls++;
	}
	if (!counts)
		return;
	root = current->root;
	if (!root) {
		b->rest[phase] += b->length;
		return;
	}
	root->root[phase].all += b->length;
	if (of_module(b))
		root->root[phase].own += b->length;
}

static struct block *block_of(uint64_t address, size_t length)
{
	struct block **b = &blocks[bucket(address)];

	for (; *b; b = &(*b)->next) {
		if ((*b)->address == address && (*b)->length == length)
			return *b;
	}
	*b = allocate(sizeof(**b));
	(*b)->address = address;
	(*b)->length = length;
	return *b;
}

static bool is_prefix(unsigned char byte)
{
	return byte == 0x2e || byte == 0x3e || byte == 0x66 || byte == 0xf2 ||
	       byte == 0xf3 || (byte & 0xf0) == 0x40;
}

static void watch(struct qemu_plugin_insn *insn)
{
	const unsigned char *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn), i = 0;
	bool call;

	while (i + 1 < size && is_prefix(code[i]))
		i++;
	call = code[i] == 0xe8;
	if (i + 1 < size && code[i] == 0xff)
		call = (code[i + 1] >> 3 & 7) == 2;
	if (call)
		qemu_plugin_register_vcpu_mem_cb(insn, on_call, NO_REGS,
						 MEM_RW, NULL);
	else if (code[i] == 0xc3 || code[i] == 0xc2)
		qemu_plugin_register_vcpu_mem_cb(insn, on_return, NO_REGS,
						 MEM_RW, NULL);
}

/* As profile_mark() in bench.h has it. */
static bool is_mark(const struct qemu_plugin_insn *insn)
{
	static const unsigned char code[] = { 0x0f, 0x1f, 0x80, 'u', 'r', 't',
					      'u' };

	return qemu_plugin_insn_size(insn) == sizeof(code) &&
	       !memcmp(qemu_plugin_insn_data(insn), code, sizeof(code));
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);
	uint64_t address = qemu_plugin_insn_vaddr(insn);
	bool kernel = address >= KERNEL;

	if (kernel)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, NO_REGS,
						     block_of(address, n));
	for (size_t i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (kernel)
			watch(insn);
		else if (is_mark(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       NO_REGS, NULL);
	}
}

static void print(FILE *f, const struct block *b, int phase)
{
	unsigned long long address = b->address;

	if (b->root[phase].all)
		fprintf(f, "%016llx root %d %llu %llu %llu\n", address, phase,
			(unsigned long long)b->root[phase].calls,
			(unsigned long long)b->root[phase].own,
			(unsigned long long)b->root[phase].all);
	if (b->rest[phase])
		fprintf(f, "%016llx rest %d %llu\n", address, phase,
			(unsigned long long)b->rest[phase]);
}

static void on_exit_of_qemu(uint64_t id, void *file)
{
	FILE *f = file;

	for (int i = 0; i < BUCKETS; i++) {
		for (struct block *b = blocks[i]; b; b = b->next) {
			for (int phase = 0; phase < PHASES; phase++)
				print(f, b, phase);
		}
	}
	if (fclose(f))
		abort();
}

/* QEMU looks for it by this name. */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	FILE *f = argc == 1 ? fopen(strchr(argv[0], '=') + 1, "w") : NULL;

	if (!f) {
		fprintf(stderr, "profile: needs one argument, out=FILE, that it can write to\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, f);
	return 0;
}
