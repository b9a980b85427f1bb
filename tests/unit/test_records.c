/* Arrays of structs as relations in statements, against a real PostgreSQL. */
#include "db_work.h"

#include "things.sql.h"

#define SOME_ID                                                                                    \
	{                                                                                          \
		{                                                                                  \
			0x01, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16             \
		}                                                                                  \
	}
#define NIL "00000000-0000-0000-0000-000000000000"
#define NULLS "null, null, null, null, null, null, null, null, null]}"

/* Three records: full, empty as far as it may be, and full again but for other edges. */
static void records_there_and_back(struct task *task)
{
	const struct every_type records[] = {
	    {SOME_ID,
	     "ä",
	     -5,
	     INT64_MIN,
	     true,
	     INT64_C(1795419598123456),
	     0.5,
	     "{\"a\": 1}",
	     {"\0\1", 2},
	     &(struct uuid)SOME_ID,
	     "",
	     &(int32_t){7},
	     &(int64_t){8},
	     &(bool){true},
	     &(int64_t){INT64_MAX},
	     &(double){-1.5},
	     "[]",
	     &(struct bytes){NULL, 0}},
	    {.name = "", .document = "null", .at = INT64_MIN},
	    {.name = "x", .big = INT64_MAX, .document = "2"},
	};
	struct db *db = db_of(task);

	assert_json(task, sql_records(db, 3, records),
	            "[{\"n\":1,\"x\":[\"01020304-0506-7008-800a-0b0c0d0e0f10\", \"ä\", -5, "
	            "-9223372036854775808, true, \"2026-11-23T07:39:58.123456+00:00\", 0.5, "
	            "{\"a\": 1}, \"0001\", \"01020304-0506-7008-800a-0b0c0d0e0f10\", \"\", 7, 8, "
	            "true, \"infinity\", -1.5, [], \"\"]},"
	            "{\"n\":2,\"x\":[\"" NIL
	            "\", \"\", 0, 0, false, \"-infinity\", 0, null, \"\", " NULLS
	            ",{\"n\":3,\"x\":[\"" NIL "\", \"x\", 0, 9223372036854775807, false, "
	            "\"1970-01-01T00:00:00+00:00\", 0, 2, \"\", " NULLS "]");
	assert_json(task, sql_records(db, 0, NULL), "[]");
}

static void parts_of_records(struct task *task)
{
	static const struct pair PAIRS[] = {{1, "one", 10}, {2, NULL, 20}, {3, "three", 30}};

	assert_json(task, sql_pairs(db_of(task), "of", 3, PAIRS),
	            "[{\"n\":\"of 1: one\"},{\"n\":\"of 2: -\"},{\"n\":\"of 3: three\"}]");
	assert_json(task, sql_sum_of_pairs(db_of(task), 3, PAIRS), "[{\"sum\":60,\"twos\":1}]");
	assert_json(task, sql_sum_of_pairs(db_of(task), 0, NULL), "[{\"sum\":0,\"twos\":0}]");
}

static void records_survive(void *arg)
{
	assert_int_equal(outcome(records_there_and_back), PROBLEM_NONE);
	assert_int_equal(outcome(parts_of_records), PROBLEM_NONE);
}

TEST(records_become_relations, records_survive)

int main(void)
{
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	random_begin();
	const struct CMUnitTest tests[] = {cmocka_unit_test(records_become_relations)};
	int failed = cmocka_run_group_tests(tests, set_up, tear_down);
	loop_close();
	return failed;
}
