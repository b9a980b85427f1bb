/*
 * list: an intrusive doubly linked list. The node is a member of the thing that is listed.
 *
 * A list is a node too, its own neighbour when it is empty. A node is in one list at a time;
 * removed it is its own neighbour again, so removing it twice is harmless. The list owns nothing.
 *
 *   struct list_node *at, *next;
 *   LIST_EACH (at, next, &pool->idle)
 *           close_connection(CONTAINER_OF(at, struct connection, node));
 */
#ifndef SEBEZ_BASE_LIST_H
#define SEBEZ_BASE_LIST_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *before, *after;
};

#define CONTAINER_OF(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Visits each node; the visited node may be removed meanwhile, its neighbours may not. */
#define LIST_EACH(at, next, list)                                                                  \
	for (at = (list)->after, next = at->after; at != (list); at = next, next = at->after)

static inline void list_init(struct list_node *node) /* a list, or a node that is in none */
{
	node->before = node->after = node;
}

static inline bool list_is_linked(const struct list_node *node) /* its neighbours know it */
{
	return node->before->after == node && node->after->before == node;
}

static inline bool list_is_empty(const struct list_node *list)
{
	return list->after == list;
}

static inline void list_insert_after(struct list_node *before, struct list_node *node)
{
	assert(node != before && list_is_linked(before));
	node->before = before;
	node->after = before->after;
	before->after->before = node;
	before->after = node;
}

static inline void list_push_front(struct list_node *list, struct list_node *node)
{
	list_insert_after(list, node);
}

static inline void list_push_back(struct list_node *list, struct list_node *node)
{
	list_insert_after(list->before, node);
}

static inline void list_remove(struct list_node *node)
{
	assert(list_is_linked(node));
	node->before->after = node->after;
	node->after->before = node->before;
	list_init(node);
}

static inline struct list_node *list_first(const struct list_node *list) /* NULL when empty */
{
	return list_is_empty(list) ? NULL : list->after;
}

static inline struct list_node *list_pop_front(struct list_node *list) /* NULL when empty */
{
	struct list_node *node = list_first(list);

	if (node != NULL)
		list_remove(node);
	return node;
}

#endif
