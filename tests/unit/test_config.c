#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config.h"
#include "node/conninfo.h"
#include "node/secret.h"

static struct config config;
static char error[256];

static int load_with(const char *name, const char *value)
{
	int rc;

	setenv(name, value, 1);
	rc = config_load(&config, error, sizeof(error));
	unsetenv(name);
	return rc;
}

static void defaults_are_valid(void **state)
{
	(void)state;
	assert_int_equal(config_load(&config, error, sizeof(error)), 0);
	assert_string_equal(config.listen, "127.0.0.1:8080");
	assert_true(config.processes >= 1);
	assert_int_equal(config.commission_basis_points, 1000);
}

static void an_empty_variable_counts_as_not_set(void **state)
{
	(void)state;
	assert_int_equal(load_with("SEBEZ_DRAIN_MS", ""), 0);
	assert_int_equal(config.drain_ms, 10000);
}

/* Each is wrong alone. */
static const char *const BAD[][2] = {
    {"SEBEZ_PROCESSES", "two"},
    {"SEBEZ_PROCESSES", "-1"},
    {"SEBEZ_PROCESSES", "2 "},
    {"SEBEZ_PROCESSES", "99999999999999999999"},
    {"SEBEZ_CACHE", "maybe"},
    {"SEBEZ_LOG_LEVEL", "loud"},
    {"SEBEZ_LOG_LEVEL", "info warn"},
    {"SEBEZ_LISTEN", "8080"},
    {"SEBEZ_LISTEN", "127.0.0.1:"},
    {"SEBEZ_LISTEN", "127.0.0.1:65536"},
    {"SEBEZ_LISTEN", "::1:80"},
    {"SEBEZ_CURRENCY", "usd"},
    {"SEBEZ_CURRENCY", "US"},
    {"SEBEZ_LANGUAGE", "sw"},
    {"SEBEZ_LANGUAGE", "AM"},
    {"SEBEZ_COMPLETE_DAYS", "0"},
    {"SEBEZ_SECRET", "short"},
    {"SEBEZ_SECRET_PREVIOUS", "short"},
    {"SEBEZ_SECRET_PREVIOUS", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"SEBEZ_BACKUP_URL", "https://bucket"},
    {"SEBEZ_BACKUP_URL", "s3://b/"},
    {"SEBEZ_BACKUP_URL", "s3://bucket/a//b"},
    {"SEBEZ_BACKUP_URL", "s3://bucket/good"}, /* without a folder */
    {"BACKUP_S3_ENDPOINT", "minio:9000"},
    {"BACKUP_S3_ENDPOINT", "https://minio:9000"}, /* which would get the key for images */
    {"BACKUP_S3_REGION", "EU west"},
    {"BACKUP_S3_ACCESS_KEY_ID", "alone"},
    {"BACKUP_S3_SECRET_ACCESS_KEY", "alone"},
    {"SEBEZ_ALLOWED_NETWORKS", "localhost"},
    {"SEBEZ_ALLOWED_NETWORKS", "10.0.0.1/8"},
    {"SEBEZ_CA_FILE", "/no/such/file"},
    {"SEBEZ_ORIGINS", "*"},
    {"SEBEZ_ORIGINS", "null"},
    {"SEBEZ_ORIGINS", "https://a.example/"},
    {"SEBEZ_ORIGINS", "https://a.example:443"},
    {"SEBEZ_ORIGINS", "https://A.example"},
    {"SEBEZ_ORIGINS", "a.example"},
    {"SEBEZ_ORIGINS", "https://a.example,https://b.example"},
    {"SEBEZ_ORIGINS", "http://a:0"},
    {"SEBEZ_ORIGINS", "http://[::1"},
    {"SEBEZ_ORIGINS", "https://u@a.example"},
    {"REDIS_URL", "localhost:6379"},
    {"FCM_ORIGIN", "https://fcm.example/"},
    {"APNS_ORIGIN", "apns.example"},
    {"APNS_SANDBOX_ORIGIN", "https://APNS.example"},
    {"APNS_KEY_FILE", "/etc/alone.p8"},
    {"VAPID_KEY_FILE", "/etc/alone.pem"},
    {"EXPO_ACCESS_TOKEN", "two words"},
    {"SEBEZ_SMTP_URL", "smtp://localhost"},
    {"SEBEZ_SMTP_URL", "http://localhost"},
    {"SEBEZ_MAIL_FROM", "Shop <shop@shop.example>"},
    {"SEBEZ_DKIM_KEY_FILE", "/etc/alone.pem"},
    {"SEBEZ_DKIM_SELECTOR", "alone"},
    {"EXPO_ORIGIN", "https://exp.host https://exp.host"},
    {"IOS_APP_IDS", "com.example.shop"},
    {"IOS_APP_IDS", "ABCDE12345.com.example.shop abcde12345.com.example.shop"},
    {"IOS_APP_IDS", "ABCDE12345."},
    {"ANDROID_PACKAGE", "com.example.shop"}, /* without a certificate */
    {"ANDROID_PACKAGE", "com/example"},
    {"ANDROID_CERTIFICATES", "14:6D"},
    {"S3_BUCKET", "My_Bucket"},
    {"S3_BUCKET", "a..b"},
    {"S3_ENDPOINT", "minio:9000"},
    {"S3_ENDPOINT", "ftp://minio"},
    {"S3_ENDPOINT", "http://minio:9000/"},
    {"S3_ENDPOINT", "http://a http://b"},
    {"S3_PUBLIC_URL", "https://minio:443"},
    {"S3_REGION", "EU west"},
    {"S3_ACCESS_KEY_ID", "alone"},
    {"S3_SECRET_ACCESS_KEY", "alone"},
    {"S3_ENCRYPTION", "rot13"},
    {"SEBEZ_MEDIA_STORE", "s3"}, /* without a bucket */
    {"SEBEZ_MEDIA_STORE", "folder+s3"},
    {"SEBEZ_MEDIA_URL", "https://cdn.example/"},
    {"SEBEZ_MEDIA_URL", "https://cdn.example/a?b"},
    {"SEBEZ_MEDIA_URL", "//cdn.example"},
    {"SEBEZ_MEDIA_PROCESSES", "-1"},
    {"REDIS_URL", "redis://host:port"},
};

static void every_bad_value_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		assert_int_not_equal(load_with(BAD[i][0], BAD[i][1]), 0);
		assert_non_null(strstr(error, BAD[i][0]));
	}
}

static void a_bucket_is_where_images_and_files_are(void **state)
{
	static struct config in_bucket, moving; /* texts live as long as the process */

	(void)state;
	assert_int_equal(config_load(&config, error, sizeof(error)), 0);
	assert_int_equal(config.media_store, MEDIA_STORE_FOLDER);
	setenv("S3_BUCKET", "shop", 1);
	assert_int_equal(config_load(&in_bucket, error, sizeof(error)), 0);
	assert_int_equal(in_bucket.media_store, MEDIA_STORE_S3);
	setenv("SEBEZ_MEDIA_STORE", "folder+s3", 1);
	assert_int_equal(config_load(&moving, error, sizeof(error)), 0);
	assert_int_equal(moving.media_store, MEDIA_STORE_FOLDER_S3);
	unsetenv("SEBEZ_MEDIA_STORE");
	unsetenv("S3_BUCKET");
}

static void a_secret_is_not_repeated(void **state)
{
	char long_value[300];

	(void)state;
	memset(long_value, 'k', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	assert_int_not_equal(load_with("SEBEZ_SECRET", long_value), 0);
	assert_non_null(strstr(error, "SEBEZ_SECRET"));
	assert_null(strstr(error, "kkk"));
}

/* Loads with NAME_FILE naming a file with this content. */
static int load_with_file(const char *name, const char *content)
{
	char path[] = "/tmp/sebez-setting-XXXXXX", name_of_file[80];
	int fd = mkstemp(path);
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
	snprintf(name_of_file, sizeof(name_of_file), "%s_FILE", name);
	rc = load_with(name_of_file, path);
	unlink(path);
	return rc;
}

static void a_setting_may_be_the_content_of_a_file(void **state)
{
	static struct config fresh; /* texts live as long as the process */

	(void)state;
	assert_int_equal(load_with_file("SEBEZ_DRAIN_MS", "1234\n"), 0);
	assert_int_equal(config.drain_ms, 1234);
	assert_string_equal(getenv("SEBEZ_DRAIN_MS"), "1234"); /* for children */
	assert_null(getenv("SEBEZ_DRAIN_MS_FILE"));
	unsetenv("SEBEZ_DRAIN_MS");
	assert_int_equal(load_with_file("SEBEZ_MAIL_NAME", "A shop\n\n"), 0);
	assert_string_equal(config.mail_name, "A shop\n"); /* one newline does not count */
	unsetenv("SEBEZ_MAIL_NAME");
	assert_int_equal(config_load(&fresh, error, sizeof(error)), 0);
}

static void a_file_that_holds_no_value_is_refused_by_name_and_never_repeated(void **state)
{
	char long_value[5000];

	(void)state;
	memset(long_value, 'k', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	assert_int_not_equal(load_with("SEBEZ_SECRET_FILE", "/no/such/file"), 0);
	assert_non_null(strstr(error, "SEBEZ_SECRET_FILE"));
	assert_non_null(strstr(error, "No such file"));
	assert_int_not_equal(load_with("SEBEZ_SECRET_FILE", "/tmp"), 0);
	assert_non_null(strstr(error, "directory"));
	assert_int_not_equal(load_with_file("SEBEZ_SECRET", "\n"), 0);
	assert_non_null(strstr(error, "empty"));
	unsetenv("SEBEZ_SECRET");
	assert_int_not_equal(load_with_file("SEBEZ_SECRET", long_value), 0);
	assert_non_null(strstr(error, "SEBEZ_SECRET_FILE"));
	assert_null(strstr(error, "kkk"));
	assert_int_not_equal(load_with_file("SEBEZ_SECRET", "kkkkkkkkkkkkkkkkkkkkkkkk"), 0);
	assert_non_null(strstr(error, "SEBEZ_SECRET"));
	assert_null(strstr(error, "kkk"));
	unsetenv("SEBEZ_SECRET");
}

static void a_setting_and_its_file_are_not_given_both(void **state)
{
	(void)state;
	setenv("REDIS_URL", "unix:/a", 1);
	assert_int_not_equal(load_with_file("REDIS_URL", "unix:/b"), 0);
	assert_non_null(strstr(error, "REDIS_URL and REDIS_URL_FILE"));
	unsetenv("REDIS_URL");
}

/* Else it would be unclear whether X_FILE is that setting or the file of X. */
static void no_setting_is_called_like_the_file_of_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		for (size_t j = 0; j < OPTION_COUNT; j++) {
			size_t length = strlen(OPTIONS[i].name);

			assert_false(strncmp(OPTIONS[j].name, OPTIONS[i].name, length) == 0 &&
			             strcmp(OPTIONS[j].name + length, "_FILE") == 0);
		}
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
	char host[80];
	int port;

	(void)state;
	assert_true(config_split_listen("[::1]:8080", host, sizeof(host), &port));
	assert_string_equal(host, "::1");
	assert_int_equal(port, 8080);
}

static void a_secret_is_hexadecimal_or_base64(void **state)
{
	struct secret a, b;

	(void)state;
	assert_true(
	    secret_parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", &a));
	assert_true(secret_parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", &b));
	assert_memory_equal(a.key, b.key, SECRET_BYTES);
	assert_false(secret_parse("short", &a));
	assert_false(secret_parse("", &a));
}

static void passwords_of_roles_differ_and_stay(void **state)
{
	struct secret secret = {{1, 2, 3}};
	char one[SECRET_TEXT_LENGTH + 1], again[SECRET_TEXT_LENGTH + 1],
	    other[SECRET_TEXT_LENGTH + 1];

	(void)state;
	secret_role_password(&secret, "sebez_public", one);
	secret_role_password(&secret, "sebez_public", again);
	secret_role_password(&secret, "sebez_admin", other);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
}

static void the_base_conninfo_has_no_login(void **state)
{
	char admin[1024], base[1024];

	(void)state;
	assert_int_equal(
	    conninfo_split("postgresql://me:pa'ss@127.0.0.1:5433/shop", admin, base, sizeof(base)),
	    0);
	assert_non_null(strstr(admin, "user='me' password='pa\\'ss'"));
	assert_null(strstr(base, "user="));
	assert_null(strstr(base, "password"));
	assert_non_null(strstr(base, "dbname='shop'"));
	assert_non_null(strstr(base, "host='127.0.0.1'"));
}

static void several_servers_are_asked_for_the_one_that_takes_writes(void **state)
{
	char admin[1024], base[1024];

	(void)state;
	assert_int_equal(conninfo_split("postgresql://me@a,b/shop", admin, base, sizeof(base)), 0);
	assert_non_null(strstr(admin, "target_session_attrs='read-write'"));
	assert_non_null(strstr(base, "target_session_attrs='read-write'"));
	assert_int_equal(conninfo_split("postgresql://me@a/shop", admin, base, sizeof(base)), 0);
	assert_null(strstr(base, "target_session_attrs"));
	assert_int_equal(conninfo_split("postgresql://me@a,b/shop?target_session_attrs=primary",
	                                admin, base, sizeof(base)),
	                 0);
	assert_non_null(strstr(base, "target_session_attrs='primary'"));
	assert_null(strstr(base, "read-write"));
}

static void a_server_that_disappears_is_noticed_unless_the_url_says_otherwise(void **state)
{
	char admin[1024], base[1024];

	(void)state;
	assert_int_equal(conninfo_split("host=a tcp_user_timeout=60000 keepalives_idle=30", admin,
	                                base, sizeof(base)),
	                 0);
	assert_non_null(strstr(base, "tcp_user_timeout='60000'"));
	assert_null(strstr(base, "tcp_user_timeout='3000'"));
	assert_non_null(strstr(base, "keepalives_idle='30'"));
	assert_null(strstr(base, "keepalives_idle='2'"));
	assert_non_null(strstr(base, "keepalives_count='3'"));
	assert_non_null(strstr(admin, "connect_timeout='" CONNINFO_CONNECT_S "'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_valid),
	    cmocka_unit_test(an_empty_variable_counts_as_not_set),
	    cmocka_unit_test(every_bad_value_is_refused_by_name),
	    cmocka_unit_test(a_bucket_is_where_images_and_files_are),
	    cmocka_unit_test(a_secret_is_not_repeated),
	    cmocka_unit_test(a_setting_may_be_the_content_of_a_file),
	    cmocka_unit_test(a_file_that_holds_no_value_is_refused_by_name_and_never_repeated),
	    cmocka_unit_test(a_setting_and_its_file_are_not_given_both),
	    cmocka_unit_test(no_setting_is_called_like_the_file_of_another),
	    cmocka_unit_test(an_ipv6_address_stands_in_brackets),
	    cmocka_unit_test(a_secret_is_hexadecimal_or_base64),
	    cmocka_unit_test(passwords_of_roles_differ_and_stay),
	    cmocka_unit_test(the_base_conninfo_has_no_login),
	    cmocka_unit_test(several_servers_are_asked_for_the_one_that_takes_writes),
	    cmocka_unit_test(a_server_that_disappears_is_noticed_unless_the_url_says_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
