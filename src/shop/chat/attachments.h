/*
 * attachments: the files of messages. A message keeps of each, as JSON, all that its readers need:
 *
 *   {"id", "kind", "name", "alt", "content_type", "bytes", "facts": {…}}   facts: upload_facts()
 *
 * Links are made when a message is read, for whoever the database lets read it. Events have none
 * (attachments_told() in functions_attachments.sql).
 */
#ifndef SEBEZ_SHOP_CHAT_ATTACHMENTS_H
#define SEBEZ_SHOP_CHAT_ATTACHMENTS_H

#include "api.gen.h"
#include "shop/media/media.h"
#include "task/rows.h"
#include "web/request.h"

/* The uploads that a message is to show, in their order. They must be the author's own, ready, for
 * this purpose, and each another: else ends the task (400) with an error of the field. Not in a
 * batch. NULL for no attachments. */
const struct media_file *attachments_find(struct request *rq, const struct send_message_in *in);

/* Of a message with these files: image, voice or video when all are of that kind, else file. */
enum message_kind_choice attachments_kind(size_t count, const struct media_file files[]);

/* Writes one as it is kept; name may be NULL. */
void attachment_keep(struct json *json, struct uuid id, const struct media_file *file,
                     const char *name, const char *alt);

/* The column of these rows, which are here, has the attachments of messages: shows them with links,
 * or what the messages said before, with theirs. After that no transaction may be open. */
void attachments_show(struct request *rq, struct rows *rows, const char *column);
void attachments_show_history(struct request *rq, struct rows *rows, const char *column);

#endif
