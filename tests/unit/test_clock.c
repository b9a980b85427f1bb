#include "unit.h"

#include <time.h>

#include "base/clock.h"

#define YEAR_0_US INT64_C(-62167219200000000)
#define YEAR_9999_US INT64_C(253402300799999999)

static void assert_time(const char *text, int64_t time_us)
{
	int64_t parsed = -1;

	assert_true(time_parse(text, &parsed));
	assert_int_equal(parsed, time_us);
}

static void times_are_written_in_utc_with_microseconds(void **state)
{
	char text[TIME_TEXT_LENGTH + 1];

	time_format(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
	time_format(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
	time_format(INT64_C(1709210096123456), text);
	assert_string_equal(text, "2024-02-29T12:34:56.123456Z");
}

static void times_no_calendar_shows_are_written_as_its_ends(void **state)
{
	char text[TIME_TEXT_LENGTH + 1];

	time_format(YEAR_9999_US + 1, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
	time_format(YEAR_0_US - 1, text);
	assert_string_equal(text, "0000-01-01T00:00:00.000000Z");
	time_format(TIME_INFINITY, text);
	assert_string_equal(text, "infinity");
	time_format(TIME_MINUS_INFINITY, text);
	assert_string_equal(text, "-infinity");
}

static void offsets_and_decimals_are_understood(void **state)
{
	assert_time("1970-01-01T00:00:00Z", 0);
	assert_time("1970-01-01t00:00:00.5z", 500000);
	assert_time("1970-01-01T00:00:00.000001Z", 1);
	assert_time("1970-01-01T02:30:00+02:30", 0);
	assert_time("1969-12-31T19:00:00-05:00", 0);
	assert_time("1970-01-01T00:00:00-00:00", 0);
	assert_time("2000-02-29T00:00:00Z", INT64_C(951782400000000));
	assert_time("9999-12-31T23:59:59.999999Z", YEAR_9999_US);
	assert_time("0000-01-01T00:00:00Z", YEAR_0_US);
}

static void what_is_no_time_is_refused_and_changes_nothing(void **state)
{
	static const char *const BAD[] = {
	    "",
	    "2026",
	    "2026-11-23",
	    "2026-11-23T07:19:58",
	    "2026-11-23 07:19:58Z",
	    "2026-11-23T07:19Z",
	    "2026-11-23T07:19:58.Z",
	    "2026-11-23T07:19:58.1234567Z",
	    "2026-11-23T07:19:58Z ",
	    "2026-11-23T07:19:60Z",
	    "2026-11-23T24:00:00Z",
	    "2026-11-23T07:60:00Z",
	    "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z",
	    "2026-02-29T00:00:00Z",
	    "1900-02-29T00:00:00Z",
	    "2026-04-31T00:00:00Z",
	    "2026-11-00T00:00:00Z",
	    "2026-11-23T07:19:58+24:00",
	    "2026-11-23T07:19:58+0200",
	    "-026-11-23T07:19:58Z",
	    "0000-01-01T00:00:00+00:01",
	    "9999-12-31T23:59:59-00:01",
	};
	int64_t time_us = 7;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_false(time_parse(BAD[i], &time_us));
	assert_int_equal(time_us, 7);
}

static void a_written_time_is_read_as_itself(void **state)
{
	for (int i = 0; i < 100000; i++) {
		int64_t time_us = random_between(YEAR_0_US, YEAR_9999_US);
		char text[TIME_TEXT_LENGTH + 1];
		int64_t back = 0;

		time_format(time_us, text);
		assert_int_equal(strlen(text), TIME_TEXT_LENGTH);
		assert_true(time_parse(text, &back));
		assert_int_equal(back, time_us);
	}
}

static void the_calendar_is_that_of_the_c_library(void **state)
{
	for (int i = 0; i < 20000; i++) {
		int64_t seconds = random_between(YEAR_0_US / 1000000, YEAR_9999_US / 1000000);
		char text[TIME_TEXT_LENGTH + 1], theirs[40], ours[80];
		time_t time = (time_t)seconds;
		struct tm tm;

		gmtime_r(&time, &tm);
		strftime(theirs, sizeof(theirs), "%m-%dT%H:%M:%S", &tm);
		snprintf(ours, sizeof(ours), "%04d-%s.000000Z", tm.tm_year + 1900, theirs);
		time_format(seconds * 1000000, text);
		assert_string_equal(text, ours);
	}
}

static void the_clocks_do_not_run_backwards_here(void **state)
{
	int64_t before_ms = clock_monotonic_ms();

	assert_true(clock_monotonic_ms() >= before_ms);
	assert_true(clock_now_us() > INT64_C(1700000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_written_in_utc_with_microseconds),
	    cmocka_unit_test(times_no_calendar_shows_are_written_as_its_ends),
	    cmocka_unit_test(offsets_and_decimals_are_understood),
	    cmocka_unit_test(what_is_no_time_is_refused_and_changes_nothing),
	    cmocka_unit_test(a_written_time_is_read_as_itself),
	    cmocka_unit_test(the_calendar_is_that_of_the_c_library),
	    cmocka_unit_test(the_clocks_do_not_run_backwards_here),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
