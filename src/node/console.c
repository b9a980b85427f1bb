/*
 * Handlers of api/node.yaml that serve the console: clients/console, built and committed as
 * clients/console/bundle. Its pages are one file, which shows what the path says.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "node/embedded_file.h"
#include "node/media_files.h"
#include "web/reply.h"

/* No inline script or style, and nothing of another server but pictures, which a store may have,
 * and files that are sent to it (%s). */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "               \
	"img-src 'self' https: data: blob:; connect-src 'self'%s%s; base-uri 'none'; "             \
	"form-action 'none'; frame-ancestors 'none'"
static const char ASSETS[] = "assets/";

static void reply_console(struct request *rq, const char *name, bool never_changes)
{
	const struct embedded_file *file =
	    embedded_file_find(CONSOLE_FILES, CONSOLE_FILE_COUNT, name, ".gz");
	const char *store;

	if (file == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "File not found.");
	assert(file->length > 2 && memcmp(file->text, "\x1f\x8b", 2) == 0); /* gzip */
	store = media_files_store(rq->task.arena);
	reply_header(rq, "Content-Security-Policy",
	             arena_printf(rq->task.arena, POLICY, store != NULL ? " " : "",
	                          store != NULL ? store : ""));
	reply_header(rq, "Referrer-Policy", "no-referrer");
	reply_header(rq, "Cross-Origin-Opener-Policy", "same-origin");
	reply_header(rq, "Content-Encoding", "gzip");
	reply_header(rq, "Cache-Control",
	             never_changes ? "public, max-age=31536000, immutable" : "no-cache");
	reply_text(rq, embedded_file_media_type(name), file->text, file->length);
}

/* GET /console */
void get_console(struct request *rq, const struct get_console_in *in)
{
	(void)in;
	reply_console(rq, "index.html", false);
}

/* GET /console/{page} */
void get_console_file(struct request *rq, const struct get_console_file_in *in)
{
	if (strncmp(in->page, ASSETS, sizeof(ASSETS) - 1) == 0)
		reply_console(rq, in->page + sizeof(ASSETS) - 1, true);
	else if (strchr(in->page, '.') == NULL)
		reply_console(rq, "index.html", false);
	else
		task_end(&rq->task, PROBLEM_NOT_FOUND, "File not found.");
}
