/*
 * documents: their versions and languages.
 */
#include <assert.h>
#include <strings.h>

#include "api.gen.h"
#include "consents.sql.h"
#include "shop/consents/consents.h"
#include "web/language.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/documents */
void list_documents(struct request *rq, const struct list_documents_in *in)
{
	(void)in;
	reply_list(rq, sql_documents_current(db_of(&rq->task)));
}

/* The best language of the document for this reader; its first one, when it has none of theirs. */
static const char *language_of(struct request *rq, const struct get_document_in *in)
{
	struct db *db = db_of(&rq->task);
	size_t count;
	const struct document_languages_row *rows =
	    sql_document_languages_rows(db, sql_document_languages(db, in->document_id), &count);

	if (rows == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Document not found.");

	const char **offered = arena_alloc(rq->task.arena, (count + 1) * sizeof(*offered));

	for (size_t i = 0; i < count; i++)
		offered[i] = rows[i].language;
	offered[count] = NULL;

	const char *wanted = in->language;

	if (wanted == NULL)
		wanted = http_header(rq->http, "Accept-Language");
	return language_choose(wanted, offered);
}

/* GET /v1/documents/{document_id} */
void get_document(struct request *rq, const struct get_document_in *in)
{
	const char *language = language_of(rq, in);

	assert(language != NULL);
	reply_varies(rq, "Accept-Language");
	reply_row(rq, sql_document_in(db_of(&rq->task), in->document_id, language));
}

/* GET /v1/admin/documents */
void list_document_versions(struct request *rq, const struct list_document_versions_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_documents_page(db_of(&rq->task), page.after_key, page.after_id, page.count));
}

static void check_language(struct request *rq, const struct publish_document_in *in, size_t i)
{
	const char *field = arena_printf(rq->task.arena, "/texts/%zu/language", i);

	assert(i < in->texts_count);
	if (!language_is_tag(in->texts[i].language))
		task_end_field(&rq->task, field, "format",
		               "must be a language tag of BCP 47, such as en or pt-BR");
	for (size_t before = 0; before < i; before++) {
		if (strcasecmp(in->texts[before].language, in->texts[i].language) == 0)
			task_end_field(&rq->task, field, "twice",
			               "must not be the language of a text before it");
	}
}

/* POST /v1/admin/documents */
void publish_document(struct request *rq, const struct publish_document_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct uuid id = uuid_v7();
	struct document_text_add_texts *texts =
	    arena_alloc(rq->task.arena, in->texts_count * sizeof(*texts));

	assert(in->texts_count > 0); /* the contract's bound */
	for (size_t i = 0; i < in->texts_count; i++) {
		check_language(rq, in, i);
		texts[i] = (struct document_text_add_texts){
		    .language = in->texts[i].language,
		    .title = in->texts[i].title,
		    .body = in->texts[i].body,
		};
	}
	sql_document_add(batch, id, DOCUMENT_KIND_NAMES[in->kind], in->demanded_from);
	sql_document_text_add(batch, id, in->texts_count, texts);
	reply_commit_row(rq, batch, 201, sql_document_of(batch, id));
}
