/*
 * loop: the one event loop of a process (libuv), its timers, and hooks at the end of a turn.
 *
 * A process has one thread and one loop. Work is collected during a turn and sent once, before the
 * loop sleeps: modules that batch (pg, http) register a hook that runs then.
 */
#ifndef SEBEZ_NET_LOOP_H
#define SEBEZ_NET_LOOP_H

#include <stdint.h>
#include <uv.h>

struct loop_hook {
	void (*run)(void *arg);
	void *arg;
	struct loop_hook *next;
};

uv_loop_t *loop_uv(void);  /* the process's loop; made on first use */
int64_t loop_now_ms(void); /* monotonic, as of the start of this turn */
void loop_run(void);       /* until loop_stop */
void loop_stop(void);
void loop_close(void); /* after loop_run: closes remaining handles, for leak checkers */

/* The hook (owned by the caller, never removed) runs before each sleep, and again when
 * loop_rerun_hooks() was called in the same turn. */
void loop_before_sleep(struct loop_hook *hook);
void loop_rerun_hooks(void); /* run the hooks once more before sleeping */

/* Runs work(arg) on libuv's thread pool while the calling fiber sleeps. */
void loop_in_thread(void (*work)(void *arg), void *arg);

#endif
