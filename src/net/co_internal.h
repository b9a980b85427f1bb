/*
 * co_internal: what co.c (fibers), co_pool.c (their stacks) and co_switch.c share; nobody else
 * includes it.
 */
#ifndef SEBEZ_NET_CO_INTERNAL_H
#define SEBEZ_NET_CO_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>
#include <uv.h>

#include "net/co.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CO_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CO_ASAN 1
#endif

/*
 * The saved state of an execution that is not running. swapcontext costs two system calls for a
 * signal mask that is the same on all our stacks, which was 8 % of a trivial request that waits
 * once; so x86-64 has its own switch. Elsewhere, and under ASan so that both are tested, it is
 * ucontext.
 */
#if defined(__x86_64__) && !defined(CO_ASAN)
#define CO_OWN_SWITCH 1
struct co_context {
	void *stack_pointer;
};
#else
struct co_context {
	ucontext_t ucontext;
};
#endif

/* Makes the context enter `entry`, which never returns, on the stack at its next switch. */
void co_context_enter(struct co_context *context, char *stack, size_t stack_bytes,
                      void (*entry)(void));
void co_context_switch(struct co_context *from, struct co_context *to);

enum co_state {
	CO_POOLED,
	CO_RUNNING,
	CO_WAITING,
	CO_READY,
	CO_STATE_COUNT,
};

/* Lies at the upper end of its own stack's mapping: an idle fiber costs no other memory. */
struct co {
	struct co_context context;
	void (*fn)(void *arg);
	void *arg;
	struct co *next; /* in the ready list or in the pool */
	enum co_state state;
	bool woken;      /* woken before co_wait was called */
	unsigned scarce; /* see co_scarce_taken */
	const void *cause;
	uv_timer_t timer;
	char *mapping; /* guard page, stack, this struct */
	size_t mapping_bytes;
	char *stack; /* from behind the guard page to below this struct */
	size_t stack_bytes;
	unsigned valgrind_id;
};

struct co *co_pool_take(void); /* NULL when the machine has no memory */
void co_pool_give(struct co *co);
unsigned co_pool_count(void);

#endif
