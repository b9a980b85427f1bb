/* Handlers of api/node.yaml that Apple and Google read, and the settings behind them. */
#include "node/well_known.h"

#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "web/reply.h"

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LETTERS CAPITALS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

enum {
	TEAM_LENGTH = 10,
	FINGERPRINT_BYTES = 32, /* SHA-256, each as two digits, with colons between */
	FINGERPRINT_LENGTH = 3 * FINGERPRINT_BYTES - 1,
};

/* The beginnings of the links of notices (x-notice of the contract) and of mails. */
static const char *const LINKS[] = {"/orders/*",          "/conversations/*", "/vendors/*",
                                    "/products/*",        "/categories/*",    "/invitations/*",
                                    "/password-resets/*", "/registrations/*", "/email-changes/*",
                                    "/email-undos/*",     "/sign-ins/*",      "/sessions/*",
                                    "/returns/*",         "/disputes/*"};

static const char *app_ids, *package, *certificates;

void well_known_start(const struct config *config)
{
	assert(config->ios_app_ids != NULL && config->android_package != NULL);
	app_ids = config->ios_app_ids;
	package = config->android_package;
	certificates = config->android_certificates;
}

static bool is_app_id(const char *text, size_t length)
{
	return length > TEAM_LENGTH + 1 && strspn(text, CAPITALS DIGITS) == TEAM_LENGTH &&
	       text[TEAM_LENGTH] == '.' &&
	       strspn(text + TEAM_LENGTH + 1, LETTERS DIGITS "-.") >= length - TEAM_LENGTH - 1;
}

static bool is_fingerprint(const char *text, size_t length)
{
	if (length != FINGERPRINT_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++)
		if (strchr(i % 3 == 2 ? ":" : DIGITS "ABCDEF", text[i]) == NULL)
			return false;
	return true;
}

typedef bool is_item_fn(const char *text, size_t length);

/* Whether the words of the list are all that. */
static bool are_all(const char *list, is_item_fn *is_item)
{
	for (size_t length; *(list += strspn(list, " ")) != 0; list += length) {
		length = strcspn(list, " ");
		if (!is_item(list, length))
			return false;
	}
	return true;
}

const char *well_known_mistake(const struct config *config)
{
	if (!are_all(config->ios_app_ids, is_app_id))
		return "IOS_APP_IDS must be app ids with blanks between, each the id of a team and "
		       "a bundle id: ABCDE12345.com.example.shop";
	if (strspn(config->android_package, LETTERS DIGITS "_.") != strlen(config->android_package))
		return "ANDROID_PACKAGE must be the name of a package, such as com.example.shop";
	if ((config->android_package[0] == 0) !=
	    (strspn(config->android_certificates, " ") == strlen(config->android_certificates)))
		return "ANDROID_PACKAGE and ANDROID_CERTIFICATES must be set together";
	if (!are_all(config->android_certificates, is_fingerprint))
		return "ANDROID_CERTIFICATES must be fingerprints with blanks between, each "
		       "SHA-256 in capital hexadecimal digits with colons: 14:6D:…";
	return NULL;
}

static void write_words(struct request *rq, struct json *json, const char *name, const char *list)
{
	json_key(json, name);
	json_open_array(json);
	for (size_t length; *(list += strspn(list, " ")) != 0; list += length) {
		length = strcspn(list, " ");
		json_str(json, arena_strndup(rq->task.arena, list, length));
	}
	json_close_array(json);
}

static void write_details(struct request *rq, struct json *json)
{
	json_open_array(json);
	json_open_object(json);
	write_words(rq, json, "appIDs", app_ids);
	json_key(json, "components");
	json_open_array(json);
	for (size_t i = 0; i < sizeof(LINKS) / sizeof(LINKS[0]); i++) {
		json_open_object(json);
		json_put_str(json, "/", LINKS[i]);
		json_close_object(json);
	}
	json_close_array(json);
	json_close_object(json);
	json_close_array(json);
}

/* GET /.well-known/apple-app-site-association */
void get_apple_app_site_association(struct request *rq,
                                    const struct get_apple_app_site_association_in *in)
{
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);

	(void)in;
	if (app_ids == NULL || app_ids[0] == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "No iOS app opens links to this server.");
	json_open_object(&json);
	json_key(&json, "applinks");
	json_open_object(&json);
	json_key(&json, "details");
	write_details(rq, &json);
	json_close_object(&json);
	json_key(&json, "webcredentials"); /* passkeys and passwords are shared with them */
	json_open_object(&json);
	write_words(rq, &json, "apps", app_ids);
	json_close_object(&json);
	json_close_object(&json);
	assert(json.depth == 0);
	reply_json(rq, 200, &body);
}

/* GET /.well-known/assetlinks.json */
void get_asset_links(struct request *rq, const struct get_asset_links_in *in)
{
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);

	(void)in;
	if (package == NULL || package[0] == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND,
		         "No Android app opens links to this server.");
	json_open_array(&json);
	json_open_object(&json);
	write_words(rq, &json, "relation",
	            "delegate_permission/common.handle_all_urls "
	            "delegate_permission/common.get_login_creds"); /* passkeys, too */
	json_key(&json, "target");
	json_open_object(&json);
	json_put_str(&json, "namespace", "android_app");
	json_put_str(&json, "package_name", package);
	write_words(rq, &json, "sha256_cert_fingerprints", certificates);
	json_close_object(&json);
	json_close_object(&json);
	json_close_array(&json);
	assert(json.depth == 0);
	reply_json(rq, 200, &body);
}
