/*
 * problem: everything that can go wrong for a caller, as one table: a stable code, the HTTP status,
 * a title. Codes are part of the contract; they are never renamed.
 */
#ifndef SEBEZ_TASK_PROBLEM_H
#define SEBEZ_TASK_PROBLEM_H

/* X(constant, "code", status, "title") */
#define PROBLEMS(X)                                                                                \
	X(PROBLEM_NONE, "", 200, "")                                                               \
	X(PROBLEM_INVALID, "invalid_input", 400, "The request is not valid")                       \
	X(PROBLEM_UNAUTHENTICATED, "unauthenticated", 401, "Authentication required")              \
	X(PROBLEM_BAD_CREDENTIALS, "bad_credentials", 401, "E-mail or password is wrong")          \
	X(PROBLEM_TOKEN_REUSED, "refresh_token_reused", 401, "Refresh token already used")         \
	X(PROBLEM_FORBIDDEN, "forbidden", 403, "Your role does not allow this")                    \
	X(PROBLEM_ACCOUNT_LOCKED, "account_locked", 403, "This account is locked")                 \
	X(PROBLEM_NOT_FOUND, "not_found", 404, "Not found")                                        \
	X(PROBLEM_METHOD, "method_not_allowed", 405, "Method not allowed")                         \
	X(PROBLEM_CONFLICT, "conflict", 409, "Conflict with the current state")                    \
	X(PROBLEM_EXISTS, "already_exists", 409, "Already exists")                                 \
	X(PROBLEM_TRANSITION, "transition_not_allowed", 409, "The state does not allow this")      \
	X(PROBLEM_QUOTE_CHANGED, "quote_changed", 409, "The price or delivery has changed")        \
	X(PROBLEM_OUT_OF_STOCK, "out_of_stock", 409, "An item is out of stock")                    \
	X(PROBLEM_NO_DELIVERY, "no_delivery", 409, "A vendor does not deliver to this address")    \
	X(PROBLEM_CART_EMPTY, "cart_empty", 409, "The cart is empty")                              \
	X(PROBLEM_CART_ORDERED, "cart_already_ordered", 409, "This cart was already ordered")      \
	X(PROBLEM_IN_PROGRESS, "request_in_progress", 409, "The same request is still running")    \
	X(PROBLEM_VERSION, "version_mismatch", 412, "It was changed since it was read")            \
	X(PROBLEM_TOO_LARGE, "too_large", 413, "The request is too large")                         \
	X(PROBLEM_URI_TOO_LONG, "uri_too_long", 414, "URI too long")                               \
	X(PROBLEM_HEAD_TOO_LARGE, "headers_too_large", 431, "Request headers too large")           \
	X(PROBLEM_MEDIA_TYPE, "unsupported_media_type", 415, "The content type is not supported")  \
	X(PROBLEM_KEY_REUSED, "idempotency_key_reused", 422,                                       \
	  "The key was used with another request")                                                 \
	X(PROBLEM_KEY_REQUIRED, "idempotency_key_required", 400, "Idempotency-Key is required")    \
	X(PROBLEM_RATE_LIMITED, "rate_limited", 429, "Too many requests")                          \
	X(PROBLEM_INTERNAL, "internal", 500, "Internal error")                                     \
	X(PROBLEM_UNAVAILABLE, "unavailable", 503, "Temporarily unavailable")                      \
	X(PROBLEM_OVERLOADED, "overloaded", 503, "Server overloaded")

#define X(constant, code, status, title) constant,
enum problem_code { PROBLEMS(X) PROBLEM_COUNT };
#undef X

struct problem_kind {
	const char *code;
	int status;
	const char *title;
};

extern const struct problem_kind PROBLEM_KINDS[PROBLEM_COUNT];

#endif
