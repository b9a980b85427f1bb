/*
 * limit_table: rate counters of one process, used while Redis is unavailable. Fixed windows in a
 * table of fixed size; on a collision the counter whose window ends sooner is evicted, so memory is
 * bounded.
 */
#ifndef SEBEZ_WEB_LIMIT_TABLE_H
#define SEBEZ_WEB_LIMIT_TABLE_H

#include <stdint.h>

struct limit_count {
	int64_t count;  /* in this window, including this request */
	int64_t left_s; /* until the window ends, at least 1 */
};

struct limit_count limit_table_add(const char *key, int64_t window_s, int64_t now_ms);
/* Decrements a counter if it exists. */
void limit_table_subtract(const char *key, int64_t now_ms);
void limit_table_clear(void);

#endif
