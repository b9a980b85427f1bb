/* The identity of traces, and how many are recorded. */
#include "unit.h"

#include <string.h>

#include "base/limits.h"
#include "net/spans.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void what_is_read_is_written_with_a_span_of_our_own(void **state)
{
	struct trace trace;
	char text[TRACE_PARENT_TEXT + 1];

	(void)state;
	assert_true(trace_parse(PARENT, &trace));
	assert_true(trace.known && trace.sampled);
	trace_format(&trace, text);
	assert_memory_equal(text, PARENT, 36);
	assert_memory_not_equal(text + 36, &PARENT[36], 16);
	assert_string_equal(text + 52, "-01");
	assert_false(trace_parse(NULL, &trace) || trace.known);
}

static void later_versions_may_have_more(void **state)
{
	struct trace trace;

	(void)state;
	assert_true(trace_parse("01"
	                        "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more",
	                        &trace));
	assert_false(trace.sampled);
	assert_false(trace_parse("01"
	                         "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00more",
	                         &trace));
}

static void a_part_belongs_to_the_whole(void **state)
{
	struct trace whole = trace_begin(), part = trace_part(&whole);

	(void)state;
	assert_memory_equal(part.id, whole.id, sizeof(part.id));
	assert_memory_equal(part.parent, whole.span, sizeof(part.parent));
	assert_memory_not_equal(part.span, whole.span, sizeof(part.span));
}

/* Of spans, the last test: spans_start is called once. */
static void neither_callers_nor_a_receiver_that_is_away_fill_the_memory(void **state)
{
	unsigned recorded = 0;
	struct span span = {.name = "x", .duration_us = 1};

	(void)state;
	assert_false(spans_trace(PARENT).sampled); /* nobody wants them yet */
	spans_start(0);
	assert_false(spans_trace(NULL).known);
	for (unsigned i = 0; i < 3 * LIMIT_TRACES_PER_SECOND; i++)
		recorded += spans_trace(PARENT).sampled;
	/* The second may change meanwhile. */
	assert_true(recorded >= LIMIT_TRACES_PER_SECOND && recorded < 3 * LIMIT_TRACES_PER_SECOND);
	spans_add(&span);
	assert_int_equal(spans_count(), 0);
	span.trace = trace_begin();
	for (unsigned i = 0; i < LIMIT_SPANS + 5; i++)
		spans_add(&span);
	assert_int_equal(spans_count(), LIMIT_SPANS);
	assert_int_equal(spans_lost(), 5);
	spans_drop(LIMIT_SPANS - 1);
	spans_add(&span);
	assert_int_equal(spans_count(), 2);
	assert_true(spans_at(1)->begin_us > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_read_is_written_with_a_span_of_our_own),
	    cmocka_unit_test(later_versions_may_have_more),
	    cmocka_unit_test(a_part_belongs_to_the_whole),
	    cmocka_unit_test(neither_callers_nor_a_receiver_that_is_away_fill_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
