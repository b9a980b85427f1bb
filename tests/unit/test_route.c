#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/route.h"

static const struct operation TABLE[] = {
    {.id = "home", .method = "GET", .path = "/"},
    {.id = "things", .method = "GET", .path = "/v1/things"},
    {.id = "make", .method = "POST", .path = "/v1/things"},
    {.id = "thing", .method = "GET", .path = "/v1/things/{thing_id}"},
    {.id = "facets", .method = "GET", .path = "/v1/things/facets"},
    {.id = "page", .method = "GET", .path = "/pages/{path}", .takes_rest = true},
    {.id = "pages", .method = "GET", .path = "/pages"},
    {.id = "part", .method = "DELETE", .path = "/v1/things/{thing_id}/parts/{part_id}"},
};

struct fixture {
	struct routes *routes;
	struct arena *arena;
	struct route_match match;
};

static struct fixture fix;

static int set_up(void **state)
{
	(void)state;
	fix.routes = routes_new(TABLE, sizeof(TABLE) / sizeof(TABLE[0]));
	fix.arena = arena_new(1024 * 1024, NULL, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	routes_free(fix.routes);
	arena_free(fix.arena);
	return 0;
}

static enum route_result go(const char *method, const char *path)
{
	return route_find(fix.routes, fix.arena, method, path, &fix.match);
}

static void a_path_leads_to_its_operation(void **state)
{
	static const char *const CASES[][3] = {
	    {"GET", "/", "home"},
	    {"GET", "/v1/things", "things"},
	    {"HEAD", "/v1/things", "things"},
	    {"POST", "/v1/things", "make"},
	    {"GET", "/v1/things/facets", "facets"},
	    {"GET", "/v1/things/face", "thing"},
	    {"DELETE", "/v1/things/facets/parts/7", "part"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_int_equal(go(CASES[i][0], CASES[i][1]), ROUTE_FOUND);
		assert_string_equal(fix.match.operation->id, CASES[i][2]);
	}
}

static void parameters_are_decoded_and_named(void **state)
{
	(void)state;
	assert_int_equal(go("DELETE", "/v1/things/a%20b/parts/%C3%A9"), ROUTE_FOUND);
	assert_string_equal(route_param(&fix.match, "thing_id"), "a b");
	assert_string_equal(route_param(&fix.match, "part_id"), "é");
	assert_null(route_param(&fix.match, "other"));
}

static void a_parameter_that_takes_the_rest_has_all_that_follows(void **state)
{
	static const char *const CASES[][2] = {
	    {"/pages/", ""},
	    {"/pages/a", "a"},
	    {"/pages/a/b%20c/%C3%A9.js", "a/b c/é.js"},
	    {"/pages/a/b/", "a/b"},
	};

	(void)state;
	assert_int_equal(go("GET", "/pages"), ROUTE_FOUND);
	assert_string_equal(fix.match.operation->id, "pages");
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_int_equal(go("GET", CASES[i][0]), ROUTE_FOUND);
		assert_string_equal(fix.match.operation->id, "page");
		assert_string_equal(route_param(&fix.match, "path"), CASES[i][1]);
	}
	assert_int_equal(go("GET", "/pages//"), ROUTE_NO_PATH);
	assert_int_equal(go("GET", "/pages/a//b"), ROUTE_NO_PATH);
	assert_int_equal(go("POST", "/pages/a"), ROUTE_NO_METHOD);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const PATHS[] = {
	    "",
	    "v1",
	    "//",
	    "/v1",
	    "/v1/things/",
	    "/v1//things",
	    "/V1/things",
	    "/v1/thing",
	    "/v1/",
	    "/v1/things/1/parts",
	    "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
		assert_int_equal(go("GET", PATHS[i]), ROUTE_NO_PATH);
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
	(void)state;
	assert_int_equal(go("PUT", "/v1/things"), ROUTE_NO_METHOD);
	assert_string_equal(route_allow(fix.arena, fix.match.allowed), "GET, HEAD, POST, OPTIONS");
	assert_int_equal(go("BREW", "/v1/things"), ROUTE_NO_METHOD);
	assert_int_equal(go("OPTIONS", "/v1/things"), ROUTE_OPTIONS);
	assert_int_equal(go("OPTIONS", "/nowhere"), ROUTE_NO_PATH);
}

static void bad_encoding_is_malformed(void **state)
{
	static const char *const PATHS[] = {"/v1/things/%", "/v1/things/%00", "/v1/things/%2F",
	                                    "/v1/things/%ff", "/v1/things/\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
		assert_int_equal(go("GET", PATHS[i]), ROUTE_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_leads_to_its_operation),
	    cmocka_unit_test(parameters_are_decoded_and_named),
	    cmocka_unit_test(a_parameter_that_takes_the_rest_has_all_that_follows),
	    cmocka_unit_test(what_is_not_there_is_not_found),
	    cmocka_unit_test(a_wrong_method_is_told_the_right_ones),
	    cmocka_unit_test(bad_encoding_is_malformed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
