#include "shop/accounts/suspicion.h"

#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/form.h"
#include "base/json.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/sign_in.h"
#include "web/client_address.h"
#include "web/json_parse.h"
#include "web/limit.h"
#include "web/token.h"

enum {
	WORK_BITS =
	    18, /* a phone finds it in half a second; who tries 10,000 passwords, in an hour */
	WORK_LASTS_S = 3 * 60,
	RANDOM_BYTES = 8,
	MAC_BYTES = 16,
	HEAD_BYTES = 8 + RANDOM_BYTES, /* until when, and something that no other challenge has */
	CHALLENGE_BYTES = HEAD_BYTES + MAC_BYTES,
	CHALLENGE_LENGTH = BASE64URL_LENGTH(CHALLENGE_BYTES),
	COUNTER_LENGTH = 20,
	SERVICE_ASK_MS = 5000,
	SERVICE_BYTES = 16 * 1024,
	PROOF_BYTES = 4096, /* a service's may have 2 KB */
};

#define KEY_PURPOSE "proofs of work, version 1"

_Static_assert(MAC_BYTES >= crypto_generichash_BYTES_MIN, "length of a hash");

/* What a challenge is good for: not for another address, network or operation. */
static const char *subject_of(struct request *rq, const char *email)
{
	char network[CLIENT_ADDRESS_SIZE];

	client_network(request_address(rq), network);
	return arena_printf(rq->task.arena, "%s %s %s", rq->operation->id, network,
	                    sign_in_who(rq, account_key(rq->task.arena, email)));
}

/* False: there is no such key. */
static bool sign(size_t key_index, const uint8_t head[HEAD_BYTES], const char *subject,
                 uint8_t ret[MAC_BYTES])
{
	uint8_t key[TOKEN_KEY_BYTES];
	crypto_generichash_state state;

	if (!token_key_derive(key_index, KEY_PURPOSE, key))
		return false;
	crypto_generichash_init(&state, key, sizeof(key), MAC_BYTES);
	crypto_generichash_update(&state, head, HEAD_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)subject, strlen(subject));
	crypto_generichash_final(&state, ret, MAC_BYTES);
	sodium_memzero(key, sizeof(key));
	return true;
}

static void make_challenge(const char *subject, char ret[CHALLENGE_LENGTH + 1])
{
	uint64_t until_s = (uint64_t)(clock_now_us() / 1000000) + WORK_LASTS_S;
	uint8_t bytes[CHALLENGE_BYTES];

	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(until_s >> (56 - 8 * i));
	randombytes_buf(bytes + 8, RANDOM_BYTES);
	bool has_key = sign(0, bytes, subject, bytes + HEAD_BYTES);

	assert(has_key);
	base64url_encode(bytes, sizeof(bytes), ret);
}

static bool is_our_challenge(const char *text, const char *subject)
{
	uint8_t bytes[CHALLENGE_BYTES], mac[MAC_BYTES];
	uint64_t until_s = 0;
	bool is_signed = false;

	if (!base64url_decode(text, bytes, sizeof(bytes)))
		return false;
	for (size_t i = 0; sign(i, bytes, subject, mac); i++)
		is_signed |= sodium_memcmp(mac, bytes + HEAD_BYTES, sizeof(mac)) == 0;
	for (size_t i = 0; i < 8; i++)
		until_s = until_s << 8 | bytes[i];
	return is_signed && until_s > (uint64_t)(clock_now_us() / 1000000);
}

/* "challenge.counter", whose SHA-256 begins with WORK_BITS zeros. */
static bool is_work(struct request *rq, const char *proof, const char *subject)
{
	const char *dot = strchr(proof, '.');
	uint8_t hash[crypto_hash_sha256_BYTES];
	unsigned zeros = 0;

	if (dot == NULL || strlen(dot + 1) > COUNTER_LENGTH || dot[1] == 0 ||
	    strspn(dot + 1, "0123456789") != strlen(dot + 1))
		return false;
	crypto_hash_sha256(hash, (const uint8_t *)proof, strlen(proof));
	while (zeros < WORK_BITS && (hash[zeros / 8] & (0x80 >> zeros % 8)) == 0)
		zeros++;
	return zeros >= WORK_BITS &&
	       is_our_challenge(arena_strndup(rq->task.arena, proof, (size_t)(dot - proof)),
	                        subject);
}

/* Services. */

static void free_json(void *json)
{
	json_decref(json);
}

static bool says_success(struct arena *arena, const struct http_client_response *response)
{
	json_t *json = NULL;

	if (json_depth_is_fine(response->body, response->body_length))
		json =
		    json_loadb(response->body, response->body_length, JSON_REJECT_DUPLICATES, NULL);
	if (json == NULL)
		return false;
	arena_defer(arena, free_json, json);
	return json_is_true(json_object_get(json, "success"));
}

/* When the service does not answer, the request goes on: limits hold without it, and nobody should
 * be kept out for its sake. */
static bool is_taken_by_service(struct request *rq, const char *proof)
{
	const struct suspicion_settings *settings = &account_settings()->suspicion;
	const struct http_header header = {"Content-Type", "application/x-www-form-urlencoded"};
	struct buf form = buf_new(rq->task.arena, 4096);
	struct http_client_response response;
	int64_t deadline_ms = loop_now_ms() + SERVICE_ASK_MS;

	form_put(&form, "secret", settings->secret);
	form_put(&form, "response", proof);
	form_put(&form, "remoteip", request_address(rq));
	const struct http_client_request request = {.method = "POST",
	                                            .url = settings->url,
	                                            .headers = &header,
	                                            .header_count = 1,
	                                            .body = form.data,
	                                            .body_length = form.length,
	                                            .body_max = SERVICE_BYTES};
	int rc = http_client_send(
	    rq->task.arena, &request,
	    deadline_ms < rq->task.deadline_ms ? deadline_ms : rq->task.deadline_ms, &response);

	if (rc < 0 || response.status >= 500) {
		LOG_WARNING("the service of challenges does not answer",
		            log_str("reason", rc < 0 ? response.error : "its server fails"));
		return true;
	}
	return response.status == 200 && says_success(rq->task.arena, &response);
}

/* What to do. */
static _Noreturn void ask(struct request *rq, const char *subject)
{
	const struct suspicion_settings *settings = &account_settings()->suspicion;
	struct buf extra = buf_new(rq->task.arena, 256);
	struct json json = json_new(&extra);
	char challenge[CHALLENGE_LENGTH + 1];

	json_open_object(&json);
	if (settings->kind == SUSPICION_WORK) {
		make_challenge(subject, challenge);
		json_put_str(&json, "kind", "work");
		json_put_str(&json, "challenge", challenge);
		json_put_int(&json, "bits", WORK_BITS);
	} else {
		json_put_str(&json, "kind",
		             settings->kind == SUSPICION_HCAPTCHA ? "hcaptcha" : "turnstile");
		json_put_str(&json, "site_key", settings->site_key);
	}
	json_close_object(&json);
	task_end_with(
	    &rq->task,
	    (struct problem){
	        .code = PROBLEM_PROOF_REQUIRED,
	        .detail = settings->kind == SUSPICION_WORK
	                      ? "Many tried this lately. Find a number so that the SHA-256 of "
	                        "challenge, a dot and the number begins with that many zero bits, "
	                        "and send the request again with these three in X-Proof."
	                      : "Many tried this lately. Show the challenge of the service, and "
	                        "send the request again with its answer in X-Proof.",
	        .extra =
	            arena_printf(rq->task.arena, "\"proof\":%.*s", (int)extra.length, extra.data)});
}

void suspicion_expect(struct request *rq, const char *email)
{
	const struct suspicion_settings *settings = &account_settings()->suspicion;
	const char *proof = http_header(rq->http, "X-Proof");

	if (settings->kind == SUSPICION_NONE)
		return;
	const char *who = arena_printf(rq->task.arena, "%s %s", rq->operation->id,
	                               sign_in_who(rq, account_key(rq->task.arena, email)));
	bool is_suspicious = limit_is_beyond(rq, "suspect_account", who);

	is_suspicious |= limit_is_beyond(rq, "suspect_network", NULL);
	if (!is_suspicious)
		return;
	const char *subject = subject_of(rq, email);

	if (proof == NULL || strlen(proof) > PROOF_BYTES)
		ask(rq, subject);
	if (!(settings->kind == SUSPICION_WORK ? is_work(rq, proof, subject)
	                                       : is_taken_by_service(rq, proof)))
		ask(rq, subject);
}
