#include <assert.h>
#include <string.h>

#include "net/co.h"
#include "net/loop.h"
#include "shop/media/process_fetch.h"

enum { TURN_MS = 2000 }; /* that a fetcher waits for a host; pictures wait longer without one */

/* Fetchers that ask the host. */
static int at_host(const struct media_fetchers *all, const char *host)
{
	int count = 0;

	for (size_t i = 0; i < MEDIA_FETCHERS; i++)
		count += all->each[i].host != NULL && strcmp(all->each[i].host, host) == 0;
	return count;
}

struct text_array fetch_busy_hosts(const struct fetching *fetching)
{
	const char **hosts = arena_array(fetching->task.arena, MEDIA_FETCHERS, sizeof(hosts[0]));
	size_t count = 0;

	for (size_t i = 0; i < MEDIA_FETCHERS; i++) {
		const char *host = fetching->all->each[i].host;

		if (host != NULL && at_host(fetching->all, host) >= LIMIT_HOST_FETCHES)
			hosts[count++] = host;
	}
	return (struct text_array){count, hosts};
}

/* So that slow hosts of theirs delay no others. */
struct uuid_array fetch_busy_vendors(const struct fetching *fetching)
{
	const struct media_fetcher *each = fetching->all->each;
	struct uuid *vendors = arena_array(fetching->task.arena, MEDIA_FETCHERS, sizeof(*vendors));
	size_t count = 0;

	for (size_t i = 0; i < MEDIA_FETCHERS; i++) {
		int same = 0;

		for (size_t j = 0; !uuid_is_nil(each[i].vendor) && j < MEDIA_FETCHERS; j++)
			same += uuid_equal(each[j].vendor, each[i].vendor);
		if (same >= LIMIT_VENDOR_FETCHES)
			vendors[count++] = each[i].vendor;
	}
	return (struct uuid_array){count, vendors};
}

bool fetch_has_share(const struct fetching *fetching)
{
	assert(fetching->fetcher->host != NULL);
	return at_host(fetching->all, fetching->fetcher->host) <= LIMIT_HOST_FETCHES;
}

bool fetch_turn(struct fetching *fetching, const char *host)
{
	struct media_fetchers *all = fetching->all;
	int64_t give_up_ms = loop_now_ms() + TURN_MS;
	const struct fetch_host_turn_row *turn;

	fetching->fetcher->host = NULL;
	if (at_host(all, host) >= LIMIT_HOST_FETCHES)
		return false;
	fetching->fetcher->host = host; /* reserved, while the database is asked */
	for (;;) {
		struct db *db = db_of(&fetching->task);

		fetching->task.deadline_ms = loop_now_ms() + FETCH_DATABASE_MS;
		turn = sql_fetch_host_turn_rows(db, sql_fetch_host_turn(db, host, all->interval_ms),
		                                NULL);
		assert(turn->wait_ms >= 0);
		if (turn->taken || loop_now_ms() + turn->wait_ms > give_up_ms)
			return turn->taken;
		co_sleep_ms(turn->wait_ms);
	}
}
