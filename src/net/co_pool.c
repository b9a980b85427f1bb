#include "net/co_internal.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/loop.h"

#ifdef CO_ASAN
enum { STACK_BYTES = LIMIT_FIBER_STACK_BYTES_SANITIZED };
#else
enum { STACK_BYTES = LIMIT_FIBER_STACK_BYTES };
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

enum {
	POOL_KEEP = 4,              /* idle stacks that are never unmapped */
	POOL_TRIM_MS = 1000,        /* interval at which unused stacks are unmapped */
	STACK_KEEP_BYTES = 8 * 1024 /* what an idle stack keeps resident, at its upper end */
};

static struct {
	struct co *first;
	unsigned count;
	unsigned count_min; /* minimum since the last trim: so many were not needed */
	bool has_timer;
	uv_timer_t timer;
} pool;

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct co *map_fiber(void)
{
	size_t bytes = STACK_BYTES + page_bytes();
	char *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	if (mprotect(mapping, page_bytes(), PROT_NONE) < 0) {
		(void)munmap(mapping, bytes);
		return NULL;
	}
	struct co *co = (struct co *)(mapping + bytes - (sizeof(*co) + 63) / 64 * 64);
	char *stack = mapping + page_bytes();
	co->mapping = mapping;
	co->mapping_bytes = bytes;
	co->stack = stack;
	co->stack_bytes = (size_t)((char *)co - stack);
	assert(co->stack_bytes < bytes && (uintptr_t)co % 64 == 0);
	co->valgrind_id = VALGRIND_STACK_REGISTER(stack, (char *)co);
	(void)uv_timer_init(loop_uv(), &co->timer);
	co->timer.data = co;
	return co;
}

static void on_closed(uv_handle_t *timer)
{
	struct co *co = timer->data;

	VALGRIND_STACK_DEREGISTER(co->valgrind_id);
	(void)munmap(co->mapping, co->mapping_bytes);
}

/* Unmaps stacks that were idle since the last call; the others keep only their upper pages. */
static void on_trim(uv_timer_t *timer)
{
	assert(pool.count_min <= pool.count);
	while (pool.count_min > 0 && pool.count > POOL_KEEP) {
		struct co *co = pool.first;
		assert(co != NULL && co->state == CO_POOLED);
		pool.first = co->next;
		pool.count--;
		pool.count_min--;
		uv_close((uv_handle_t *)&co->timer, on_closed);
	}
	for (struct co *co = pool.first; co != NULL; co = co->next) {
		size_t end = (size_t)((char *)co - (co->mapping + page_bytes()));
		if (end > STACK_KEEP_BYTES) {
			end = (end - STACK_KEEP_BYTES) & ~(page_bytes() - 1);
			(void)madvise(co->mapping + page_bytes(), end, MADV_DONTNEED);
		}
	}
	pool.count_min = pool.count;
	if (pool.count <= POOL_KEEP)
		(void)uv_timer_stop(timer); /* an idle process is not woken */
}

void co_pool_give(struct co *co)
{
	assert(co->state == CO_POOLED);
	(void)uv_timer_stop(&co->timer);
	co->next = pool.first;
	pool.first = co;
	pool.count++;
	if (!pool.has_timer) {
		pool.has_timer = true;
		(void)uv_timer_init(loop_uv(), &pool.timer);
		uv_unref((uv_handle_t *)&pool.timer);
	}
	if (!uv_is_active((uv_handle_t *)&pool.timer))
		(void)uv_timer_start(&pool.timer, on_trim, POOL_TRIM_MS, POOL_TRIM_MS);
}

struct co *co_pool_take(void)
{
	struct co *co = pool.first;

	assert((co == NULL) == (pool.count == 0));
	if (co == NULL)
		return map_fiber();
	pool.first = co->next;
	pool.count--;
	if (pool.count < pool.count_min)
		pool.count_min = pool.count;
	return co;
}

unsigned co_pool_count(void)
{
	return pool.count;
}
