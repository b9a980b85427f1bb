#include "net/wheel.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "net/loop.h"

/* More than a minute: nearly all deadlines are within one round of the wheel. */
enum { SLOTS = 1024 };

struct wheel {
	void (*fire)(struct wheel_timer *timer);
	struct list_node slots[SLOTS];
	int64_t turned; /* the last tick processed */
	unsigned count;
	uv_timer_t timer;
};

static int64_t tick_of(int64_t at_ms) /* the first tick not before at_ms */
{
	return (at_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

struct wheel *wheel_new(void (*fire)(struct wheel_timer *timer))
{
	struct wheel *wheel = calloc(1, sizeof(*wheel));

	assert(wheel != NULL && fire != NULL);
	wheel->fire = fire;
	for (int i = 0; i < SLOTS; i++)
		list_init(&wheel->slots[i]);
	(void)uv_timer_init(loop_uv(), &wheel->timer);
	uv_unref((uv_handle_t *)&wheel->timer);
	wheel->timer.data = wheel;
	return wheel;
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void wheel_free(struct wheel *wheel)
{
	if (wheel == NULL)
		return;
	assert(wheel->count == 0);
	uv_close((uv_handle_t *)&wheel->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
	wheel_turn(timer->data, loop_now_ms());
}

void wheel_timer_init(struct wheel_timer *timer)
{
	list_init(&timer->node);
	timer->due_ms = 0;
}

void wheel_add(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms)
{
	assert(list_is_empty(&timer->node));
	if (wheel->count == 0) {
		wheel->turned = loop_now_ms() / WHEEL_TICK_MS;
		(void)uv_timer_start(&wheel->timer, on_timer, WHEEL_TICK_MS, WHEEL_TICK_MS);
	}
	int64_t tick = tick_of(due_ms);

	/* A timer that is already due fires at the next tick. */
	if (tick <= wheel->turned)
		tick = wheel->turned + 1;
	assert(tick > wheel->turned);
	timer->due_ms = due_ms;
	list_push_back(&wheel->slots[tick % SLOTS], &timer->node);
	wheel->count++;
}

void wheel_remove(struct wheel *wheel, struct wheel_timer *timer)
{
	if (list_is_empty(&timer->node))
		return;
	assert(wheel->count > 0);
	list_remove(&timer->node);
	wheel->count--;
	if (wheel->count == 0)
		(void)uv_timer_stop(&wheel->timer);
}

/* Detaches the whole slot first: callbacks may add to it or remove from it. */
static void turn_slot(struct wheel *wheel, struct list_node *slot, int64_t now_ms)
{
	struct list_node taken, *node;

	if (list_is_empty(slot))
		return;
	list_init(&taken);
	list_insert_after(slot, &taken);
	list_remove(slot);
	for (node = list_pop_front(&taken); node != NULL; node = list_pop_front(&taken)) {
		struct wheel_timer *timer = CONTAINER_OF(node, struct wheel_timer, node);

		if (timer->due_ms > now_ms) { /* due in a later round */
			list_push_back(slot, node);
			continue;
		}
		assert(wheel->count > 0);
		wheel->count--;
		wheel->fire(timer);
	}
	if (wheel->count == 0)
		(void)uv_timer_stop(&wheel->timer);
}

void wheel_turn(struct wheel *wheel, int64_t now_ms)
{
	int64_t now = now_ms / WHEEL_TICK_MS;

	/* After a long sleep, one round is enough. */
	if (now - wheel->turned > SLOTS)
		wheel->turned = now - SLOTS;
	while (wheel->turned < now && wheel->count > 0) {
		wheel->turned++;
		turn_slot(wheel, &wheel->slots[wheel->turned % SLOTS], now_ms);
	}
	assert(wheel->count == 0 || wheel->turned >= now);
}

unsigned wheel_count(const struct wheel *wheel)
{
	return wheel->count;
}
