/* The object store in S3: failures, links and keys. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "net/http_client.h"
#include "objects_scene.h"

enum { SOON_MS = 300 };

#define ORIGIN "http://shop.test:8080" /* of the folder's links; S3 ignores it */

ON_FIBER(a_failure_that_passes_is_retried)
{
	static const char *const KEYS[] = {
	    "private/x-fails-503-slow-2-.csv", "private/x-fails-500-internal-1-.csv",
	    "private/x-fails-400-slow-1-.csv", "private/x-breaks-2-.csv"};

	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
		assert_int_equal(put_text(KEYS[i], "here"), 0);
		expect_text(KEYS[i], "here");
	}
	assert_int_equal(put_text("private/x-half-1-.csv", "0123456789"), 0);
	expect_text("private/x-half-1-.csv", "0123456789");
}

ON_FIBER(a_failure_that_stays_is_an_error)
{
	assert_int_equal(put_text("private/x-fails-503-slow-99-.csv", "x"), -EAGAIN);
	assert_int_equal(put_text("private/x-fails-403-denied-99-.csv", "x"), -EACCES);
	assert_int_equal(put_text("private/x-breaks-99-.csv", "x"), -EAGAIN);
	assert_int_equal(objects_put(objects, "private/x-fails-503-slow-98-.csv", "x", 1,
	                             loop_now_ms() + SOON_MS),
	                 -ETIMEDOUT);
}

ON_FIBER(the_end_is_found_where_the_store_does_not_say_it)
{
	static const char KEY[] = "private/x-unsaid-.csv";
	struct object_piece piece;

	assert_int_equal(put_text(KEY, "0123456789"), 0);
	for (int64_t offset = 10; offset < 12; offset++) {
		assert_int_equal(objects_get(objects, arena, KEY, offset, 5, soon(), &piece), 0);
		assert_int_equal(piece.length, 0);
		assert_int_equal(piece.total, 10);
	}
	assert_int_equal(put_text(KEY, ""), 0);
	expect_text(KEY, "");
	assert_int_equal(
	    objects_get(objects, arena, "private/x-unsaid-none.csv", 10, 5, soon(), &piece),
	    -ENOENT);
}

ON_FIBER(an_upload_in_parts_survives_failures)
{
	static const char KEY[] = "private/x-fails-503-slow-2-.mp4";
	struct pattern pattern = {.length = OBJECT_PIECE_BYTES + 10};

	assert_int_equal(objects_put_stream(objects, KEY, read_pattern, &pattern, soon()), 0);
	expect_pattern(KEY, pattern.length);
}

static void fetch_link(const char *method, const char *url, const char *type, const char *body,
                       struct http_client_response *ret)
{
	struct http_header header = {"Content-Type", type};

	assert_int_equal(http_client_send(arena,
	                                  &(struct http_client_request){
	                                      .method = method,
	                                      .url = url,
	                                      .headers = &header,
	                                      .header_count = type != NULL ? 1 : 0,
	                                      .body = body,
	                                      .body_length = strlen(body),
	                                      .trusted = true,
	                                  },
	                                  soon(), ret),
	                 0);
}

ON_FIBER(a_link_of_s3_lets_a_client_send_and_read_one_object)
{
	struct http_client_response response;
	const char *url;

	assert_int_equal(
	    objects_presign_put(objects, arena, ORIGIN, "incoming/photo.jpg", 5, 60, soon(), &url),
	    0);
	assert_string_equal(objects_put_origin(objects, arena), endpoint);
	fetch_link("PUT", url, "image/png", "photo", &response);
	assert_int_equal(response.status, 403);
	fetch_link("PUT", url, "image/jpeg", "too long", &response);
	assert_int_equal(response.status, 403);
	fetch_link("PUT", url, "image/jpeg", "photo", &response);
	assert_int_equal(response.status, 200);
	expect_text("incoming/photo.jpg", "photo");
	assert_int_equal(
	    objects_presign_get(objects, arena, ORIGIN, "incoming/photo.jpg", 60, soon(), &url), 0);
	fetch_link("GET", url, NULL, "", &response);
	assert_int_equal(response.status, 200);
	assert_string_equal(response.body, "photo");
	fetch_link("GET", arena_printf(arena, "%s0", url), NULL, "", &response);
	assert_int_equal(response.status, 403);
}

ON_FIBER(the_keys_of_a_machine_are_fetched_and_renewed_when_refused)
{
	struct objects_settings settings = {.where = OBJECTS_IN_S3,
	                                    .bucket = "shop",
	                                    .public_endpoint = "",
	                                    .region = "eu-central-1",
	                                    .endpoint = endpoint,
	                                    .access_key = "",
	                                    .secret_key = "",
	                                    .encryption = "",
	                                    .public_url = "",
	                                    .path_style = true};
	struct objects *machine;
	int64_t bytes;

	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", arena_printf(arena, "%s/roles", endpoint), 1);
	assert_int_equal(objects_open(&settings, &machine), 0);
	assert_int_equal(objects_put(machine, "private/by-machine.csv", "x", 1, soon()), 0);
	assert_int_equal(objects_head(machine, "private/by-machine.csv", soon(), &bytes), 0);
	assert_int_equal(objects_put(machine, "private/x-fails-400-expired-1-.csv", "x", 1, soon()),
	                 0);
	objects_close(machine);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", arena_printf(arena, "%s/none", endpoint), 1);
	assert_int_equal(objects_open(&settings, &machine), 0);
	assert_int_equal(objects_put(machine, "private/by-machine.csv", "x", 1, soon()), -EACCES);
	objects_close(machine);
}

ON_FIBER(a_short_page_is_not_the_end_of_a_list)
{
	struct object_entry *entries;
	size_t count;

	for (int i = 0; i < 8; i++)
		assert_int_equal(put_text(arena_printf(arena, "private/x-short-/%d", i), "x"), 0);
	assert_int_equal(
	    objects_list(objects, arena, "private/x-short-/", "", 7, soon(), &count, &entries), 0);
	assert_int_equal(count, 7);
	for (int i = 0; i < 7; i++)
		assert_string_equal(entries[i].key, arena_printf(arena, "private/x-short-/%d", i));
	assert_int_equal(objects_list(objects, arena, "private/x-short-/", entries[6].key, 7,
	                              soon(), &count, &entries),
	                 0);
	assert_int_equal(count, 1);
	assert_string_equal(entries[0].key, "private/x-short-/7");
	assert_int_equal(
	    objects_list(objects, arena, "private/x-endless-/", "", 7, soon(), &count, &entries),
	    -EAGAIN);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(a_failure_that_passes_is_retried),
	    cmocka_unit_test(a_failure_that_stays_is_an_error),
	    cmocka_unit_test(the_end_is_found_where_the_store_does_not_say_it),
	    cmocka_unit_test(an_upload_in_parts_survives_failures),
	    cmocka_unit_test(a_short_page_is_not_the_end_of_a_list),
	    cmocka_unit_test(a_link_of_s3_lets_a_client_send_and_read_one_object),
	    cmocka_unit_test(the_keys_of_a_machine_are_fetched_and_renewed_when_refused),
	};
	int failed;

	random_begin();
	failed = cmocka_run_group_tests(TESTS, scene_open_s3, scene_close_s3);
	loop_close();
	return failed;
}
