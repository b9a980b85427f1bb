#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "shop/media/media.h"
#include "shop/media/process.h"
#include "shop/media/upload.h"
#include "store/redis.h"

static const char *const CHANNELS[] = {"sebez:uploads"};

static struct {
	struct redis *listening;
	void (*wake)(void);
} waker;

static void on_message(void *arg, const char *bytes, size_t length)
{
	(void)arg;
	(void)bytes;
	(void)length;
	waker.wake();
}

int media_process_listen(const char *redis_url, void (*wake)(void))
{
	static const struct redis_listener LISTENER = {
	    .channel_count = 1, .channels = CHANNELS, .message = on_message};

	assert(waker.listening == NULL && wake != NULL);
	waker.wake = wake;
	return redis_subscribe(redis_url, &LISTENER, &waker.listening);
}

void media_process_deafen(void)
{
	redis_close(waker.listening);
	waker.listening = NULL;
}

static void publish(struct db *db, void *redis)
{
	(void)db;
	redis_send(redis, 3, (const char *const[]){"PUBLISH", CHANNELS[0], "1"},
	           (const size_t[]){strlen("PUBLISH"), strlen(CHANNELS[0]), 1});
}

void media_wake(struct db *db)
{
	if (media_redis() != NULL) /* a tool has none */
		db_on_commit(db, publish, media_redis());
}
