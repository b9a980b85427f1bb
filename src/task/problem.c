#include "task/problem.h"

const struct problem_code PROBLEM_INVALID[1] = {{"invalid_input", 400, "The request is not valid"}};
const struct problem_code PROBLEM_UNAUTHENTICATED[1] = {
    {"unauthenticated", 401, "Authentication required"}};
const struct problem_code PROBLEM_BAD_CREDENTIALS[1] = {
    {"bad_credentials", 401, "E-mail or password is wrong"}};
const struct problem_code PROBLEM_FORBIDDEN[1] = {
    {"forbidden", 403, "Your role does not allow this"}};
const struct problem_code PROBLEM_ACCOUNT_LOCKED[1] = {
    {"account_locked", 403, "This account is locked"}};
const struct problem_code PROBLEM_LINK_REFUSED[1] = {
    {"link_refused", 403, "The link is not valid"}};
const struct problem_code PROBLEM_NOT_FOUND[1] = {{"not_found", 404, "Not found"}};
const struct problem_code PROBLEM_METHOD[1] = {{"method_not_allowed", 405, "Method not allowed"}};
const struct problem_code PROBLEM_CONFLICT[1] = {
    {"conflict", 409, "Conflict with the current state"}};
const struct problem_code PROBLEM_EXISTS[1] = {{"already_exists", 409, "Already exists"}};
const struct problem_code PROBLEM_TRANSITION[1] = {
    {"transition_not_allowed", 409, "The state does not allow this"}};
const struct problem_code PROBLEM_IN_PROGRESS[1] = {
    {"request_in_progress", 409, "The same request is still running"}};
const struct problem_code PROBLEM_VERSION[1] = {
    {"version_mismatch", 412, "It was changed since it was read"}};
const struct problem_code PROBLEM_TOO_LARGE[1] = {{"too_large", 413, "The request is too large"}};
const struct problem_code PROBLEM_URI_TOO_LONG[1] = {{"uri_too_long", 414, "URI too long"}};
const struct problem_code PROBLEM_HEAD_TOO_LARGE[1] = {
    {"headers_too_large", 431, "Request headers too large"}};
const struct problem_code PROBLEM_MEDIA_TYPE[1] = {
    {"unsupported_media_type", 415, "The content type is not supported"}};
const struct problem_code PROBLEM_RANGE[1] = {
    {"range_not_satisfiable", 416, "The range is not in the file"}};
const struct problem_code PROBLEM_KEY_REUSED[1] = {
    {"idempotency_key_reused", 422, "The key was used with another request"}};
const struct problem_code PROBLEM_KEY_REQUIRED[1] = {
    {"idempotency_key_required", 400, "Idempotency-Key is required"}};
const struct problem_code PROBLEM_RATE_LIMITED[1] = {{"rate_limited", 429, "Too many requests"}};
const struct problem_code PROBLEM_INTERNAL[1] = {{"internal", 500, "Internal error"}};
const struct problem_code PROBLEM_UNAVAILABLE[1] = {
    {"unavailable", 503, "Temporarily unavailable"}};
const struct problem_code PROBLEM_OVERLOADED[1] = {{"overloaded", 503, "Server overloaded"}};
const struct problem_code PROBLEM_STORAGE_FULL[1] = {
    {"storage_full", 507, "There is no room for the file"}};
