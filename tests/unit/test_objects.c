/* The object store: each test of objects.h in a folder and in S3, and what concerns the folder
 * only. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "objects_scene.h"

enum { MANY = 40 };

ON_FIBER(what_was_put_can_be_read_replaced_and_deleted)
{
	static const char KEY[] = "public/ab/cd.jpg";
	int64_t bytes;
	struct object_piece piece;

	assert_int_equal(objects_head(objects, KEY, soon(), &bytes), -ENOENT);
	assert_int_equal(objects_get(objects, arena, KEY, 0, 10, soon(), &piece), -ENOENT);
	assert_int_equal(put_text(KEY, "first"), 0);
	expect_text(KEY, "first");
	assert_int_equal(put_text(KEY, "the second"), 0);
	expect_text(KEY, "the second");
	assert_int_equal(objects_head(objects, KEY, soon(), &bytes), 0);
	assert_int_equal(bytes, 10);
	assert_int_equal(objects_delete(objects, KEY, soon()), 0);
	assert_int_equal(objects_head(objects, KEY, soon(), &bytes), -ENOENT);
	assert_int_equal(objects_delete(objects, KEY, soon()), 0);
	assert_int_equal(objects_delete(objects, "private/never/was.pdf", soon()), 0);
}

ON_FIBER(a_part_of_an_object_is_read)
{
	static const struct {
		int64_t offset;
		size_t length_max;
		const char *wanted;
	} PARTS[] = {{0, 3, "012"}, {3, 4, "3456"}, {8, 100, "89"}, {10, 5, ""}, {99, 5, ""}};
	struct object_piece piece;

	assert_int_equal(put_text("private/digits.csv", "0123456789"), 0);
	for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
		assert_int_equal(objects_get(objects, arena, "private/digits.csv", PARTS[i].offset,
		                             PARTS[i].length_max, soon(), &piece),
		                 0);
		assert_int_equal(piece.length, strlen(PARTS[i].wanted));
		assert_memory_equal(piece.bytes, PARTS[i].wanted, piece.length);
		assert_int_equal(piece.total, 10);
	}
}

ON_FIBER(a_copy_is_independent_of_its_source)
{
	assert_int_equal(objects_copy(objects, "incoming/none", "private/none", soon()), -ENOENT);
	assert_int_equal(put_text("incoming/a", "one"), 0);
	assert_int_equal(put_text("private/a.pdf", "old"), 0);
	assert_int_equal(objects_copy(objects, "incoming/a", "private/a.pdf", soon()), 0);
	assert_int_equal(objects_copy(objects, "incoming/a", "private/a.pdf", soon()), 0);
	assert_int_equal(put_text("incoming/a", "two"), 0);
	expect_text("private/a.pdf", "one");
	assert_int_equal(objects_delete(objects, "incoming/a", soon()), 0);
	expect_text("private/a.pdf", "one");
}

ON_FIBER(large_objects_arrive_whole)
{
	static const int64_t LENGTHS[] = {1, OBJECT_PIECE_BYTES - 1, OBJECT_PIECE_BYTES,
	                                  2 * (int64_t)OBJECT_PIECE_BYTES + 5};

	for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		struct pattern pattern = {.length = LENGTHS[i]};

		assert_int_equal(objects_put_stream(objects, "private/large.mp4", read_pattern,
		                                    &pattern, soon()),
		                 0);
		expect_pattern("private/large.mp4", LENGTHS[i]);
	}
}

ON_FIBER(a_put_whose_source_fails_leaves_nothing)
{
	static const int64_t LENGTHS[] = {0, 100, OBJECT_PIECE_BYTES + 100};
	int64_t bytes;

	for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		struct pattern pattern = {.length = LENGTHS[i], .error = -ECONNRESET};

		assert_int_equal(objects_put_stream(objects, "private/broken.mp4", read_pattern,
		                                    &pattern, soon()),
		                 -ECONNRESET);
		assert_int_equal(objects_head(objects, "private/broken.mp4", soon(), &bytes),
		                 -ENOENT);
	}
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Words that sort differently as names of folders and in keys: '-' and '.' are less than '/'. */
static const char *random_key(void)
{
	static const char *const WORDS[] = {"a", "a-b", "a.b", "a_b", "aa", "b", "0"};
	struct buf key = buf_new(arena, 64);

	buf_add_str(&key, "private/list/");
	for (uint64_t depth = random_u64() % 4; depth > 0; depth--)
		buf_printf(&key, "%s/", WORDS[random_u64() % 7]);
	buf_printf(&key, "%s.jpg", WORDS[random_u64() % 7]);
	return key.data;
}

ON_FIBER(objects_are_listed_in_the_order_of_their_keys)
{
	const char *keys[MANY], *after = "";
	size_t kept = 0, seen = 0;

	for (size_t i = 0; i < MANY; i++) {
		keys[i] = random_key();
		assert_int_equal(put_text(keys[i], keys[i]), 0);
	}
	qsort(keys, MANY, sizeof(keys[0]), compare_keys);
	for (size_t i = 0; i < MANY; i++)
		if (i == 0 || strcmp(keys[i], keys[kept - 1]) != 0)
			keys[kept++] = keys[i];
	assert_int_equal(put_text("private/other.jpg", "x"), 0);
	for (size_t count = 7; count == 7;) {
		struct object_entry *entries;

		assert_int_equal(objects_list(objects, arena, "private/list/", after, 7, soon(),
		                              &count, &entries),
		                 0);
		for (size_t i = 0; i < count; i++, seen++) {
			assert_true(seen < kept);
			assert_string_equal(entries[i].key, keys[seen]);
			assert_int_equal(entries[i].bytes, strlen(keys[seen]));
			after = entries[i].key;
		}
	}
	assert_int_equal(seen, kept);
}

ON_FIBER(a_prefix_may_end_within_a_name)
{
	struct object_entry *entries;
	size_t count;

	assert_int_equal(put_text("public/prefix/abc.jpg", "x"), 0);
	assert_int_equal(put_text("public/prefix/abd/e.jpg", "x"), 0);
	assert_int_equal(
	    objects_list(objects, arena, "public/prefix/ab", "", 10, soon(), &count, &entries), 0);
	assert_int_equal(count, 2);
	assert_int_equal(
	    objects_list(objects, arena, "public/prefix/abd", "", 10, soon(), &count, &entries), 0);
	assert_int_equal(count, 1);
	assert_int_equal(
	    objects_list(objects, arena, "public/nothing/", "", 10, soon(), &count, &entries), 0);
	assert_int_equal(count, 0);
}

static void keys_are_ours(void **state)
{
	static const char *const VALID[] = {"public/a", "private/0-_.x/y.jpg", "incoming/a"};
	static const char *const INVALID[] = {
	    "",          "public",        "public/",    "/public/a",   "public//a",  "public/../a",
	    "public/.a", "public/a/.b/c", "public/A",   "public/a b",  "other/a",    "public/a/",
	    "public/é",  "public/a%2f",   "tmp/public", "public/a\\b", "public/a\nb"};
	char longest[OBJECT_KEY_MAX + 2] = "public/";

	for (size_t i = 0; i < sizeof(VALID) / sizeof(VALID[0]); i++)
		assert_true(object_key_is_valid(VALID[i]));
	for (size_t i = 0; i < sizeof(INVALID) / sizeof(INVALID[0]); i++)
		if (object_key_is_valid(INVALID[i]))
			fail_msg("%s is valid", INVALID[i]);
	memset(longest + 7, 'a', OBJECT_KEY_MAX - 7);
	assert_true(object_key_is_valid(longest));
	longest[OBJECT_KEY_MAX] = 'a';
	assert_false(object_key_is_valid(longest));
	assert_string_equal(object_content_type("public/a.webp"), "image/webp");
	assert_string_equal(object_content_type("public/a.html"), "application/octet-stream");
	assert_string_equal(object_content_type("incoming/a"), "application/octet-stream");
}

/* The folder. */

static size_t count_files(const char *name)
{
	char command[128];
	size_t count = 0;
	FILE *found;

	snprintf(command, sizeof(command), "find %s/%s -type f | wc -l", folder, name);
	found = popen(command, "r");
	assert_non_null(found);
	assert_int_equal(fscanf(found, "%zu", &count), 1);
	pclose(found);
	return count;
}

static void the_folder_keeps_no_temporary_files(void **state)
{
	assert_int_equal(count_files("tmp"), 0);
}

static void what_a_killed_process_left_is_removed_after_a_day(void **state)
{
	static const struct objects_settings NONE = {
	    .secret = SECRET, .secret_previous = "", .public_url = ""};
	struct objects_settings settings = NONE;
	struct timespec old[2] = {{.tv_sec = time(NULL) - 90000}, {.tv_sec = time(NULL) - 90000}};
	struct objects *opened;
	char path[128];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/tmp/left%d", folder, i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
		if (i == 0)
			assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	}
	settings.folder = folder;
	assert_int_equal(objects_open(&settings, &opened), 0);
	objects_close(opened);
	assert_int_equal(count_files("tmp"), 1);
	unlink(path);
}

static char synced[512]; /* folders, in order, each with a space */

/* Replaces the C library's. */
int fsync(int fd)
{
	char link[64], path[256];
	struct stat of;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length > 0 && fstat(fd, &of) == 0 && S_ISDIR(of.st_mode)) {
		path[length] = '\0';
		strncat(synced, strrchr(path, '/') + 1, sizeof(synced) - strlen(synced) - 2);
		strcat(synced, " ");
	}
	return (int)syscall(SYS_fsync, fd);
}

static void expect_synced(const char *folders)
{
	assert_string_equal(synced, folders);
	synced[0] = '\0';
}

ON_FIBER(a_folder_is_synced_with_all_that_is_new_in_it)
{
	char path[128];

	assert_int_equal(put_text("private/first.csv", "x"), 0);
	synced[0] = '\0';
	assert_int_equal(put_text("private/way/deep/a.csv", "x"), 0);
	expect_synced("deep way private ");
	assert_int_equal(put_text("private/way/deep/b.csv", "x"), 0);
	expect_synced("deep ");
	snprintf(path, sizeof(path), "%s/private/way/other", folder);
	assert_int_equal(mkdir(path, 0700), 0); /* another process, which may not sync it */
	assert_int_equal(
	    objects_copy(objects, "private/way/deep/b.csv", "private/way/other/c.csv", soon()), 0);
	expect_synced("other way ");
	assert_int_equal(objects_delete(objects, "private/way/other/c.csv", soon()), 0);
	expect_synced("other ");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(put_text("private/way/other/d.csv", "x"), 0);
	expect_synced("other way ");
}

ON_FIBER(a_folder_that_cannot_be_written_is_an_error)
{
	struct object_piece piece;

	assert_int_equal(put_text("private/kept.csv", "kept"), 0);
	assert_int_equal(put_text("private/kept.csv/below.csv", "x"), -EIO);
	assert_int_equal(objects_get(objects, arena, "private/list", 0, 1, soon(), &piece),
	                 -ENOENT);
	expect_text("private/kept.csv", "kept");
}

#define ON_BOTH                                                                                    \
	cmocka_unit_test(what_was_put_can_be_read_replaced_and_deleted),                           \
	    cmocka_unit_test(a_part_of_an_object_is_read),                                         \
	    cmocka_unit_test(a_copy_is_independent_of_its_source),                                 \
	    cmocka_unit_test(large_objects_arrive_whole),                                          \
	    cmocka_unit_test(a_put_whose_source_fails_leaves_nothing),                             \
	    cmocka_unit_test(objects_are_listed_in_the_order_of_their_keys),                       \
	    cmocka_unit_test(a_prefix_may_end_within_a_name)

int main(void)
{
	static const struct CMUnitTest IN_FOLDER[] = {
	    cmocka_unit_test(keys_are_ours),
	    ON_BOTH,
	    cmocka_unit_test(the_folder_keeps_no_temporary_files),
	    cmocka_unit_test(what_a_killed_process_left_is_removed_after_a_day),
	    cmocka_unit_test(a_folder_is_synced_with_all_that_is_new_in_it),
	    cmocka_unit_test(a_folder_that_cannot_be_written_is_an_error),
	};
	static const struct CMUnitTest IN_S3[] = {ON_BOTH};
	int failed;

	random_begin();
	failed = cmocka_run_group_tests(IN_FOLDER, scene_open_folder, scene_close_folder) +
	         cmocka_run_group_tests(IN_S3, scene_open_s3, scene_close_s3);
	loop_close();
	return failed;
}
