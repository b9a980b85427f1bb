/*
 * clock: times. A time is microseconds since 1970-01-01 UTC in an int64_t, named _us; spans and
 * deadlines inside the process are milliseconds of the monotonic clock, named _ms.
 * TIME_INFINITY and TIME_MINUS_INFINITY are PostgreSQL's infinite timestamps.
 */
#ifndef SEBEZ_BASE_CLOCK_H
#define SEBEZ_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define TIME_INFINITY INT64_MAX
#define TIME_MINUS_INFINITY INT64_MIN

enum { TIME_TEXT_LENGTH = 27 }; /* 2026-11-23T07:19:58.123456Z */

int64_t clock_now_us(void);       /* the wall clock */
int64_t clock_monotonic_ms(void); /* for deadlines */
int64_t clock_monotonic_us(void); /* for durations */

/* Microseconds and a trailing Z. Times beyond the years 0000 to 9999 are written as the last moment
 * that has four digits; the infinite ones as PostgreSQL's words infinity and -infinity. */
void time_format(int64_t time_us, char ret[TIME_TEXT_LENGTH + 1]);

/* RFC 3339 with any offset and 0 to 6 decimals, within the years 0000 to 9999. Second 60 is
 * refused: PostgreSQL's and POSIX's days have no leap seconds. */
bool time_parse(const char *text, int64_t *ret_us);

#endif
