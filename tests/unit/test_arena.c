#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"

static jmp_buf end_point;

static void leave(void *owner)
{
	(*(int *)owner)++;
	longjmp(end_point, 1);
}

static void what_is_allocated_is_zero_and_aligned_and_apart(void **state)
{
	struct arena *arena = arena_new(64 << 20, NULL, NULL);
	struct {
		unsigned char *bytes;
		size_t size;
	} pieces[300];

	for (int i = 0; i < 300; i++) {
		size_t size = (size_t)random_between(0, i % 50 == 0 ? 300000 : 600);
		unsigned char *bytes = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(bytes[j], 0);
		if (size > 0)
			memset(bytes, i % 255 + 1, size);
		pieces[i].bytes = bytes;
		pieces[i].size = size;
	}
	for (int i = 0; i < 300; i++) {
		for (size_t j = 0; j < pieces[i].size; j++)
			assert_int_equal(pieces[i].bytes[j], i % 255 + 1);
	}
	arena_free(arena);
}

static void a_full_arena_tells_its_owner_and_keeps_a_reserve_for_the_last_words(void **state)
{
	static int told;
	struct arena *volatile arena = arena_new(100000, leave, &told);

	told = 0;
	if (setjmp(end_point) == 0) {
		for (;;)
			arena_alloc(arena, 1000);
	}
	assert_int_equal(told, 1);
	assert_true(arena_used(arena) <= 100000);
	assert_string_equal(arena_printf(arena, "%05d", 7), "00007");
	arena_alloc(arena, ARENA_RESERVE - 100);
	arena_free(arena);
}

static void sizes_that_overflow_are_full_and_not_small(void **state)
{
	static int told;

	told = 0;
	for (volatile int i = 0; i < 4; i++) {
		struct arena *volatile arena = arena_new(1 << 20, leave, &told);

		if (setjmp(end_point) == 0) {
			if (i == 0)
				arena_alloc(arena, SIZE_MAX);
			else if (i == 1)
				arena_array(arena, SIZE_MAX / 2, 3);
			else if (i == 2)
				arena_grow(arena, arena_alloc(arena, 8), 8, SIZE_MAX - 3);
			else
				arena_array(arena, SIZE_MAX / 16 + 1, 16);
		}
		arena_free(arena);
	}
	assert_int_equal(told, 4);
}

static char releases[8];

static void note_release(void *thing)
{
	strcat(releases, thing);
}

static void deferred_things_are_released_last_one_first(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL, NULL);

	releases[0] = 0;
	arena_defer(arena, note_release, arena_strdup(arena, "a"));
	arena_defer(arena, note_release, arena_strdup(arena, "b"));
	arena_defer(arena, note_release, arena_strdup(arena, "c"));
	assert_string_equal(releases, "");
	arena_free(arena);
	assert_string_equal(releases, "cba");
	arena_free(NULL);
}

static void a_thing_is_released_even_when_the_arena_has_no_room_to_remember_it(void **state)
{
	static int told;
	static char thing[] = "x";
	struct arena *volatile arena = arena_new(16, leave, &told);

	told = 0;
	releases[0] = 0;
	if (setjmp(end_point) == 0)
		arena_defer(arena, note_release, thing);
	assert_int_equal(told, 1);
	arena_free(arena);
	assert_string_equal(releases, "x");
}

static void the_newest_allocation_grows_in_place_and_others_move_with_their_bytes(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL, NULL);
	char *first = arena_strdup(arena, "first");
	char *newest = arena_strdup(arena, "newest");
	char *grown = arena_grow(arena, newest, 7, 500);
	char *moved = arena_grow(arena, first, 6, 500);

	assert_ptr_equal(grown, newest);
	assert_ptr_not_equal(moved, first);
	assert_string_equal(grown, "newest");
	assert_string_equal(moved, "first");
	for (int i = 7; i < 500; i++)
		assert_int_equal(grown[i] | moved[i], 0);
	arena_free(arena);
}

static void copies_end_with_a_zero(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL, NULL);

	assert_string_equal(arena_strndup(arena, "hello", 4), "hell");
	assert_string_equal(arena_strndup(arena, "hello", 99), "hello");
	assert_string_equal(arena_printf(arena, "%s-%d", "a", 5), "a-5");
	arena_free(arena);
}

static void a_buf_is_always_a_string_and_grows_without_losing_a_byte(void **state)
{
	struct arena *arena = arena_new(4 << 20, NULL, NULL);
	struct buf buf = buf_new(arena, 0);
	struct buf other = buf_new(arena, 10); /* forces buf to move when it grows */

	assert_string_equal(buf.data, "");
	for (int i = 0; i < 20000; i++) {
		buf_add_char(&buf, (char)('a' + i % 26));
		assert_true(buf.length < buf.capacity);
		if (i % 1000 == 0)
			buf_add_int(&other, i);
	}
	assert_int_equal(strlen(buf.data), 20000);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
	arena_free(arena);
}

static void a_buf_prints_numbers_and_formats_of_any_length(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL, NULL);
	struct buf buf = buf_new(arena, 0);

	buf_add_int(&buf, INT64_MIN);
	buf_add_char(&buf, ' ');
	buf_add_int(&buf, INT64_MAX);
	buf_add_char(&buf, ' ');
	buf_add_int(&buf, 0);
	assert_string_equal(buf.data, "-9223372036854775808 9223372036854775807 0");
	for (int width = 0; width < 400; width++) {
		buf_clear(&buf);
		buf_printf(&buf, "%*d", width, 7);
		assert_int_equal(buf.length, width == 0 ? 1 : width);
		assert_int_equal(buf.data[buf.length - 1], '7');
		assert_int_equal(buf.data[buf.length], 0);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_allocated_is_zero_and_aligned_and_apart),
	    cmocka_unit_test(a_full_arena_tells_its_owner_and_keeps_a_reserve_for_the_last_words),
	    cmocka_unit_test(sizes_that_overflow_are_full_and_not_small),
	    cmocka_unit_test(deferred_things_are_released_last_one_first),
	    cmocka_unit_test(a_thing_is_released_even_when_the_arena_has_no_room_to_remember_it),
	    cmocka_unit_test(the_newest_allocation_grows_in_place_and_others_move_with_their_bytes),
	    cmocka_unit_test(copies_end_with_a_zero),
	    cmocka_unit_test(a_buf_is_always_a_string_and_grows_without_losing_a_byte),
	    cmocka_unit_test(a_buf_prints_numbers_and_formats_of_any_length),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
