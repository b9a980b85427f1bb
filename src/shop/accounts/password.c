#include "shop/accounts/password.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/unicode.h"
#include "net/co.h"
#include "net/loop.h"

enum { PASSES = 2, MEMORY_BYTES = 19456 * 1024, RETRY_AFTER_S = 1 };

const char PASSWORD_OF_NOBODY[] = "$argon2id$v=19$m=19456,t=2,p=1$2Jmv+Zitm/"
                                  "4bxdLSYrqlMQ$8vYFzhqElNWVpkQ1U9/zhaSlKFdVeKtfO/kbAz07SbI";

struct work {
	char hash[crypto_pwhash_STRBYTES];
	const char *password;
	bool good;
};

/* A waiting fiber; on its own stack, and in `queue` until it is granted a slot. */
struct waiter {
	struct list_node node;
	struct co *co;
	bool granted;
};

static struct list_node queue = {&queue, &queue};
static unsigned waiting, running;

/* Nobody waits while a slot is free. */
static bool gate_is_consistent(void)
{
	return running <= LIMIT_PASSWORD_HASHES && waiting <= LIMIT_PASSWORD_QUEUE &&
	       list_is_empty(&queue) == (waiting == 0) &&
	       (waiting == 0 || running == LIMIT_PASSWORD_HASHES);
}

static _Noreturn void end_overloaded(struct task *task, const char *log)
{
	task_end_with(task,
	              (struct problem){.code = PROBLEM_OVERLOADED,
	                               .detail = "Too many sign-ins at the moment; try again.",
	                               .retry_after_s = RETRY_AFTER_S,
	                               .log = log});
}

static void gate_enter(struct task *task)
{
	struct waiter self = {.co = co_self()};

	assert(gate_is_consistent());
	if (running < LIMIT_PASSWORD_HASHES) {
		running++;
		return;
	}
	if (waiting == LIMIT_PASSWORD_QUEUE)
		end_overloaded(task, "password queue full");
	list_push_back(&queue, &self.node);
	waiting++;
	while (!self.granted) {
		if (co_wait(task->deadline_ms) == 0 || self.granted)
			continue;
		list_remove(&self.node);
		waiting--;
		end_overloaded(task, "password queue deadline");
	}
	assert(running > 0); /* the slot that was passed on */
}

/* Passes the slot to the first waiter: the queue is first in, first out. */
static void gate_leave(void)
{
	assert(gate_is_consistent() && running > 0);
	struct list_node *first = list_pop_front(&queue);

	if (first == NULL) {
		running--;
		return;
	}
	struct waiter *next = CONTAINER_OF(first, struct waiter, node);

	assert(!next->granted);
	waiting--;
	next->granted = true;
	co_wake(next->co);
}

static void hash_work(void *arg)
{
	struct work *work = arg;

	work->good = crypto_pwhash_str_alg(work->hash, work->password, strlen(work->password),
	                                   PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void match_work(void *arg)
{
	struct work *work = arg;

	work->good =
	    crypto_pwhash_str_verify(work->hash, work->password, strlen(work->password)) == 0;
}

const char *password_hash(struct task *task, const char *password)
{
	struct work *work = arena_alloc(task->arena, sizeof(*work));

	work->password = unicode_nfc(task->arena, password);
	gate_enter(task);
	loop_in_thread(hash_work, work);
	gate_leave();
	if (!work->good) /* out of memory */
		end_overloaded(task, "no memory for a password hash");
	assert(strlen(work->hash) < sizeof(work->hash) && !password_is_outdated(work->hash));
	return work->hash;
}

static bool matches(struct task *task, const char *hash, const char *password)
{
	struct work *work = arena_alloc(task->arena, sizeof(*work));

	_Static_assert(sizeof(PASSWORD_OF_NOBODY) <= sizeof(work->hash), "room for any hash");
	if (hash == NULL || strlen(hash) >= sizeof(work->hash))
		strcpy(work->hash, PASSWORD_OF_NOBODY);
	else
		strcpy(work->hash, hash);
	work->password = password;
	gate_enter(task);
	loop_in_thread(match_work, work);
	gate_leave();
	return work->good && hash != NULL;
}

bool password_matches(struct task *task, const char *hash, const char *password, bool *outdated)
{
	const char *composed = unicode_nfc(task->arena, password);
	bool good = matches(task, hash, composed);
	bool as_typed = !good && composed != password && matches(task, hash, password);

	assert(hash != NULL || (!good && !as_typed)); /* nobody has no password */
	if (outdated != NULL)
		*outdated = as_typed || (good && password_is_outdated(hash));
	return good || as_typed;
}

bool password_is_outdated(const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, PASSES, MEMORY_BYTES) != 0;
}
