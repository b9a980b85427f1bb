/*
 * consents: documents that people accept (terms, privacy and others), in versions and languages,
 * and the log of who accepted or withdrew which version. docs/ACCOUNTS.md, "Documents and consent".
 */
#ifndef SEBEZ_SHOP_CONSENTS_CONSENTS_H
#define SEBEZ_SHOP_CONSENTS_CONSENTS_H

#include "base/uuid.h"
#include "shop/area.h"
#include "task/db.h"
#include "task/problem.h"

extern const struct area AREA_CONSENTS;

extern const struct problem_code PROBLEM_DOCUMENTS_FIRST[1];

/* What somebody who buys or registers must have accepted, and somebody who sells. */
enum consents_of { CONSENTS_OF_CUSTOMER, CONSENTS_OF_VENDOR };

/* Adds to the batch: that the acting account has accepted what is demanded, but for the documents
 * that a request accepts (count may be 0). What is refused ends the task: one of these that is not
 * there or has a newer version, and PROBLEM_DOCUMENTS_FIRST. */
void consents_expect(struct db *db, enum consents_of who, size_t count,
                     const struct uuid *accepted);

/* Adds to the transaction of what the request does: that the acting account accepts these. */
void consents_accept(struct db *db, enum consents_of who, size_t count,
                     const struct uuid *accepted);

/* Ends the task when a document that a registration accepts is not there or has a newer version.
 */
void consents_check(struct db *tx, size_t count, const struct uuid *accepted);

/* Checks them likewise, and adds to the transaction that makes the account: that it accepts them.
 */
void consents_accept_new(struct db *tx, struct uuid account, size_t count,
                         const struct uuid *accepted);

#endif
