/*
 * evidence: files that show what returns and disputes are about. Each is kept with what shows it,
 * as JSON: {"id", "content_type", "bytes", "facts": {…}}, facts: upload_facts(). Links are made
 * when it is read, for whoever the database lets read it. Private to the area.
 */
#ifndef SEBEZ_SHOP_RETURNS_EVIDENCE_H
#define SEBEZ_SHOP_RETURNS_EVIDENCE_H

#include "task/db.h"
#include "task/rows.h"
#include "web/request.h"

/* The acting account's uploads, ready and of the purpose return_evidence, as they are kept; else
 * the task is ended (400) with an error of "/upload_ids/…". Not in a batch. */
const char *const *evidence_find(struct db *db, size_t count, const struct uuid ids[]);

/* The column of these rows, which are here, is an array of kept files, or of statements of a
 * dispute with such an array each: shows them with links. No transaction may be open. */
void evidence_show(struct request *rq, struct rows *rows, const char *column);
void evidence_show_statements(struct request *rq, struct rows *rows, const char *column);

#endif
