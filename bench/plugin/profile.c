// SPDX-License-Identifier: MIT
/*
 * A plugin for QEMU's translator. It counts how often each block of the
 * kernel's code is executed, and within which function of the module.
 *
 * A function of the module begins when code of the module runs on a stack
 * without running code of the module. It ends with the return that takes its
 * address from the place of the latest call that has not returned. All code
 * that runs on that stack in between belongs to the function. Interrupt
 * handlers and other tasks have stacks of their own.
 *
 * The guest has one CPU and Linux for x86-64. It begins a phase with a certain
 * nop and ends the phase with this nop. Code outside of phases is not counted.
 * At the end these lines are written to the file that is the plugin's argument:
 *
 *	ADDRESS root PHASE CALLS	a function of the module, entered from the
 *					kernel
 *	ADDRESS in PHASE ROOT SELF TIMES INSTRUCTIONS
 *
 * The second line is about a block of code, or about a single instruction of
 * the module. It says how often this was executed, and how many instructions
 * that makes. ROOT is the address of the function around it, or 0 outside of
 * functions. SELF is 1 for code on the stack of the task that began the phase,
 * that is for its system calls.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The part of QEMU's plugin interface, version 1, that is used here. No package
 * has its header. The interface promises these names and types.
 */
struct qemu_plugin_tb;			/* a block of code to be translated */
struct qemu_plugin_insn;
enum { NO_REGS = 0 };			/* callbacks look at no registers */
/* If only one of them is asked for, QEMU 7.2 leaves out loads: hence both. */
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
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t nr);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

int qemu_plugin_version = 1;

#define KERNEL 0xffff800000000000	/* and above */
#define MODULES 0xffffffffc0000000
#define MODULES_END 0xffffffffff000000
#define STACK_SHIFT 14			/* size and alignment of stacks */
#define DEPTH 512			/* of calls on one stack */
#define PHASES 32
#define BUCKETS 65536

enum jump { OTHER, CALL, RETURN };

struct count {
	struct count *next;
	const struct block *root;	/* around it, or &no_root */
	int phase;
	bool self;			/* on the stack of the phase's task */
	uint64_t times;
	uint64_t calls;			/* as a root */
};

struct block {
	struct block *next;
	uint64_t address;
	size_t length;			/* instructions */
	struct count *counts;		/* the latest one first */
	enum jump jump;			/* its last instruction */
	uint16_t offsets[];		/* where the instructions are */
};

struct stack {
	struct stack *next;
	uint64_t number;
	struct block *root;		/* of the running function, or NULL */
	uint64_t return_at;		/* place of its return address */
	uint64_t calls[DEPTH];		/* places of return addresses */
	int depth;
};

static struct block *blocks[BUCKETS];
static const struct block no_root;
static struct stack *stacks[BUCKETS], *current;
static const struct stack *marked;	/* of the phase's task */
static const struct block *running;	/* the latest block */
static uint64_t accessed;		/* its last access; 0: none */
static int marks;			/* seen so far; odd: in a phase */

static unsigned int bucket(uint64_t n)
{
	return n * 0x9e3779b97f4a7c15 >> 48;
}

/* Memory that is never freed. Pages that are not used cost nothing. */
static void *allocate(size_t size)
{
	static char memory[1 << 29] __attribute__((aligned(16)));
	static size_t used;
	char *p = memory + used;

	used += (size + 15) & ~15ul;
	if (used > sizeof(memory))
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

/* Calls below have returned, or were left by a task that has ended. */
static void leave_below(uint64_t address)
{
	struct stack *s = current;

	while (s->depth && s->calls[s->depth - 1] <= address)
		s->depth--;
	if (s->root && s->return_at <= address)
		s->root = NULL;
}

/*
 * Called for a block that ends with a call or a return. QEMU 7.2 also reports
 * other accesses of the block. The last one is the place of the return address.
 * QEMU may leave a callback on after the block, for accesses by a helper.
 */
static void on_access(unsigned int cpu, uint32_t info, uint64_t address,
		      void *data)
{
	if (data == running)
		accessed = address;
}

/* The block that ran has ended. */
static void follow_jump(void)
{
	if (!accessed)
		return;
	look_at_stack(accessed);
	leave_below(accessed);
	if (running->jump == CALL) {
		if (current->depth == DEPTH)
			abort();
		current->calls[current->depth++] = accessed;
	}
	accessed = 0;
}

static void on_mark(unsigned int cpu, void *data)
{
	if (++marks > 2 * PHASES)
		abort();
	follow_jump();
	marked = current;
}

static bool of_module(const struct block *b)
{
	return b->address >= MODULES && b->address < MODULES_END;
}

static struct count *count_of(struct block *b, const struct block *root,
			      int phase)
{
	bool self = current == marked;
	struct count *c;

	for (c = b->counts; c; c = c->next) {
		if (c->phase == phase && c->root == root && c->self == self)
			return c;
	}
	c = allocate(sizeof(*c));
	*c = (struct count){ .next = b->counts, .root = root, .phase = phase,
			     .self = self };
	b->counts = c;
	return c;
}

static void on_block(unsigned int cpu, void *data)
{
	struct block *b = data;
	bool called = false;
	struct count *c;

	if (!marks)
		return;
	follow_jump();
	running = b;
	if (!current)
		return;
	if (!current->root && of_module(b) && current->depth) {
		current->root = b;
		current->return_at = current->calls[current->depth - 1];
		called = true;
	}
	if (marks % 2) {
		c = count_of(b, current->root ?: &no_root, marks / 2);
		c->times++;
		c->calls += called;
	}
}

static bool is_prefix(unsigned char byte)
{
	return byte == 0x2e || byte == 0x3e || byte == 0x66 || byte == 0xf2 ||
	       byte == 0xf3 || (byte & 0xf0) == 0x40;
}

static enum jump jump_of(const struct qemu_plugin_insn *insn)
{
	const unsigned char *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn), i = 0;

	while (i + 1 < size && is_prefix(code[i]))
		i++;
	if (code[i] == 0xe8)
		return CALL;
	if (i + 1 < size && code[i] == 0xff && (code[i + 1] >> 3 & 7) == 2)
		return CALL;
	if (code[i] == 0xc3 || code[i] == 0xc2)
		return RETURN;
	return OTHER;
}

static uint64_t address_of(const struct qemu_plugin_tb *tb, size_t nr)
{
	return qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, nr));
}

static struct block *find_block(uint64_t address, size_t length)
{
	struct block **b = &blocks[bucket(address)];

	for (; *b; b = &(*b)->next) {
		if ((*b)->address == address && (*b)->length == length)
			return *b;
	}
	*b = allocate(sizeof(**b) + length * sizeof((*b)->offsets[0]));
	(*b)->address = address;
	(*b)->length = length;
	return *b;
}

/* The kernel patches itself, so that a former jump may now be a return. */
static struct block *block_of(struct qemu_plugin_tb *tb)
{
	uint64_t address = address_of(tb, 0);
	size_t length = qemu_plugin_tb_n_insns(tb);
	struct block *b = find_block(address, length);

	b->jump = jump_of(qemu_plugin_tb_get_insn(tb, length - 1));
	for (size_t i = 0; i < length; i++)
		b->offsets[i] = address_of(tb, i) - address;
	return b;
}

/* The nop of profile_mark() in guest/base.h. */
static bool is_mark(const struct qemu_plugin_insn *insn)
{
	static const unsigned char code[] = { 0x0f, 0x1f, 0x80, 'u', 'r', 't',
					      'u' };

	return qemu_plugin_insn_size(insn) == sizeof(code) &&
	       !memcmp(qemu_plugin_insn_data(insn), code, sizeof(code));
}

/* Calls and returns end a block. */
static void translate_kernel(struct qemu_plugin_tb *tb)
{
	size_t last = qemu_plugin_tb_n_insns(tb) - 1;
	struct block *b = block_of(tb);

	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, NO_REGS, b);
	if (b->jump != OTHER)
		qemu_plugin_register_vcpu_mem_cb(
			qemu_plugin_tb_get_insn(tb, last), on_access, NO_REGS,
			MEM_RW, b);
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *insn;

	if (address_of(tb, 0) >= KERNEL) {
		translate_kernel(tb);
		return;
	}
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (is_mark(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       NO_REGS, NULL);
	}
}

static void print_executed(FILE *f, const struct count *c, uint64_t address,
			   size_t length)
{
	fprintf(f, "%016" PRIx64 " in %d %" PRIx64 " %d %" PRIu64 " %" PRIu64 "\n",
		address, c->phase, c->root->address, c->self, c->times,
		c->times * length);
}

static void print(FILE *f, const struct block *b, const struct count *c)
{
	if (c->calls)
		fprintf(f, "%016" PRIx64 " root %d %" PRIu64 "\n", b->address,
			c->phase, c->calls);
	if (!of_module(b)) {
		print_executed(f, c, b->address, b->length);
		return;
	}
	for (size_t i = 0; i < b->length; i++)
		print_executed(f, c, b->address + b->offsets[i], 1);
}

static void on_exit_of_qemu(uint64_t id, void *file)
{
	FILE *f = file;

	for (int i = 0; i < BUCKETS; i++) {
		for (struct block *b = blocks[i]; b; b = b->next) {
			for (struct count *c = b->counts; c; c = c->next)
				print(f, b, c);
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
