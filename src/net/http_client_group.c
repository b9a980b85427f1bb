#include "net/http_client_group.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/http_client_internal.h"

struct call {
	struct list_node node; /* of one of its group's lists */
	struct http_client_group *group;
	struct http_transfer *transfer; /* NULL: it was not begun, or is abandoned */
	void *owner;
	int64_t deadline_ms;
	int result;
	const char *error; /* when there is no transfer */
};

struct http_client_group {
	struct list_node idle, running, finished;
	unsigned count;     /* running and finished */
	struct call *taken; /* whose response the caller has */
	struct co *waiter;
	struct call calls[];
};

struct http_client_group *http_client_group_new(unsigned calls_max)
{
	struct http_client_group *group;

	assert(calls_max > 0 && calls_max <= LIMIT_CLIENT_GROUP_CALLS);
	group = calloc(1, sizeof(*group) + (calls_max + 1) * sizeof(group->calls[0]));
	if (group == NULL)
		return NULL;
	list_init(&group->idle);
	list_init(&group->running);
	list_init(&group->finished);
	for (unsigned i = 0; i < calls_max + 1; i++) { /* one of them may be taken */
		list_init(&group->calls[i].node);
		group->calls[i].group = group;
		list_push_back(&group->idle, &group->calls[i].node);
	}
	return group;
}

static void move(struct call *call, struct list_node *to)
{
	list_remove(&call->node);
	list_push_back(to, &call->node);
}

static void drop(struct call *call)
{
	if (call->transfer != NULL)
		http_transfer_free(call->transfer);
	call->transfer = NULL;
	move(call, &call->group->idle);
}

static void finish(struct call *call, int result, const char *error)
{
	struct http_client_group *group = call->group;

	move(call, &group->finished);
	call->result = result;
	call->error = error;
	http_call_count(result);
	if (group->waiter != NULL)
		co_wake(group->waiter);
}

static void on_done(struct http_transfer *transfer, void *owner)
{
	struct call *call = owner;

	assert(call->transfer == transfer);
	finish(call, transfer->result, transfer->error);
}

bool http_client_group_add(struct http_client_group *group,
                           const struct http_client_request *request, int64_t deadline_ms,
                           void *owner)
{
	struct list_node *idle = list_first(&group->idle);
	struct call *call;
	const char *error;
	int rc;

	assert(co_self() != NULL && deadline_ms != 0 && !co_has_scarce());
	if (idle == NULL || (idle->after == &group->idle && group->taken == NULL))
		return false;
	call = CONTAINER_OF(idle, struct call, node);
	call->owner = owner;
	call->deadline_ms = deadline_ms;
	move(call, &group->running);
	rc = http_call_begin(request, true, on_done, call, &call->transfer, &error);
	if (rc == -EAGAIN && group->count > 0) {
		move(call, &group->idle);
		return false;
	}
	group->count++;
	if (rc < 0)
		finish(call, rc, error);
	return true;
}

static void expire(struct http_client_group *group, int64_t before_ms)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &group->running)
	{
		struct call *call = CONTAINER_OF(at, struct call, node);

		if (call->deadline_ms > before_ms)
			continue;
		http_call_abandon(call->transfer);
		call->transfer = NULL;
		finish(call, -ETIMEDOUT, "The deadline has passed");
	}
}

static int64_t earliest_deadline_ms(struct http_client_group *group)
{
	int64_t earliest_ms = INT64_MAX;
	struct list_node *at, *next;

	LIST_EACH(at, next, &group->running)
	{
		const struct call *call = CONTAINER_OF(at, struct call, node);

		if (call->deadline_ms < earliest_ms)
			earliest_ms = call->deadline_ms;
	}
	return earliest_ms;
}

static void wait_for_one(struct http_client_group *group)
{
	int64_t deadline_ms = earliest_deadline_ms(group);

	group->waiter = co_self();
	int rc = co_wait(deadline_ms);

	group->waiter = NULL;
	if (rc < 0)
		expire(group, deadline_ms);
}

static struct http_client_finished result_of(const struct call *call)
{
	struct http_client_finished finished = {.owner = call->owner, .result = call->result};

	finished.response =
	    (struct http_client_response){.body = "", .heads = "", .error = call->error};
	if (call->result == 0)
		finished.response = http_call_response(call->transfer);
	return finished;
}

bool http_client_group_next(struct http_client_group *group, struct http_client_finished *ret)
{
	struct list_node *first;

	assert(co_self() != NULL && !co_has_scarce());
	if (group->taken != NULL)
		drop(group->taken);
	group->taken = NULL;
	if (group->count == 0)
		return false;
	while ((first = list_first(&group->finished)) == NULL)
		wait_for_one(group);
	list_remove(first);
	group->count--;
	group->taken = CONTAINER_OF(first, struct call, node);
	*ret = result_of(group->taken);
	return true;
}

unsigned http_client_group_count(const struct http_client_group *group)
{
	return group->count;
}

void http_client_group_free(struct http_client_group *group)
{
	if (group == NULL)
		return;
	expire(group, INT64_MAX);
	for (struct list_node *node; (node = list_first(&group->finished)) != NULL;)
		drop(CONTAINER_OF(node, struct call, node));
	if (group->taken != NULL)
		drop(group->taken);
	free(group);
}
