#include "node/mail_setup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/dkim.h"
#include "base/email.h"
#include "base/limits.h"
#include "base/mime.h"
#include "base/uuid.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/smtp_client.h"
#include "net/smtp_url.h"
#include "node/member.h"
#include "node/process.h"
#include "node/say.h"

enum { ARENA_BYTES = 1024 * 1024, PEM_BYTES = 16 * 1024 };

struct mailing {
	const struct config *config;
	struct arena *arena;
	struct smtp_url url;
	struct dkim_key *key; /* NULL: mails are not signed */
	const char *to;       /* NULL: only signs in */
	struct smtp_message message;
};

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	assert(at != NULL); /* find_mistake() has seen it */
	return at + 1;
}

/* NULL: *ret_error says why. */
static struct dkim_key *read_key(const char *path, const char **ret_error)
{
	FILE *file = fopen(path, "re");
	char *pem = calloc(1, PEM_BYTES + 1);
	struct dkim_key *key = NULL;

	*ret_error = pem == NULL ? "no memory" : strerror(errno);
	if (file != NULL && pem != NULL) {
		size_t length = fread(pem, 1, PEM_BYTES, file);

		key = dkim_key_from_pem(pem, length, ret_error);
		explicit_bzero(pem, length);
	}
	if (file != NULL)
		fclose(file);
	free(pem);
	return key;
}

int mail_setup_check(const struct config *config)
{
	const char *error;
	struct dkim_key *key;

	if (config->dkim_key_file[0] == '\0')
		return 0;
	key = read_key(config->dkim_key_file, &error);
	if (key == NULL)
		say("SEBEZ_DKIM_KEY_FILE: %s", error);
	dkim_key_free(key);
	return key != NULL ? 0 : -EINVAL;
}

/* The keys that sign links in mails. */
static void derive_keys(const struct config *config, const struct secret *secret,
                        struct mail_settings *ret)
{
	static const char PURPOSE[] = "links in mails";
	char text[SECRET_TEXT_LENGTH + 1];
	struct secret previous;

	_Static_assert(MAIL_KEY_BYTES == (int)SECRET_BYTES, "a key is derived as one");
	secret_derive(secret, PURPOSE, text);
	bool good = hex_decode(text, ret->keys[0], MAIL_KEY_BYTES);

	assert(good);
	ret->key_count = 1;
	if (config->secret_previous[0] != '\0' &&
	    secret_parse(config->secret_previous, &previous)) {
		secret_derive(&previous, PURPOSE, text);
		good = hex_decode(text, ret->keys[1], MAIL_KEY_BYTES);
		assert(good);
		ret->key_count = 2;
		explicit_bzero(&previous, sizeof(previous));
	}
	explicit_bzero(text, sizeof(text));
}

static const char *public_url_of(const struct config *config)
{
	static char url[sizeof("http://") + 80];

	if (config->public_url[0] != '\0')
		return config->public_url;
	snprintf(url, sizeof(url), "http://%s", config->listen);
	return url;
}

/* Whether mails go into a folder. */
static bool has_folder(const struct config *config)
{
	return config->demo != 0 && config->smtp_url[0] == '\0' && config_needs_folder(config);
}

int mail_setup_folder(const struct config *config, const struct data_folder *data_folder,
                      int *ret_fd)
{
	char path[DATA_FOLDER_PATH_MAX];
	int rc;

	*ret_fd = -1;
	if (!has_folder(config))
		return 0;
	data_folder_path(data_folder, "mail", path, sizeof(path));
	rc = data_folder_make_folder(data_folder, path);
	if (rc == 0) {
		*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = *ret_fd >= 0 ? 0 : -errno;
	}
	if (rc < 0)
		say("cannot use the folder %s: %s", path, strerror(-rc));
	return rc;
}

int mail_setup(const struct config *config, const struct secret *secret, bool sends,
               struct mail_settings *ret)
{
	static struct smtp_url url;
	const char *from =
	    config->mail_from[0] != '\0' ? config->mail_from : "marketplace@localhost";
	const char *error = "";

	*ret = (struct mail_settings){.from = from,
	                              .name = config->mail_name,
	                              .bounce_address = config->bounce_address,
	                              .webhook_secret = config->mail_webhook_secret,
	                              .public_url = public_url_of(config),
	                              .dkim_selector = config->dkim_selector,
	                              .folder_fd = -1};
	derive_keys(config, secret, ret);
	if (has_folder(config))
		ret->folder_fd = sends ? MEMBER_FD_MAIL_OF_JOBS : MEMBER_FD_MAIL_OF_API;
	ret->server.name = domain_of(from);
	if (config->smtp_url[0] != '\0') {
		bool good = smtp_url_read(config->smtp_url, &url);

		assert(good); /* find_mistake() has read it */
		ret->server.url = url.server;
		ret->server.user = url.user;
		ret->server.password = url.password;
		ret->server.plain = config->smtp_tls == SMTP_TLS_NONE;
	}
	if (sends && config->dkim_key_file[0] != '\0') {
		ret->dkim_key = read_key(config->dkim_key_file, &error);
		if (ret->dkim_key == NULL) {
			say("SEBEZ_DKIM_KEY_FILE: %s", error);
			return -EINVAL;
		}
	}
	return 0;
}

static const char *write_test(struct mailing *mailing, size_t *ret_length)
{
	const struct config *config = mailing->config;
	char id[UUID_TEXT_LENGTH + 1];
	const char *bytes, *header = "";

	uuid_format(uuid_v7(), id);
	const char *message_id =
	    arena_printf(mailing->arena, "%s@%s", id, domain_of(config->mail_from));

	bytes = mime_write(mailing->arena,
	                   &(struct mime_mail){.from_name = config->mail_name,
	                                       .from = config->mail_from,
	                                       .to = mailing->to,
	                                       .subject = "Test of e-mail",
	                                       .message_id = message_id,
	                                       .time_us = clock_now_us(),
	                                       .text = "E-mail of this marketplace works.\n",
	                                       .html = "<!doctype html><p>E-mail of this "
	                                               "marketplace works.</p>\n",
	                                       .language = "en"},
	                   ret_length);
	if (mailing->key != NULL)
		header =
		    dkim_sign(mailing->arena, mailing->key, domain_of(config->mail_from),
		              config->dkim_selector, clock_now_us() / 1000000, bytes, *ret_length);
	if (header == NULL)
		header = "";
	*ret_length += strlen(header);
	return arena_printf(mailing->arena, "%s%s", header, bytes);
}

static void send_mail(void *arg)
{
	struct mailing *mailing = arg;
	const struct config *config = mailing->config;
	const struct smtp_server server = {.url = mailing->url.server,
	                                   .user = mailing->url.user,
	                                   .password = mailing->url.password,
	                                   .name = domain_of(config->mail_from),
	                                   .plain = config->smtp_tls == SMTP_TLS_NONE};

	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	struct smtp_message messages[] = {{.from = config->mail_from, .to = mailing->to}};

	if (mailing->to != NULL)
		messages[0].bytes = write_test(mailing, &messages[0].length);
	smtp_client_send(&server, messages, 1, loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS);
	mailing->message = messages[0];
	loop_stop();
}

static bool run(struct mailing *mailing)
{
	const struct config *config = mailing->config;
	bool good = smtp_url_read(config->smtp_url, &mailing->url);

	assert(good); /* find_mistake() has read it */
	if (process_start_http_client(config) < 0)
		return false;
	mailing->arena = arena_new(ARENA_BYTES, NULL, NULL);
	good = smtp_client_start(config->ca_file[0] != '\0' ? config->ca_file : NULL) == 0;
	if (good && co_start(send_mail, mailing) == 0)
		loop_run();
	smtp_client_stop();
	http_client_stop();
	arena_free(mailing->arena);
	return good;
}

static void probe_key(const struct config *config, mail_report_fn *report)
{
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
	const char *error = "";
	struct dkim_key *key = read_key(config->dkim_key_file, &error);

	if (key == NULL)
		report(NULL, false, "SEBEZ_DKIM_KEY_FILE", error);
	else
		report(NULL, true,
		       arena_printf(arena, "SEBEZ_DKIM_KEY_FILE; %s._domainkey.%s has the record",
		                    config->dkim_selector, domain_of(config->mail_from)),
		       dkim_record(arena, key));
	dkim_key_free(key);
	arena_free(arena);
}

void mail_setup_probe(const struct config *config, mail_report_fn *report)
{
	struct mailing mailing = {.config = config};

	if (config->smtp_url[0] == '\0')
		return;
	if (!run(&mailing))
		report(NULL, false, "e-mail", "see above");
	else if (mailing.message.verdict == SMTP_ACCEPTED)
		report(NULL, true, "SEBEZ_SMTP_URL", "the server takes us");
	else
		report(NULL, false, "SEBEZ_SMTP_URL", mailing.message.reason);
	if (config->dkim_key_file[0] != '\0')
		probe_key(config, report);
}

int mail_setup_send(const struct config *config, const char *to)
{
	struct mailing mailing = {.config = config, .to = to};
	const char *error = "";

	if (config->smtp_url[0] == '\0') {
		say("mail test: SEBEZ_SMTP_URL is not set");
		return 1;
	}
	if (config->dkim_key_file[0] != '\0') {
		mailing.key = read_key(config->dkim_key_file, &error);
		if (mailing.key == NULL) {
			say("SEBEZ_DKIM_KEY_FILE: %s", error);
			return 1;
		}
	}
	bool good = run(&mailing);

	dkim_key_free(mailing.key);
	if (good)
		printf("%s%s%s\n", SMTP_VERDICTS[mailing.message.verdict],
		       mailing.message.reason[0] != '\0' ? ": " : "", mailing.message.reason);
	return good && mailing.message.verdict == SMTP_ACCEPTED ? 0 : 1;
}
