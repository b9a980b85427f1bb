/*
 * limit_table: rate counters of one process, for when Redis is not there. Fixed windows in a table
 * of fixed size; when a place is taken by another key whose window still runs, the one that ends
 * sooner goes, so the table forgets rather than grows.
 */
#ifndef SEBEZ_WEB_LIMIT_TABLE_H
#define SEBEZ_WEB_LIMIT_TABLE_H

#include <stdint.h>

struct limit_count {
	int64_t count;  /* of this window, this one included */
	int64_t left_s; /* until the window ends, at least 1 */
};

struct limit_count limit_table_add(const char *key, int64_t window_s, int64_t now_ms);
/* One less, where it is counted. */
void limit_table_take(const char *key, int64_t now_ms);
void limit_table_clear(void);

#endif
