/*
 * pg_reads: point reads per second through store/pg, to set beside `pgbench -M prepared` on the
 * same query (bench/pg_reads.sh runs both). pg_reads CONNINFO CONNECTIONS FIBERS SECONDS
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/co.h"
#include "net/loop.h"
#include "store/pg.h"
#include "store/pg_types.h"

enum { ROWS = 50000 };

static const struct pg_statement POINT = {
    .name = "point",
    .text = "select id, name, price from bench_thing where id = $1",
    .param_count = 1,
    .param_types = (const Oid[]){PG_INT4_OID},
    .reads_only = true,
    .number = 40,
};

static struct pg_pool *pool;
static int64_t end_ms;
static unsigned running;
static uint64_t reads, failures;

static void read_points(void *arg)
{
	while (loop_now_ms() < end_ms) {
		uint32_t wire = htobe32((uint32_t)(random() % ROWS) + 1);
		struct pg_item item = {.statement = &POINT};
		item.params[0] = (struct pg_param){(const char *)&wire, sizeof(wire)};
		struct pg_batch batch = {.count = 1, .items = {&item}};
		if (pg_run(pool, &batch, loop_now_ms() + 5000) == 0 && PQntuples(item.result) == 1)
			reads++;
		else
			failures++;
		PQclear(item.result);
	}
	running--;
	if (running == 0)
		loop_stop();
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "pg_reads CONNINFO CONNECTIONS FIBERS SECONDS\n");
		return 2;
	}
	struct pg_pool_options options = {.conninfo = argv[1],
	                                  .shared_max = (unsigned)atoi(argv[2]),
	                                  .statement_timeout_ms = 5000};
	int fibers = atoi(argv[3]);
	int seconds = atoi(argv[4]);
	pool = pg_pool_open(PG_PUBLIC, &options);
	end_ms = loop_now_ms() + seconds * 1000;
	for (int i = 0; i < fibers; i++) {
		running++;
		if (co_start(read_points, NULL) < 0)
			return 1;
	}
	loop_run();
	struct pg_stats stats = pg_stats(pool);
	printf("%u connections, %d fibers: %.0f reads/s, %llu failures\n", stats.connections,
	       fibers, (double)reads / seconds, (unsigned long long)failures);
	pg_pool_close(pool);
	loop_close();
	return 0;
}
