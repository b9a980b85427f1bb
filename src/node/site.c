/* Handlers of api/node.yaml that serve pages and files for browsers. */
#include "api.gen.h"
#include "node/embedded_file.h"
#include "web/accept.h"
#include "web/reply.h"

/* No requests to other origins and no inline scripts. The API reference uses style elements and
 * attributes, which are indistinguishable from injected ones, and shows a response in a frame,
 * which this policy also covers. */
static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-src blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

static void browser_headers(struct request *rq)
{
	reply_header(rq, "Content-Security-Policy", POLICY);
	reply_header(rq, "Referrer-Policy", "no-referrer");
	reply_header(rq, "Cross-Origin-Opener-Policy", "same-origin");
}

static void reply_site(struct request *rq, const char *name)
{
	const struct embedded_file *file =
	    embedded_file_find(SITE_FILES, SITE_FILE_COUNT, name, "");

	if (file == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "File not found.");
	browser_headers(rq);
	reply_text(rq, embedded_file_media_type(name), file->text, file->length);
}

/* Files of npm packages have the version in their name and never change. They are stored and sent
 * as gzip, which every browser supports. */
static void reply_vendored(struct request *rq, const char *name, const struct embedded_file *file)
{
	browser_headers(rq);
	reply_header(rq, "Content-Encoding", "gzip");
	reply_header(rq, "Cache-Control", "public, max-age=31536000, immutable");
	reply_text(rq, embedded_file_media_type(name), file->text, file->length);
}

static void reply_facts(struct request *rq)
{
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_str(&json, "name", "Sebez");
	json_put_str(&json, "version", SEBEZ_VERSION);
	json_put_str(&json, "about", "A marketplace server: one order, many vendors.");
	json_put_str(&json, "api", "/v1");
	json_put_str(&json, "docs", "/docs");
	json_put_str(&json, "openapi", "/openapi.json");
	json_put_str(&json, "health", "/healthz");
	json_put_str(&json, "readiness", "/readyz");
	json_put_str(&json, "metrics", "/metrics");
	json_close_object(&json);
	reply_json(rq, 200, &body);
}

/* GET /: a page for browsers, JSON for programs. */
void get_root(struct request *rq, const struct get_root_in *in)
{
	(void)in;
	reply_varies(rq, "Accept");
	if (accept_in(rq->http, "Accept", "text/html"))
		reply_site(rq, "index.html");
	else
		reply_facts(rq);
}

/* GET /openapi.json */
void get_openapi(struct request *rq, const struct get_openapi_in *in)
{
	(void)in;
	reply_varies(rq, "Accept-Encoding");
	if (accept_in(rq->http, "Accept-Encoding", "gzip")) {
		reply_header(rq, "Content-Encoding", "gzip");
		reply_text(rq, "application/json", OPENAPI_JSON_GZ, OPENAPI_JSON_GZ_LENGTH);
	} else {
		reply_text(rq, "application/json", OPENAPI_JSON, OPENAPI_JSON_LENGTH);
	}
}

/* GET /docs: a page that shows /openapi.json. */
void get_docs(struct request *rq, const struct get_docs_in *in)
{
	(void)in;
	reply_site(rq, "docs.html");
}

/* GET /docs/{file}: files that the pages use. */
void get_docs_file(struct request *rq, const struct get_docs_file_in *in)
{
	const struct embedded_file *vendored =
	    embedded_file_find(VENDORED_FILES, VENDORED_FILE_COUNT, in->file, ".gz");

	if (vendored != NULL)
		reply_vendored(rq, in->file, vendored);
	else
		reply_site(rq, in->file);
}
