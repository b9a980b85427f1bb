/*
 * follow: how far the followers of events (feed_follow(), functions_follow.sql) are behind.
 */
#include <assert.h>
#include <string.h>

#include "feed.sql.h"
#include "shop/feed/feed.h"

enum { FOLLOWERS_MAX = 8 };

/* Those of AREAS, in order. */
static uint64_t behind_s[FOLLOWERS_MAX];

const char *feed_follower(size_t number)
{
	assert(number <= FOLLOWERS_MAX);
	for (size_t i = 0; AREAS[i] != NULL; i++)
		if (AREAS[i]->follower != NULL && number-- == 0)
			return AREAS[i]->follower;
	return NULL;
}

uint64_t feed_follower_behind_s(size_t number)
{
	assert(number < FOLLOWERS_MAX && feed_follower(number) != NULL);
	return behind_s[number];
}

void feed_measure(struct task *task)
{
	const char *names[FOLLOWERS_MAX];
	struct text_array followers = {0, names};
	struct db *db = db_of(task);
	const struct followers_behind_row *row;
	size_t count;

	while (feed_follower(followers.count) != NULL) {
		assert(followers.count < FOLLOWERS_MAX);
		names[followers.count] = feed_follower(followers.count);
		followers.count++;
	}
	row = sql_followers_behind_rows(db, sql_followers_behind(db, followers), &count);
	assert(count == followers.count); /* each area's schema has the row of its follower */
	for (size_t i = 0; i < count; i++)
		for (size_t f = 0; f < count; f++)
			if (strcmp(names[f], row[i].name) == 0)
				behind_s[f] = row[i].oldest_s > 0 ? (uint64_t)row[i].oldest_s : 0;
}
