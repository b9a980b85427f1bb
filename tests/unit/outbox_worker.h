/*
 * outbox_worker: what a jobs process is for the tests of the outbox: its fibers, with topics whose
 * deliverer calls the test over TCP. A row's destination is a port of 127.0.0.1, and its payload
 * may say what the deliverer does instead.
 */
#ifndef SEBEZ_TESTS_OUTBOX_WORKER_H
#define SEBEZ_TESTS_OUTBOX_WORKER_H

/* arguments: lease_ms, attempts_max, and a descriptor to which it writes one byte for each lease
 * that was lost. Never returns. */
int outbox_worker(char **arguments);

#endif
