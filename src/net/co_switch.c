#include "net/co_internal.h"

#include <assert.h>
#include <stdint.h>

#ifdef CO_OWN_SWITCH

/* Saves the callee-saved registers (System V ABI) on the stack that is left. */
void co_switch_stacks(void **from, void *to) __attribute__((visibility("hidden")));

__asm__(".text\n"
        ".globl co_switch_stacks\n"
        ".hidden co_switch_stacks\n"
        ".type co_switch_stacks, @function\n"
        "co_switch_stacks:\n"
        "	pushq %rbp\n"
        "	pushq %rbx\n"
        "	pushq %r12\n"
        "	pushq %r13\n"
        "	pushq %r14\n"
        "	pushq %r15\n"
        "	movq %rsp, (%rdi)\n"
        "	movq %rsi, %rsp\n"
        "	popq %r15\n"
        "	popq %r14\n"
        "	popq %r13\n"
        "	popq %r12\n"
        "	popq %rbx\n"
        "	popq %rbp\n"
        "	ret\n"
        ".size co_switch_stacks, . - co_switch_stacks\n");

void co_context_enter(struct co_context *context, char *stack, size_t stack_bytes,
                      void (*entry)(void))
{
	enum { REGISTERS = 6 };
	uintptr_t top = ((uintptr_t)stack + stack_bytes) & ~(uintptr_t)15;
	uintptr_t *words = (uintptr_t *)top;

	assert(stack_bytes > (REGISTERS + 2) * sizeof(uintptr_t));
	words[-1] = 0; /* the return address of entry: 0, so that debuggers stop here */
	words[-2] = (uintptr_t)entry;
	for (int i = 1; i <= REGISTERS; i++)
		words[-2 - i] = 0;
	context->stack_pointer = &words[-2 - REGISTERS];
}

void co_context_switch(struct co_context *from, struct co_context *to)
{
	co_switch_stacks(&from->stack_pointer, to->stack_pointer);
}

#else

void co_context_enter(struct co_context *context, char *stack, size_t stack_bytes,
                      void (*entry)(void))
{
	(void)getcontext(&context->ucontext);
	context->ucontext.uc_stack.ss_sp = stack;
	context->ucontext.uc_stack.ss_size = stack_bytes;
	context->ucontext.uc_link = NULL;
	makecontext(&context->ucontext, entry, 0);
}

void co_context_switch(struct co_context *from, struct co_context *to)
{
	int r = swapcontext(&from->ucontext, &to->ucontext);
	assert(r == 0);
}

#endif
