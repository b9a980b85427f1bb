#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/uuid.h"

static int64_t birth_ms(struct uuid id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.bytes[i];
	return ms;
}

static void new_ids_have_version_7_and_the_variant_of_the_rfc(void **state)
{
	for (int i = 0; i < 1000; i++) {
		struct uuid id = uuid_v7();

		assert_int_equal(id.bytes[6] >> 4, 7);
		assert_int_equal(id.bytes[8] >> 6, 2);
	}
}

static void new_ids_always_grow(void **state)
{
	struct uuid before = uuid_v7();

	for (int i = 0; i < 200000; i++) {
		struct uuid id = uuid_v7();

		assert_true(uuid_compare(before, id) < 0);
		before = id;
	}
}

static void ids_begin_with_the_time_of_their_birth(void **state)
{
	int64_t early = clock_now_us() / 1000;

	/* Counters of earlier ids may have borrowed milliseconds, far less than a second of them.
	 */
	assert_in_range(birth_ms(uuid_v7()), early, early + 1000);
}

static void a_forked_child_makes_other_ids_than_its_parent(void **state)
{
	struct uuid ours, theirs;
	int ends[2];
	pid_t child;

	uuid_v7();
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		theirs = uuid_v7();
		_exit(write(ends[1], &theirs, sizeof(theirs)) == sizeof(theirs) ? 0 : 1);
	}
	ours = uuid_v7();
	assert_int_equal(read(ends[0], &theirs, sizeof(theirs)), sizeof(theirs));
	waitpid(child, NULL, 0);
	assert_memory_not_equal(ours.bytes + 8, theirs.bytes + 8, 8);
	close(ends[0]);
	close(ends[1]);
}

static void text_and_bytes_are_the_same_id(void **state)
{
	for (int i = 0; i < 1000; i++) {
		struct uuid id, back;
		char text[UUID_TEXT_LENGTH + 1];

		for (int j = 0; j < 16; j++)
			id.bytes[j] = (uint8_t)random_u64();
		uuid_format(id, text);
		assert_int_equal(strlen(text), UUID_TEXT_LENGTH);
		assert_true(uuid_parse(text, &back));
		assert_true(uuid_equal(id, back));
	}
}

static void capitals_are_read_and_small_letters_written(void **state)
{
	char text[UUID_TEXT_LENGTH + 1];
	struct uuid id;

	assert_true(uuid_parse("01A2075D-8E60-7475-BF0B-1D77BC03A0CE", &id));
	uuid_format(id, text);
	assert_string_equal(text, "01a2075d-8e60-7475-bf0b-1d77bc03a0ce");
}

static void what_is_no_uuid_is_refused_and_changes_nothing(void **state)
{
	static const char *const BAD[] = {
	    "",
	    "0",
	    "01a2075d",
	    "01a2075d-8e60-7475-bf0b-1d77bc03a0c",
	    "01a2075d-8e60-7475-bf0b-1d77bc03a0ce0",
	    "01a2075d8e607475bf0b1d77bc03a0ce",
	    "01a2075d-8e60-7475-bf0b_1d77bc03a0ce",
	    "01a2075g-8e60-7475-bf0b-1d77bc03a0ce",
	    "{01a2075d-8e60-7475-bf0b-1d77bc03a0c}",
	    " 01a2075d-8e60-7475-bf0b-1d77bc03a0ce",
	};
	struct uuid id = {0};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_false(uuid_parse(BAD[i], &id));
	assert_true(uuid_is_nil(id));
}

struct item {
	int number;
	struct list_node node;
};

static void a_list_keeps_its_order_while_items_leave_it(void **state)
{
	struct list_node list, *at, *next;
	struct item items[5];
	int seen = 0;

	list_init(&list);
	assert_null(list_first(&list));
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		list_push_back(&list, &items[i].node);
	}
	LIST_EACH(at, next, &list)
	{
		struct item *item = CONTAINER_OF(at, struct item, node);

		assert_int_equal(item->number, seen++);
		if (item->number % 2 == 0)
			list_remove(at);
	}
	assert_int_equal(seen, 5);
	list_remove(&items[0].node); /* once more does no harm */
	list_push_front(&list, &items[0].node);
	assert_ptr_equal(list_pop_front(&list), &items[0].node);
	assert_ptr_equal(list_pop_front(&list), &items[1].node);
	assert_ptr_equal(list_pop_front(&list), &items[3].node);
	assert_null(list_pop_front(&list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_ids_have_version_7_and_the_variant_of_the_rfc),
	    cmocka_unit_test(ids_begin_with_the_time_of_their_birth),
	    cmocka_unit_test(new_ids_always_grow),
	    cmocka_unit_test(a_forked_child_makes_other_ids_than_its_parent),
	    cmocka_unit_test(text_and_bytes_are_the_same_id),
	    cmocka_unit_test(capitals_are_read_and_small_letters_written),
	    cmocka_unit_test(what_is_no_uuid_is_refused_and_changes_nothing),
	    cmocka_unit_test(a_list_keeps_its_order_while_items_leave_it),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
