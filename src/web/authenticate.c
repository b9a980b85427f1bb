#include "web/authenticate.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/codec.h"
#include "web/client_address.h"
#include "web/reply.h"
#include "web/ticket.h"
#include "web/token.h"

enum { GUEST_TOKEN_BYTES = 32 };

_Static_assert((int)CLIENT_ADDRESS_SIZE <= (int)ACTOR_ADDRESS_SIZE, "the actor's address has room");

static _Noreturn void refuse(struct request *rq, const char *error, const char *detail)
{
	char challenge[80] = "Bearer";

	assert(error == NULL || strlen(error) < sizeof(challenge) - sizeof("Bearer error=\"\""));
	if (error != NULL) {
		strcat(challenge, " error=\"");
		strcat(challenge, error);
		strcat(challenge, "\"");
	}
	reply_header(rq, "WWW-Authenticate", challenge);
	task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "%s", detail);
}

static bool read_ticket(struct request *rq, struct token *ret)
{
	if (!rq->operation->takes_ticket || !ticket_is_given(rq))
		return false;
	if (!ticket_redeem(rq, ret))
		refuse(rq, "invalid_token", "The ticket is invalid, expired or already used.");
	return true;
}

/* Reads the Authorization header or a ticket; false when there is neither. */
static bool read_token(struct request *rq, struct token *ret)
{
	const char *header = http_header(rq->http, "Authorization");

	if (header == NULL)
		return read_ticket(rq, ret);
	if (http_header_repeated(rq->http, "Authorization") ||
	    strncasecmp(header, "Bearer ", 7) != 0)
		refuse(rq, "invalid_request", "Authorization must be one Bearer token.");
	header += 7;
	header += strspn(header, " ");
	switch (token_check(header, clock_now_us() / 1000000, ret)) {
	case TOKEN_GOOD:
		return true;
	case TOKEN_EXPIRED:
		refuse(rq, "invalid_token", "The access token has expired.");
	case TOKEN_BAD:
		break;
	}
	refuse(rq, "invalid_token", "The access token is not valid.");
}

static void read_guest(struct request *rq, struct actor *actor)
{
	const char *header = http_header(rq->http, "X-Cart-Token");
	uint8_t bytes[GUEST_TOKEN_BYTES];

	if (header == NULL)
		return;
	if (strlen(header) >= sizeof(actor->guest_token) ||
	    !base64url_decode(header, bytes, sizeof(bytes)))
		task_end_field(&rq->task, "X-Cart-Token", "format", "The cart token is not valid.");
	_Static_assert(sizeof(actor->guest_token) > BASE64URL_LENGTH(GUEST_TOKEN_BYTES), "it fits");
	strcpy(actor->guest_token, header);
}

static void read_vendor(struct request *rq, const struct route_match *match, struct actor *actor)
{
	assert(route_param(match, "vendor_id") != NULL); /* the generator has checked the path */
	if (!uuid_parse(route_param(match, "vendor_id"), &actor->vendor_id))
		task_end_field(&rq->task, "{vendor_id}", "format", "must be a UUID");
}

/* A support view reads, and gets no events: those go on when the view is over. */
static void check_view(struct request *rq, struct actor *actor)
{
	if (strcmp(rq->operation->method, "GET") != 0 || rq->operation->takes_ticket)
		task_end(&rq->task, PROBLEM_FORBIDDEN,
		         "A support view only reads, and gets no events.");
	actor->is_view = true;
	strcpy(actor->address, request_address(rq));
}

/* Chooses the actor's kind: the most privileged that the operation and the token allow. */
static void choose(struct request *rq, const struct route_match *match, const struct token *token,
                   struct actor *actor)
{
	const struct operation *operation = rq->operation;

	actor->account_id = token->account_id;
	actor->session_id = token->session_id;
	if (token->kind == TOKEN_VIEW)
		check_view(rq, actor);
	if ((operation->may_call & MAY_ADMIN) != 0 && token->kind == TOKEN_ADMIN) {
		actor->kind = ACTOR_ADMIN;
		actor->roles = operation->admin_roles;
		strcpy(actor->address, request_address(rq));
	} else if ((operation->may_call & MAY_STAFF) != 0) {
		actor->kind = ACTOR_STAFF;
		actor->roles = operation->staff_roles;
		read_vendor(rq, match, actor);
	} else if ((operation->may_call & MAY_CUSTOMER) != 0) {
		actor->kind = ACTOR_CUSTOMER;
	} else {
		task_end(&rq->task, PROBLEM_FORBIDDEN, "This account is not allowed to do this.");
	}
}

void authenticate(struct request *rq, const struct route_match *match)
{
	unsigned may_call = rq->operation->may_call;
	struct actor actor = {.kind = ACTOR_NONE};
	struct token token;

	if (may_call == MAY_PUBLIC) {
		/* Credentials are ignored; registering and signing in take the guest's cart. */
		if (rq->operation->body != BODY_NONE)
			read_guest(rq, &actor);
	} else if (read_token(rq, &token)) {
		choose(rq, match, &token, &actor);
	} else if ((may_call & MAY_GUEST) != 0) {
		actor.kind = ACTOR_GUEST;
		read_guest(rq, &actor);
	} else if ((may_call & MAY_PUBLIC) == 0) {
		refuse(rq, NULL, "An access token is required.");
	}
	/* Who acts for an account has a session. */
	assert(uuid_is_nil(actor.account_id) == uuid_is_nil(actor.session_id));
	rq->task.actor = actor;
}
