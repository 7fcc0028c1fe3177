// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples of processes while they run, for a division into user and system time
 * that is better than the tick's.
 *
 *	a session says "precise US"; a member forks
 *		|	the probe of fork links a notifier into the child,
 *		|	before the child runs: urt_sample_child()
 *		v
 *	the child is switched to: sched_in() starts this CPU's timer
 *		|	a hard, pinned hrtimer
 *		v
 *	the timer fires: take_sample() looks at the registers that it has
 *		|	interrupted, and adds the period to one of two weights
 *		v
 *	the child is switched from: sched_out() notes what is left of the
 *			period, and stops the timer
 *
 * A thread has one notifier (struct thread). The threads of a process, and its
 * entries in all registries, share one struct urt_samples. split.c makes a
 * division of it.
 *
 * Period. Each thread has a period of its own. The rest of a period, when the
 * thread stops, is there when the thread goes on. A process that sleeps often
 * is thus sampled as evenly as one that never sleeps. The first period begins
 * at a random point, so that every moment is equally likely to be met. Periods
 * vary by half to each side, so that no program can keep step with them. They
 * begin with the time that the user asked for, and grow with a GROWTH-th of the
 * weight so far. Long processes thus cost ever less, and their error stays
 * below that of GROWTH samples. The next period begins when the sample is done,
 * so that a slow sample never leads to the next one at once. A sample weighs
 * its mean period. The time that samples take is kernel time that the process
 * would not have needed. The division takes it off (see calibrate()).
 *
 * Context. sched_out() runs under the lock of the runqueue, with interrupts
 * off. sched_in() runs with preemption off. take_sample() runs in hard
 * interrupt context, also on PREEMPT_RT. They take samples->lock, which is raw
 * and the innermost lock. perf starts and cancels its timers in these places as
 * well. Timers of this kind wake no task.
 *
 * Lists of notifiers. The kernel walks task->preempt_notifiers with preemption
 * off, and only on the CPU where the task runs. KVM adds and removes its own
 * notifiers on the current task with preemption off. We touch such a list in
 * four cases:
 *	- of a child that has not run: no other task looks at it;
 *	- of current, with preemption off;
 *	- of a task that sched_process_free tells of. The kernel gives one
 *	  reference back when it releases a task, and one after the last switch
 *	  from the task (task->rcu_users). The free comes after both, so nothing
 *	  else looks at the list. KVM takes its notifier off before it returns
 *	  to user space;
 *	- at unload, in stop_machine(): no CPU has preemption off then.
 * Nothing is unlinked when a session ends, nor when a thread exits. Samples go
 * on through all of the exit. A notifier that no entry wants any more starts no
 * timer, and goes with its thread. A thread has one notifier, however many
 * sessions come and go. Users can neither pile them up nor stop the machine.
 *
 * exec. The thread that calls it keeps its task_struct, its notifier and the
 * signal_struct. The other threads, a leader among them, are released as ever.
 *
 * The list "threads" has all notifiers, for the unload alone. all_lock is raw
 * and protects it. urt_sample_forget() looks for a task's notifier with that
 * lock held, and thus with preemption off. stop_machine() comes before or after
 * that.
 *
 * The first use takes the key that makes the kernel look at notifiers, and the
 * unload gives it back. The key patches the code of the kernel on all CPUs.
 * Users must not be able to cause that often.
 *
 * CPUs that run without a tick (nohz_full) measure user and system time
 * exactly, so they are not sampled. A CPU that goes offline has switched from
 * its last member by then, and its timer is not armed. If the kernel migrates a
 * timer all the same, the timer finds that it is on a wrong CPU, and stops. A
 * CPU that comes online has its timer ready.
 *
 * Not sampled: threads that the kernel makes for io_uring and vhost, because no
 * tracepoint tells of them, and threads that ran before the process was
 * sampled. Their time counts as time that no sample stands for.
 */
#include "sample.h"

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/stop_machine.h>
#include <linux/tick.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/irq_regs.h>

#include "compat.h"
#include "cputime.h"
#include "index.h"
#include "pace.h"

/* A period grows to the weight so far divided by 2^GROWTH_SHIFT. */
#define GROWTH_SHIFT 10

#define PERIOD_NS_MAX (URT_PRECISE_US_MAX * NSEC_PER_USEC)

/* Samples may take one part in this many of the time. */
#define COST_SHARE 20

unsigned int urt_precise_min_us = URT_PRECISE_US_MIN;
unsigned int urt_precise_us;

#ifdef CONFIG_PREEMPT_NOTIFIERS
/* A thread that is sampled, or was. */
struct thread {
	struct preempt_notifier notifier;
	struct urt_samples *samples;	/* holds a reference */
	u32 period_ns;			/* of the next sample; 0: none yet */
	u32 left_ns;			/* to the next sample, while it waits */
	union {
		struct list_head node;	/* all_lock; of threads */
		struct rcu_head rcu;	/* once forgotten */
	};
};
#else
struct thread { };
#endif

/* What is known of a process. Its entries and its threads share it. */
struct urt_samples {
	raw_spinlock_t lock;
	struct urt_weights weights;	/* lock */
	struct urt_cputime base;	/* CPU time before the first sample */
	unsigned int period_ns;		/* the first, the shortest asked for */
	atomic_t wanted;		/* how many entries want samples */
	refcount_t ref;			/* of entries and threads */
	struct rcu_head rcu;
	struct thread first;		/* most processes have one thread */
};

static u64 cost_ns;			/* of a sample, see calibrate() */

/* With CONFIG_IRQ_TIME_ACCOUNTING, the total lacks the time of interrupts. */
#define OWN_COST_NS (IS_ENABLED(CONFIG_IRQ_TIME_ACCOUNTING) ? 0 : cost_ns)

/**
 * urt_samples_put() - give a reference back
 * @samples: of a process
 *
 * Context: Any.
 */
void urt_samples_put(struct urt_samples *samples)
{
	if (!refcount_dec_and_test(&samples->ref))
		return;
	/* Probes may not free on PREEMPT_RT. */
	if (URT_PROBES_NEED_POOL)
		kfree_rcu(samples, rcu);
	else
		kfree(samples);
}

/**
 * urt_samples_want() - have a process sampled for an entry
 * @samples: of the process
 * @us: the first period
 *
 * The entry gets a reference of its own.
 *
 * Context: Process or probe. Takes samples->lock.
 */
void urt_samples_want(struct urt_samples *samples, unsigned int us)
{
	unsigned int ns = us * NSEC_PER_USEC;
	unsigned long flags;

	refcount_inc(&samples->ref);
	raw_spin_lock_irqsave(&samples->lock, flags);
	WRITE_ONCE(samples->period_ns, min(samples->period_ns, ns));
	atomic_inc(&samples->wanted);
	raw_spin_unlock_irqrestore(&samples->lock, flags);
}

/**
 * urt_samples_unwant() - undo urt_samples_want()
 * @samples: of the process
 *
 * The module samples the process until the last entry calls this.
 *
 * Context: Any.
 */
void urt_samples_unwant(struct urt_samples *samples)
{
	atomic_dec(&samples->wanted);
	urt_samples_put(samples);
}

/**
 * urt_samples_divide() - replace the tick's division by that of the samples
 * @samples: of the process, or NULL
 * @sums: of the process. If there are enough samples, utime and stime add up to
 *	  rtime on return. Otherwise they are unchanged.
 * @accuracy: of the division, on return
 *
 * Context: Process or probe. Takes samples->lock.
 */
void urt_samples_divide(struct urt_samples *samples, struct urt_sums *sums,
			struct urt_accuracy *accuracy)
{
	struct urt_weights weights;
	u64 before, utime, error;
	unsigned long flags;

	*accuracy = (struct urt_accuracy) { .error_ns = sums->rtime };
	if (!samples)
		return;
	raw_spin_lock_irqsave(&samples->lock, flags);
	weights = samples->weights;
	before = samples->base.utime + samples->base.stime;
	utime = samples->base.utime;
	error = max(utime, samples->base.stime);
	raw_spin_unlock_irqrestore(&samples->lock, flags);
	if (sums->rtime <= before ||
	    !urt_split_divide(&weights, sums->rtime - before,
			      OWN_COST_NS, &sums->utime,
			      &accuracy->error_ns))
		return;
	sums->utime += utime;
	sums->stime = sums->rtime - sums->utime;
	accuracy->samples = weights.count;
	accuracy->error_ns += error;
}

#ifdef CONFIG_PREEMPT_NOTIFIERS

static void samples_init(struct urt_samples *samples)
{
	raw_spin_lock_init(&samples->lock);
	samples->weights = (struct urt_weights) { };
	samples->base = (struct urt_cputime) { };
	samples->period_ns = PERIOD_NS_MAX;
	atomic_set(&samples->wanted, 0);
	refcount_set(&samples->ref, 1);
}

/* Each CPU has one, and touches only its own, with interrupts off. */
struct sampler {
	struct hrtimer timer;
	struct thread *running;		/* sampled here, or NULL */
	u32 random;
};

static DEFINE_PER_CPU(struct sampler, samplers);

static LIST_HEAD(threads);		/* all_lock */
static DEFINE_RAW_SPINLOCK(all_lock);	/* with probes */
static DEFINE_MUTEX(use_lock);
static bool used;			/* use_lock to write */

/* --- a sample --- */

/* Marsaglia's xorshift32 is good enough for phases. */
static u32 draw(struct sampler *sampler)
{
	u32 x = sampler->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	sampler->random = x;
	return x;
}

/* Return: a random part of @ns. */
static u32 part(u32 ns, u32 random)
{
	return (u64)ns * random >> 32;
}

/*
 * Samples come at distances of 1/2 to 3/2 of a period. Return: how long after
 * an arbitrary moment the next sample comes. Every distance of less than a half
 * is equally likely, and longer ones are ever less likely.
 */
static u32 first_distance(struct sampler *sampler, u32 period_ns)
{
	u32 a = draw(sampler), b;

	if (a & 1)
		return part(period_ns / 2, a);
	b = draw(sampler);
	return period_ns / 2 + part(period_ns, min(a, b));
}

static u32 next_distance(struct sampler *sampler, u32 period_ns)
{
	return period_ns / 2 + part(period_ns, draw(sampler));
}

/* Interrupts are off. */
static void count_sample(struct sampler *sampler, struct thread *thread,
			 bool user)
{
	struct urt_samples *samples = thread->samples;
	u64 weight;

	raw_spin_lock(&samples->lock);
	urt_split_add(&samples->weights, thread->period_ns, user);
	weight = samples->weights.user + samples->weights.kernel;
	raw_spin_unlock(&samples->lock);
	thread->period_ns = clamp_t(u64, weight >> GROWTH_SHIFT,
				    READ_ONCE(samples->period_ns),
				    PERIOD_NS_MAX);
	thread->left_ns = next_distance(sampler, thread->period_ns);
}

static bool is_wanted(const struct thread *thread)
{
	return atomic_read(&thread->samples->wanted);
}

/*
 * The kernel returns from a system call with interrupts off, for about a
 * hundred instructions. An interrupt that was due meanwhile comes before the
 * first instruction of user mode. It counts as kernel mode. Otherwise a program
 * of short calls would seem to run in user mode for some percent of its time.
 * SYSCALL leaves the address of that instruction, and the flags, in two
 * registers.
 */
static bool returns_from_call(const struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return regs->ip == regs->cx && regs->flags == regs->r11;
#else
	return false;
#endif
}

/* Guests of KVM count as user mode, as the tick counts them. */
static bool interrupted_user(void)
{
	struct pt_regs *regs = get_irq_regs();

	if (regs && user_mode(regs))
		return !returns_from_call(regs);
	return current->flags & PF_VCPU && irq_count() == HARDIRQ_OFFSET;
}

/*
 * With CONFIG_IRQ_TIME_ACCOUNTING, softirqs are no time of the task below them.
 * Context: hard interrupt.
 */
static bool in_time_of_task(void)
{
	return !IS_ENABLED(CONFIG_IRQ_TIME_ACCOUNTING) ||
	       (hardirq_count() == HARDIRQ_OFFSET && !in_serving_softirq());
}

static enum hrtimer_restart take_sample(struct hrtimer *timer)
{
	struct sampler *sampler = container_of(timer, struct sampler, timer);
	struct thread *thread = sampler->running;

	/* Without a thread, one member is just handing over to another. */
	if (sampler != this_cpu_ptr(&samplers) || !thread)
		return HRTIMER_NORESTART;
	if (!is_wanted(thread)) {
		sampler->running = NULL;
		return HRTIMER_NORESTART;
	}
	if (in_time_of_task())
		count_sample(sampler, thread, interrupted_user());
	else
		thread->left_ns = next_distance(sampler, thread->period_ns);
	hrtimer_set_expires(timer,
			    ktime_add_ns(ktime_get(), thread->left_ns));
	return HRTIMER_RESTART;
}

/* --- threads come and go --- */

/* Interrupts are off, and the thread runs here. */
static void start(struct sampler *sampler, struct thread *thread)
{
	if (!thread->period_ns) {
		thread->period_ns = READ_ONCE(thread->samples->period_ns);
		thread->left_ns = first_distance(sampler, thread->period_ns);
	}
	sampler->running = thread;
	hrtimer_start(&sampler->timer, ns_to_ktime(thread->left_ns),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct thread *thread = container_of(notifier, struct thread, notifier);
	unsigned long flags;

	if (!is_wanted(thread) || tick_nohz_full_cpu(cpu))
		return;
	local_irq_save(flags);
	start(this_cpu_ptr(&samplers), thread);
	local_irq_restore(flags);
}

static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next);

static struct preempt_ops ops = {
	.sched_in	= sched_in,
	.sched_out	= sched_out,
};

/*
 * Call this for current with preemption off, or for a task that cannot run.
 * Return: its notifier, or NULL.
 */
static struct thread *thread_of(const struct task_struct *task)
{
	struct preempt_notifier *notifier;

	hlist_for_each_entry(notifier, &task->preempt_notifiers, link) {
		if (notifier->ops == &ops)
			return container_of(notifier, struct thread, notifier);
	}
	return NULL;
}

static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next)
{
	struct thread *thread = container_of(notifier, struct thread, notifier);
	struct sampler *sampler = this_cpu_ptr(&samplers);
	struct thread *other;
	s64 left;

	if (sampler->running != thread)
		return;
	sampler->running = NULL;
	left = ktime_to_ns(ktime_sub(hrtimer_get_expires(&sampler->timer),
				     ktime_get()));
	if (left > 0)
		thread->left_ns = left;
	else	/* it became due while interrupts are off */
		count_sample(sampler, thread, false);
	/* A member starts the timer anew, which costs less than stopping it. */
	other = thread_of(next);
	if (!other || !is_wanted(other))
		hrtimer_try_to_cancel(&sampler->timer);
}

static void thread_init(struct thread *thread, struct urt_samples *samples)
{
	unsigned long flags;

	preempt_notifier_init(&thread->notifier, &ops);
	refcount_inc(&samples->ref);
	thread->samples = samples;
	thread->period_ns = 0;
	raw_spin_lock_irqsave(&all_lock, flags);
	list_add(&thread->node, &threads);
	raw_spin_unlock_irqrestore(&all_lock, flags);
}

/* The thread is on no list. Its task never runs again, or has lost it. */
static void thread_free(struct thread *thread)
{
	struct urt_samples *samples = thread->samples;

	if (thread == &samples->first)
		;	/* goes with the others */
	else if (URT_PROBES_NEED_POOL)
		kfree_rcu(thread, rcu);
	else
		kfree(thread);
	urt_samples_put(samples);
}

/* --- memory for probes --- */

/* On PREEMPT_RT probes may not allocate. They take memory from here. */
#define POOL_SIZE 64

struct pool {
	size_t size;			/* of an item */
	unsigned int count;		/* all_lock */
	void *items[POOL_SIZE];		/* all_lock */
};

enum { SAMPLES, THREADS, POOLS };
static struct pool pools[POOLS] = {
	[SAMPLES] = { .size = sizeof(struct urt_samples) },
	[THREADS] = { .size = sizeof(struct thread) },
};

static bool pool_add(struct pool *pool, void *item)
{
	unsigned long flags;
	bool added;

	raw_spin_lock_irqsave(&all_lock, flags);
	added = pool->count < POOL_SIZE;
	if (added)
		pool->items[pool->count++] = item;
	raw_spin_unlock_irqrestore(&all_lock, flags);
	return added;
}

static void refill(struct work_struct *work)
{
	void *item;
	int i;

	for (i = 0; i < POOLS; i++) {
		do {
			item = kmalloc(pools[i].size, GFP_KERNEL);
		} while (item && pool_add(&pools[i], item));
		kfree(item);
	}
}

static DECLARE_WORK(refill_work, refill);

static void drain(void)
{
	int i;

	cancel_work_sync(&refill_work);
	for (i = 0; i < POOLS; i++) {
		while (pools[i].count)
			kfree(pools[i].items[--pools[i].count]);
	}
}

static void *take(struct pool *pool)
{
	void *item = NULL;
	unsigned long flags;
	bool low;

	/* GFP_ATOMIC may use reserves, unlike GFP_NOWAIT. */
	if (!URT_PROBES_NEED_POOL)
		return kmalloc(pool->size,
			       GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	raw_spin_lock_irqsave(&all_lock, flags);
	if (pool->count)
		item = pool->items[--pool->count];
	low = pool->count < POOL_SIZE / 2;
	raw_spin_unlock_irqrestore(&all_lock, flags);
	if (low)
		queue_work(urt_workqueue, &refill_work);
	return item;
}

/* --- fork and free --- */

/**
 * urt_samples_alloc_in_probe() - allocate samples for a child
 *
 * Context: Probe of fork.
 * Return: samples for urt_samples_want() and urt_sample_child(), or NULL. The
 * caller puts them.
 */
struct urt_samples *urt_samples_alloc_in_probe(void)
{
	struct urt_samples *samples = take(&pools[SAMPLES]);

	if (samples)
		samples_init(samples);
	return samples;
}

static void link_thread(struct task_struct *task, struct thread *thread,
			struct urt_samples *samples)
{
	thread_init(thread, samples);
	hlist_add_head(&thread->notifier.link, &task->preempt_notifiers);
}

/**
 * urt_sample_child() - sample a process from its beginning
 * @child: its first thread, which has not run yet
 * @samples: of the process
 *
 * Context: Probe of fork.
 */
void urt_sample_child(struct task_struct *child, struct urt_samples *samples)
{
	if (atomic_read(&samples->wanted))
		link_thread(child, &samples->first, samples);
}

/**
 * urt_sample_thread() - sample a new thread as current is sampled
 * @task: a thread of the process of current, which has not run yet
 *
 * Context: Probe of fork.
 */
void urt_sample_thread(struct task_struct *task)
{
	struct thread *own, *thread;

	preempt_disable();
	own = thread_of(current);
	if (own && is_wanted(own)) {
		thread = take(&pools[THREADS]);
		if (thread)
			link_thread(task, thread, own->samples);
	}
	preempt_enable();
}

/**
 * urt_sample_forget() - take the notifier off a task
 * @task: the kernel frees it
 *
 * Context: Probe of free.
 */
void urt_sample_forget(struct task_struct *task)
{
	struct thread *thread;
	unsigned long flags;

	raw_spin_lock_irqsave(&all_lock, flags);
	thread = thread_of(task);
	if (thread) {
		list_del(&thread->node);
		hlist_del(&thread->notifier.link);
	}
	raw_spin_unlock_irqrestore(&all_lock, flags);
	if (thread)
		thread_free(thread);
}

/* --- the caller's process, which runs already --- */

/**
 * urt_samples_alloc() - allocate samples for urt_sample_current()
 *
 * Context: Process. May sleep.
 * Return: the samples, or NULL. The caller puts them.
 */
struct urt_samples *urt_samples_alloc(void)
{
	struct urt_samples *samples;

	samples = kmalloc(sizeof(*samples), GFP_KERNEL_ACCOUNT);
	if (samples)
		samples_init(samples);
	return samples;
}

/*
 * As urt_samples_want(), for current. Samples that no entry wanted any more
 * begin anew.
 */
static void want_again(struct thread *thread, unsigned int us,
		       const struct urt_cputime *base)
{
	struct urt_samples *samples = thread->samples;
	unsigned int ns = us * NSEC_PER_USEC;
	unsigned long flags;

	refcount_inc(&samples->ref);
	raw_spin_lock_irqsave(&samples->lock, flags);
	if (!atomic_read(&samples->wanted)) {
		samples->weights = (struct urt_weights) { };
		samples->base = *base;
		samples->period_ns = PERIOD_NS_MAX;
		thread->period_ns = 0;
	}
	WRITE_ONCE(samples->period_ns, min(samples->period_ns, ns));
	atomic_inc(&samples->wanted);
	raw_spin_unlock_irqrestore(&samples->lock, flags);
}

/**
 * urt_sample_current() - sample the calling thread from now on
 * @fresh: from urt_samples_alloc(), for a thread that has no notifier yet
 * @us: the first period
 * @base: what the process has used so far
 *
 * Context: Process, on the RCU read side.
 * Return: the samples of the process, with another urt_samples_want().
 */
struct urt_samples *urt_sample_current(struct urt_samples *fresh,
				       unsigned int us,
				       const struct urt_cputime *base)
{
	struct thread *thread;
	unsigned long flags;

	local_irq_save(flags);
	thread = thread_of(current);
	if (!thread) {
		thread = &fresh->first;
		link_thread(current, thread, fresh);
	}
	want_again(thread, us, base);
	if (this_cpu_ptr(&samplers)->running != thread)
		sched_in(&thread->notifier, smp_processor_id());
	local_irq_restore(flags);
	return thread->samples;
}

/* --- what a sample costs --- */

#define ROUNDS 31

static int by_size(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/*
 * Reads the clock again and again until a sample has been taken. Return: the
 * longest time between two readings beyond the shortest.
 */
static u64 longest_gap(const struct urt_samples *samples)
{
	u64 count = READ_ONCE(samples->weights.count);
	u64 longest = 0, shortest = U64_MAX, last = ktime_get_ns(), now;
	u64 give_up = last + NSEC_PER_SEC / 10;
	int rounds = 2;		/* it may come before the count */

	do {
		now = ktime_get_ns();
		longest = max(longest, now - last);
		shortest = min(shortest, now - last);
		last = now;
		if (READ_ONCE(samples->weights.count) != count)
			rounds--;
	} while (rounds && now < give_up);
	return longest - shortest;
}

static u64 measure(struct thread *thread)
{
	struct sampler *sampler;
	u64 cost;

	local_irq_disable();
	sampler = this_cpu_ptr(&samplers);
	start(sampler, thread);
	preempt_disable();
	local_irq_enable();
	cost = longest_gap(thread->samples);
	local_irq_disable();
	sampler->running = NULL;
	hrtimer_try_to_cancel(&sampler->timer);
	local_irq_enable();
	preempt_enable();
	return cost;
}

/*
 * A program that a sample interrupts sees the cost of the sample as a gap in
 * time. This runs such a program in kernel mode, with the same handler. Other
 * interrupts make a sample seem dearer, and so does a host that has no time for
 * its guest. Therefore the lower quartile counts.
 */
static void calibrate(void)
{
	struct urt_samples samples;
	struct thread thread = { .samples = &samples };
	u64 costs[ROUNDS];
	int i;

	samples_init(&samples);
	samples.period_ns = URT_PRECISE_US_MIN * NSEC_PER_USEC;
	atomic_set(&samples.wanted, 1);
	for (i = 0; i < ROUNDS; i++)
		costs[i] = measure(&thread);
	sort(costs, ROUNDS, sizeof(*costs), by_size, NULL);
	cost_ns = costs[ROUNDS / 4];
}

/* --- life --- */

/**
 * urt_sample_init() - set up the timers and measure what a sample costs
 *
 * Context: Process, before the files exist.
 */
void urt_sample_init(void)
{
	struct sampler *sampler;
	int cpu;

	for_each_possible_cpu(cpu) {
		sampler = per_cpu_ptr(&samplers, cpu);
		hrtimer_setup(&sampler->timer, take_sample, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
		sampler->random = get_random_u32() | 1;
	}
	if (hrtimer_resolution == 1)
		calibrate();
}

/**
 * urt_sample_check() - whether processes may be sampled
 * @us: the first period
 *
 * Context: Any.
 * Return: 0; -EOPNOTSUPP if the kernel cannot do it, or precise_min_us is 0;
 * -EINVAL if the period is too short or too long.
 */
int urt_sample_check(unsigned int us)
{
	/* Without high resolution, timers are as coarse as the tick. */
	if (!urt_precise_min_us || hrtimer_resolution != 1 ||
	    IS_ENABLED(CONFIG_VIRT_CPU_ACCOUNTING_NATIVE))
		return -EOPNOTSUPP;
	if (us < max_t(unsigned int, urt_precise_min_us, URT_PRECISE_US_MIN) ||
	    us > URT_PRECISE_US_MAX ||
	    us * NSEC_PER_USEC < COST_SHARE * cost_ns)
		return -EINVAL;
	return 0;
}

/**
 * urt_sample_begin() - take the key of the notifiers, at the first call
 *
 * Context: Process. May sleep. Patches code of the kernel at the first call.
 * Return: 0, or -EINTR if killed while waiting.
 */
int urt_sample_begin(void)
{
	if (mutex_lock_killable(&use_lock))
		return -EINTR;
	if (!used) {
		if (URT_PROBES_NEED_POOL)
			refill(NULL);
		preempt_notifier_inc();
		/* From now on, probes look at all tasks that are freed. */
		atomic_inc(&urt_indexed);
		used = true;
	}
	mutex_unlock(&use_lock);
	return 0;
}

#define BATCH 1024

/* No other CPU does anything meanwhile. Return: whether there are more. */
static int unlink_some(void *data)
{
	struct list_head *unlinked = data;
	struct thread *thread;
	int n;

	for (n = 0; n < BATCH && !list_empty(&threads); n++) {
		thread = list_first_entry(&threads, struct thread, node);
		hlist_del(&thread->notifier.link);
		list_move(&thread->node, unlinked);
	}
	for_each_possible_cpu(n)
		per_cpu_ptr(&samplers, n)->running = NULL;
	return !list_empty(&threads);
}

/**
 * urt_sample_stop() - take all notifiers off their threads
 *
 * Nothing is registered, so no entry wants samples. The probe of fork is
 * detached, so no thread is added. The probe of free is still attached, so a
 * task that is freed takes its notifier off the list.
 *
 * Context: Process. Stops the machine for up to BATCH threads at a time.
 */
void urt_sample_stop(void)
{
	struct thread *thread, *next;
	LIST_HEAD(unlinked);
	int more, cpu;

	if (!used)
		return;
	do {
		more = stop_machine(unlink_some, &unlinked, NULL);
		list_for_each_entry_safe(thread, next, &unlinked, node) {
			list_del(&thread->node);
			thread_free(thread);
		}
		cond_resched();
	} while (more);
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(&samplers, cpu)->timer);
	drain();
	preempt_notifier_dec();
	atomic_dec(&urt_indexed);
}

#else

void urt_sample_init(void)
{
}

void urt_sample_stop(void)
{
}

int urt_sample_check(unsigned int us)
{
	return -EOPNOTSUPP;
}

int urt_sample_begin(void)
{
	return -EOPNOTSUPP;
}

struct urt_samples *urt_samples_alloc_in_probe(void)
{
	return NULL;
}

void urt_sample_child(struct task_struct *child, struct urt_samples *samples)
{
}

void urt_sample_thread(struct task_struct *task)
{
}

void urt_sample_forget(struct task_struct *task)
{
}

struct urt_samples *urt_samples_alloc(void)
{
	return NULL;
}

struct urt_samples *urt_sample_current(struct urt_samples *fresh,
				       unsigned int us,
				       const struct urt_cputime *base)
{
	return NULL;
}

#endif
