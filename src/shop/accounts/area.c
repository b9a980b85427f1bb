/* The accounts' area (shop/area.h). */
#include <assert.h>

#include "base/limits.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/apple.h"
#include "shop/accounts/deletion.h"
#include "shop/accounts/email_code.h"
#include "shop/accounts/phone_code.h"
#include "shop/accounts/upkeep.h"
#include "shop/outbox/outbox.h"
#include "task/db_error.h"
#include "task/job.h"
#include "web/limit.h"

const struct problem_code PROBLEM_TOKEN_REUSED[1] = {
    {"refresh_token_reused", 401, "Refresh token already used"}};
const struct problem_code PROBLEM_SECOND_FACTOR_REQUIRED[1] = {
    {"second_factor_required", 403, "A second factor is required"}};
const struct problem_code PROBLEM_RECENT_REQUIRED[1] = {
    {"recent_authentication_required", 403, "A recent proof of who you are is required"}};

const struct problem_code PROBLEM_VENDORS_FIRST[1] = {
    {"vendors_first", 409, "Vendors must be handed over first"}};

const struct problem_code PROBLEM_ADDRESS_REFUSED[1] = {
    {"address_not_allowed", 403, "This network is not allowed"}};

const struct problem_code PROBLEM_PROOF_REQUIRED[1] = {
    {"proof_required", 403, "A proof is required"}};

static const struct db_constraint CONSTRAINTS[] = {
    {"account_email_key", PROBLEM_EXISTS, "/email", "exists",
     "An account with this e-mail address already exists."},
    {"identity_account", PROBLEM_EXISTS, "/provider", "exists",
     "The account is linked to another identity of this provider already."},
    {"identity_subject", PROBLEM_EXISTS, "/id_token", "exists",
     "This identity is linked to another account."},
    {"account_phone", PROBLEM_EXISTS, "/phone", "exists",
     "Another account signs in with this number."},
    {"passkey_credential", PROBLEM_EXISTS, "/credential", "exists",
     "This passkey is registered already."},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* a mobile network has many people behind one address */
    {"login", LIMIT_BY_ADDRESS, 300, 60},
    /* wrong passwords of one account, from one address */
    {"login_guess", LIMIT_BY_OTHER_AT_ADDRESS, 10, 60},
    /* and from all addresses: bounds the rate of guessing */
    {"login_account", LIMIT_BY_OTHER, 60, 60},
    /* as login; hashing has its own limit */
    {"register", LIMIT_BY_ADDRESS, 600, 60},
    /* a token lives 15 minutes; an office shares an address */
    {"refresh", LIMIT_BY_ADDRESS, 1200, 60},
    /* numbers and countries have limits of their own (phone_code_add()) */
    {"phone_code", LIMIT_BY_ADDRESS, 120, 600},
    /* fewer than the number gets, so that a stranger at one address leaves some to its owner */
    {"phone_number", LIMIT_BY_OTHER_AT_ADDRESS, 10, 24 * 60 * 60},
    /* wrong codes, for whatever numbers, but the first with each code */
    {"phone_guess", LIMIT_BY_OTHER_AT_ADDRESS, 60, 60 * 60},
    /* the same for codes by mail (email_code_add()) */
    {"email_code", LIMIT_BY_ADDRESS, 120, 600},
    {"email_address", LIMIT_BY_OTHER_AT_ADDRESS, 10, 24 * 60 * 60},
    {"email_guess", LIMIT_BY_OTHER_AT_ADDRESS, 60, 60 * 60},
    /* beyond these a proof is asked for (suspicion.h): of one address, from everywhere */
    {"suspect_account", LIMIT_BY_OTHER, 5, 10 * 60},
    /* and of one network, where there may be an office or many telephones */
    {"suspect_network", LIMIT_BY_ADDRESS, 100, 10 * 60},
    /* wrong codes of a second factor of one account, from one network */
    {"code_guess", LIMIT_BY_OTHER_AT_ADDRESS, 10, 15 * 60},
    /* and from all networks where it never signed in: 720 a day of a million, three of which are
     * right at any time */
    {"code_account", LIMIT_BY_OTHER, 30, 60 * 60},
    {0},
};

static const struct db_refusal REFUSALS[] = {
    {"SBF01", PROBLEM_SECOND_FACTOR_REQUIRED, NULL},
    {"SBA01", PROBLEM_ADDRESS_REFUSED, NULL},
    {"SBR01", PROBLEM_RECENT_REQUIRED, "methods"},
    {"SBG01", PROBLEM_VENDORS_FIRST, "vendors"},
    {0},
};

static const struct job JOBS[] = {
    {"erase_accounts", JOB_AT_SETTING, accounts_erase},
    {"purge_accounts", JOB_HOURLY, accounts_purge},
    {0},
};

static const struct outbox_topic TOPICS[] = {
    {.name = "apple_code",
     .deliver = apple_exchange,
     .expire_s = LIMIT_APPLE_CODE_S,
     .drop_expired = true},
    {.name = "apple_revoke", .deliver = apple_revoke, .expire_s = LIMIT_APPLE_REVOKE_S},
    {.name = "email_code",
     .deliver = email_code_deliver,
     .expire_s = LIMIT_EMAIL_CODE_S,
     .drop_expired = true},
    {.name = "phone_code",
     .deliver = phone_code_deliver,
     .expire_s = LIMIT_PHONE_CODE_S,
     .drop_expired = true},
    {0},
};

static struct account_settings kept;

static int start(const struct area_options *options)
{
	if (options->accounts != NULL)
		kept = *options->accounts;
	return 0;
}

const struct account_settings *account_settings(void)
{
	assert(kept.passkey_domain != NULL); /* after the start */
	return &kept;
}

const struct area AREA_ACCOUNTS = {
    .name = "accounts",
    .start = start,
    .refusals = REFUSALS,
    .constraints = CONSTRAINTS,
    .limits = LIMITS,
    .jobs = JOBS,
    .topics = TOPICS,
};
