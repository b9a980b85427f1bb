/*
 * provider: the services that bring push messages to devices: what is sent to each of them, and
 * what its answer means. All of it is computation without I/O or clock.
 *
 * A provider has a function that builds a request from a message and one that judges the response,
 * by a table of its errors. Requests are POSTs. Texts that do not fit are cut between two
 * characters and end with "…"; what an app needs to act on (id, link, data) is never cut.
 */
#ifndef SEBEZ_SHOP_PUSH_PROVIDER_H
#define SEBEZ_SHOP_PUSH_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/jwt.h"
#include "base/uuid.h"
#include "base/web_push.h"
#include "net/http_client.h"

/* Messages. */

enum push_lane { PUSH_CHAT, PUSH_ORDERS, PUSH_SYSTEM, PUSH_PROMOTIONS, PUSH_LANE_COUNT };
extern const char *const PUSH_LANE_NAMES[PUSH_LANE_COUNT]; /* also Android's channels */

enum push_platform { PUSH_IOS, PUSH_ANDROID, PUSH_BROWSER };

struct push_device {
	enum push_platform platform;
	const char *address; /* token, Firebase installation id, or a browser's endpoint */
	bool address_is_fid;
	/* Android: the app shows messages itself. Then FCM gets data only, which it never
	 * collapses; of notifications it may keep only the latest for a device that is offline. */
	bool shows_itself;
	struct web_push_keys keys; /* a browser's */
};

struct push {
	struct uuid id; /* the same in every attempt; apps drop one that they have seen */
	struct push_device device;
	enum push_lane lane;
	int64_t expires_s; /* since 1970; it is not brought later */
	/* A later message of the group replaces an earlier one on the device. NULL: none does. */
	const char *group;
	/* Valid UTF-8. Without title and body the message is silent: it wakes the app, and sets the
	 * badge. */
	const char *title, *body;
	const char *kind; /* of the notice; NULL: none */
	const char *link; /* NULL: none */
	int32_t badge;    /* negative: it stays as it is */
	/* A JSON object of further facts for the app; NULL: none. It is a member of its own, so
	 * that its names cannot be those of ours or of the provider. FCM gets it as a text. */
	const char *data;
};

/* Requests. */

enum {
	PUSH_HEADERS_MAX = 10,
	PUSH_BODY_BYTES = 4096, /* of FCM, APNs and Expo, each */
	/* Of an answer about one message: FCM's longest errors have some KB; and about many. */
	PUSH_ANSWER_BYTES = 16 * 1024,
	PUSH_ANSWERS_BYTES = 256 * 1024,
	FCM_TTL_S_MAX = 28 * 86400,
	APNS_COLLAPSE_ID_BYTES = 64,
	WEB_PUSH_TOPIC_LENGTH = 32,
	EXPO_BATCH = 100,
};

struct push_request {
	const char *url;
	struct http_header headers[PUSH_HEADERS_MAX];
	size_t header_count;
	const void *body;
	size_t body_length;
};

/*
 * Builders return 0, or
 *   -EINVAL    the address is not one of this provider: it cannot ever work
 *   -EMSGSIZE  what must not be cut does not fit
 *   -ENOMEM
 * now_s: time of the request. Origins are "https://host", tokens without their scheme.
 */

struct fcm_server {
	const char *origin; /* https://fcm.googleapis.com */
	const char *project;
	const char *access_token;
	bool only_validate; /* FCM brings nothing to anybody */
};
int fcm_build(struct arena *arena, const struct fcm_server *server, const struct push *push,
              int64_t now_s, struct push_request *ret) __attribute__((warn_unused_result));

struct apns_server {
	const char *origin; /* https://api.push.apple.com or https://api.sandbox.push.apple.com */
	const char *topic;  /* bundle id of the app */
	const char *provider_token;
};
int apns_build(struct arena *arena, const struct apns_server *server, const struct push *push,
               int64_t now_s, struct push_request *ret) __attribute__((warn_unused_result));

/* A Live Activity: what the lock screen shows of something that goes on, such as a delivery. */
enum apns_activity_event { APNS_ACTIVITY_START, APNS_ACTIVITY_UPDATE, APNS_ACTIVITY_END };

struct apns_activity {
	enum apns_activity_event event;
	bool moves;        /* what it follows went on: shown at once, even without an alert */
	const char *state; /* JSON object: content-state */
	const char *attributes_type; /* of a start: name of the app's type, and its value as JSON */
	const char *attributes;
	int64_t stale_s;     /* since 1970, when it is outdated without an update; 0: never */
	int64_t dismissal_s; /* of an end: when it vanishes; 0: the system decides, up to 4 hours */
};
/* The device's address is a push-to-start token for a start, the activity's token otherwise. The
 * texts are an alert, which a start needs; it makes no sound, as a message is sent besides. */
int apns_build_activity(struct arena *arena, const struct apns_server *server,
                        const struct push *push, const struct apns_activity *activity,
                        int64_t now_s, struct push_request *ret)
    __attribute__((warn_unused_result));

struct web_push_server {
	const char *authorization; /* web_push_vapid() of the endpoint's origin */
	struct web_push_sender *sender;
};
int web_push_build(struct arena *arena, const struct web_push_server *server,
                   const struct push *push, int64_t now_s, struct push_request *ret)
    __attribute__((warn_unused_result));

struct expo_server {
	const char *origin;       /* https://exp.host */
	const char *access_token; /* NULL: the project asks for none */
};
/* Up to EXPO_BATCH messages; *ret_failed is the one that a failure is about. */
int expo_build(struct arena *arena, const struct expo_server *server, const struct push pushes[],
               size_t count, int64_t now_s, struct push_request *ret, size_t *ret_failed)
    __attribute__((warn_unused_result));

/* Responses. */

enum push_outcome {
	PUSH_SENT,
	PUSH_NOT_SENT,        /* this process could not: nothing was tried */
	PUSH_RETRY,           /* this message, later */
	PUSH_PROVIDER_FAILED, /* the provider is at fault: whatever is sent to it, later */
	PUSH_ADDRESS_GONE,    /* nobody is at the address any more */
	/* APNs: nobody is at the address, or it is one of the other environment: it is gone when
	 * that says the same. */
	PUSH_WRONG_ENVIRONMENT,
	PUSH_TOKEN_REFUSED, /* our access token is not valid (any more): with a new one, at once */
	PUSH_ALARM,         /* our settings are wrong; says nothing about the address */
	/* The address is of another app or another key than ours, which whoever registered it may
	 * have caused; or our settings are wrong. */
	PUSH_FOREIGN,
	PUSH_DROPPED, /* the provider refuses this message, and always will */
	PUSH_OUTCOME_COUNT,
};

struct push_verdict {
	enum push_outcome outcome;
	int64_t delay_ms; /* at least this long before the next attempt */
	/* PUSH_ADDRESS_GONE: since 1970; the address stays when it was registered later. 0: it
	 * does not. */
	int64_t gone_since_ms;
	bool is_in_doubt;    /* there was no answer, but the provider may have taken it */
	const char *reason;  /* the provider's code, or its status; never an address or a text */
	const char *receipt; /* Expo: where the further fate can be asked for; else NULL */
};

struct push_verdict fcm_judge(struct arena *arena, const struct http_client_response *response,
                              int64_t now_s);
struct push_verdict apns_judge(struct arena *arena, const struct http_client_response *response,
                               int64_t now_s);
struct push_verdict web_push_judge(struct arena *arena, const struct http_client_response *response,
                                   int64_t now_s);
/* One verdict for each message of the request. False: all have the one of the request as a whole,
 * of which a part may do better. */
bool expo_judge(struct arena *arena, const struct http_client_response *response, size_t count,
                int64_t now_s, struct push_verdict ret[]);

/* Receipts of Expo: whether Apple and Google took what Expo had taken; kept for a day, to be asked
 * for after 15 minutes, up to EXPO_RECEIPTS at once. */
enum { EXPO_RECEIPTS = 1000 };
int expo_build_receipts(struct arena *arena, const struct expo_server *server,
                        const char *const receipts[], size_t count, struct push_request *ret)
    __attribute__((warn_unused_result));
/* PUSH_RETRY for those that are not known yet. False: there are no receipts in the response, and
 * all have its verdict. */
bool expo_judge_receipts(struct arena *arena, const struct http_client_response *response,
                         const char *const receipts[], size_t count, int64_t now_s,
                         struct push_verdict ret[]);

/* There was no response; result: of http_client_send(). is_ours: the URL is made of our settings,
 * not by a browser. */
struct push_verdict push_unanswered(int result, bool is_ours);

/* Access tokens of FCM. */

struct fcm_account {
	const char *project, *client_email, *private_key, *token_url;
};
/* Reads the JSON of a service account, as Google's console gives it. False: *ret_error says what is
 * missing. */
bool fcm_account_read(struct arena *arena, const char *json, size_t length, struct fcm_account *ret,
                      const char **ret_error);
/* NULL of ret->body: no memory. */
struct push_request fcm_token_build(struct arena *arena, const struct fcm_account *account,
                                    const struct jwt_key *key, int64_t now_s);
/* PUSH_SENT with the token and how long it is valid; PUSH_ALARM when Google refuses the account. */
struct push_verdict fcm_token_judge(struct arena *arena,
                                    const struct http_client_response *response, int64_t now_s,
                                    const char **ret_token, int64_t *ret_lifetime_s);

/* {"iss":…,"iat":…}, signed: valid for 20 to 60 minutes. NULL: no memory. */
const char *apns_token(struct arena *arena, const struct jwt_key *key, const char *key_id,
                       const char *team, int64_t now_s);

#endif
