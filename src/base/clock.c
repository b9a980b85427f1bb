#include "base/clock.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define YEAR_0_US (-719528 * DAY_US)        /* 0000-01-01T00:00:00Z */
#define YEAR_9999_US (2932897 * DAY_US - 1) /* the last microsecond of 9999 */

int64_t clock_now_us(void)
{
	struct timespec now;
	int r = clock_gettime(CLOCK_REALTIME, &now);

	assert(r == 0);
	return now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	struct timespec now;
	int r = clock_gettime(CLOCK_MONOTONIC, &now);

	assert(r == 0);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
	struct timespec now;
	int r = clock_gettime(CLOCK_MONOTONIC, &now);

	assert(r == 0);
	return now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

/*
 * Days and dates of the proleptic Gregorian calendar, after Howard Hinnant's chrono-compatible
 * algorithms: years begin in March, so that the leap day is the last of its year, and 400 years
 * (an era) always have 146097 days. 719468 days lie between 0000-03-01 and 1970-01-01.
 */
struct date {
	int year, month, day;
};

static struct date date_from_days(int64_t days)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int day_of_era = (int)(shifted - era * 146097);
	int year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int from_march = (5 * day_of_year + 2) / 153;
	int month = from_march < 10 ? from_march + 3 : from_march - 9;

	assert(day_of_era >= 0 && day_of_era < 146097 && month >= 1 && month <= 12);
	return (struct date){
	    .year = (int)(era * 400) + year_of_era + (month <= 2),
	    .month = month,
	    .day = day_of_year - (153 * from_march + 2) / 5 + 1,
	};
}

static int64_t days_from_date(struct date date)
{
	int year = date.month <= 2 ? date.year - 1 : date.year;
	int era = (year >= 0 ? year : year - 399) / 400;
	int year_of_era = year - era * 400;
	int from_march = date.month > 2 ? date.month - 3 : date.month + 9;
	int day_of_year = (153 * from_march + 2) / 5 + date.day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	assert(day_of_era >= 0 && day_of_era < 146097);
	return (int64_t)era * 146097 + day_of_era - 719468;
}

static char *put_digits(char *next, int value, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		next[i] = (char)('0' + value % 10);
		value /= 10;
	}
	assert(value == 0); /* it has no more digits */
	return next + count;
}

static char *put_char(char *next, char c)
{
	*next = c;
	return next + 1;
}

void time_format(int64_t time_us, char ret[TIME_TEXT_LENGTH + 1])
{
	if (time_us == TIME_INFINITY || time_us == TIME_MINUS_INFINITY) {
		strcpy(ret, time_us == TIME_INFINITY ? "infinity" : "-infinity");
		return;
	}
	if (time_us < YEAR_0_US)
		time_us = YEAR_0_US;
	if (time_us > YEAR_9999_US)
		time_us = YEAR_9999_US;

	int64_t days = (time_us - YEAR_0_US) / DAY_US + YEAR_0_US / DAY_US;
	int64_t of_day_us = time_us - days * DAY_US;
	int seconds = (int)(of_day_us / SECOND_US);
	struct date date = date_from_days(days);
	char *next = ret;

	next = put_char(put_digits(next, date.year, 4), '-');
	next = put_char(put_digits(next, date.month, 2), '-');
	next = put_char(put_digits(next, date.day, 2), 'T');
	next = put_char(put_digits(next, seconds / 3600, 2), ':');
	next = put_char(put_digits(next, seconds / 60 % 60, 2), ':');
	next = put_char(put_digits(next, seconds % 60, 2), '.');
	next = put_char(put_digits(next, (int)(of_day_us % SECOND_US), 6), 'Z');
	*next = 0;
	assert(next == ret + TIME_TEXT_LENGTH);
}

/* Each take_ function advances *text; after a failure its position is undefined. */
static bool take_digits(const char **text, int count, int *ret)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		char c = (*text)[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*text += count;
	*ret = value;
	return true;
}

/* One of two characters, the second being the first's lower case or the same. */
static bool take_char(const char **text, char wanted, char or_this)
{
	if (**text == 0 || (**text != wanted && **text != or_this))
		return false;
	(*text)++;
	return true;
}

static bool take_date(const char **text, struct date *ret)
{
	static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct date date;

	_Static_assert(sizeof(DAYS) / sizeof(DAYS[0]) == 12, "a year has twelve months");
	if (!take_digits(text, 4, &date.year) || !take_char(text, '-', '-') ||
	    !take_digits(text, 2, &date.month) || !take_char(text, '-', '-') ||
	    !take_digits(text, 2, &date.day))
		return false;
	if (date.month < 1 || date.month > 12)
		return false;

	bool leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;

	if (date.day < 1 || date.day > DAYS[date.month - 1] + (leap && date.month == 2))
		return false;
	*ret = date;
	return true;
}

static bool take_hours_minutes(const char **text, int *ret_minutes)
{
	int hours, minutes;

	if (!take_digits(text, 2, &hours) || !take_char(text, ':', ':') ||
	    !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_minutes = hours * 60 + minutes;
	return true;
}

static bool take_fraction(const char **text, int *ret_us)
{
	int us = 0;
	int count = 0;

	if (!take_char(text, '.', '.')) {
		*ret_us = 0;
		return true;
	}
	while (count < 6 && **text >= '0' && **text <= '9') {
		us = us * 10 + (**text - '0');
		(*text)++;
		count++;
	}
	if (count == 0)
		return false;
	for (; count < 6; count++)
		us *= 10;
	*ret_us = us;
	return true;
}

static bool take_offset(const char **text, int *ret_minutes)
{
	int sign = **text == '-' ? -1 : 1;
	int minutes;

	if (take_char(text, 'Z', 'z')) {
		*ret_minutes = 0;
		return true;
	}
	if (!take_char(text, '+', '-') || !take_hours_minutes(text, &minutes))
		return false;
	*ret_minutes = sign * minutes;
	return true;
}

bool time_parse(const char *text, int64_t *ret_us)
{
	struct date date;
	int minutes, seconds, fraction_us, offset_minutes;

	if (!take_date(&text, &date) || !take_char(&text, 'T', 't') ||
	    !take_hours_minutes(&text, &minutes) || !take_char(&text, ':', ':') ||
	    !take_digits(&text, 2, &seconds) || seconds > 59 ||
	    !take_fraction(&text, &fraction_us) || !take_offset(&text, &offset_minutes) ||
	    *text != 0)
		return false;

	int64_t time_us = days_from_date(date) * DAY_US +
	                  ((minutes - offset_minutes) * INT64_C(60) + seconds) * SECOND_US +
	                  fraction_us;

	if (time_us < YEAR_0_US || time_us > YEAR_9999_US)
		return false;
	*ret_us = time_us;
	return true;
}
