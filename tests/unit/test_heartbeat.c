/* When a process counts as hung. */
#include "unit.h"

#include "node/heartbeat.h"

static unsigned looks_until_it_hangs(struct heartbeat *heartbeat, uint64_t beats)
{
	unsigned looks = 1;

	while (!heartbeat_look(heartbeat, beats))
		looks++;
	return looks;
}

static void one_that_beats_never_hangs(void **state)
{
	struct heartbeat heartbeat = {0};

	for (uint64_t beats = 7; beats < 100; beats++) {
		assert_false(heartbeat_look(&heartbeat, beats));
		assert_false(heartbeat_look(&heartbeat, beats));
	}
}

static void one_that_stops_hangs_after_some_looks_and_not_after_one(void **state)
{
	struct heartbeat heartbeat = {0};

	assert_false(heartbeat_look(&heartbeat, 7));
	assert_in_range(looks_until_it_hangs(&heartbeat, 7), 5, 20);
}

static void one_that_starts_has_longer(void **state)
{
	struct heartbeat started = {.beats = 7}, begun = {0};

	assert_false(heartbeat_look(&begun, 7));
	assert_true(looks_until_it_hangs(&started, 7) > looks_until_it_hangs(&begun, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_that_beats_never_hangs),
	    cmocka_unit_test(one_that_stops_hangs_after_some_looks_and_not_after_one),
	    cmocka_unit_test(one_that_starts_has_longer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
