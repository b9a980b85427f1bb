#include "node/nginx_conf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "node/commands.h"
#include "node/say.h"
#include "task/problem.h"

enum {
	MIB = 1024 * 1024,
	MS_PER_S = 1000,
	KEPT = 64,                  /* connections that a worker keeps open for the next requests */
	HTTP2_DIRECTIVE_MINOR = 25, /* from nginx 1.25.1 on */
};

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Whether the text means only itself in nginx's language. */
static bool is_plain(const char *text, const char *marks)
{
	for (; *text != '\0'; text++)
		if (strchr(LETTERS, *text) == NULL && strchr(marks, *text) == NULL)
			return false;
	return true;
}

static bool are_plain(const char *flag, const struct words *words, const char *marks)
{
	for (size_t i = 0; i < words->count; i++)
		if (words->items[i][0] == '\0' || !is_plain(words->items[i], marks)) {
			say("nginx-conf: %s %s is not understood", flag, words->items[i]);
			return false;
		}
	return true;
}

static bool is_option_plain(const char *flag, const char *text, const char *marks)
{
	struct words one = {.items = {text}, .count = 1};

	return text == NULL || are_plain(flag, &one, marks);
}

static bool are_good(const struct nginx_options *options)
{
	if (options->names.count == 0 || options->cert == NULL || options->key == NULL) {
		say("nginx-conf: --name, --cert and --key are required");
		return false;
	}
	if (options->upstreams.count > 0 && options->upstream_file != NULL) {
		say("nginx-conf: --upstream and --upstream-file exclude each other");
		return false;
	}
	return are_plain("--name", &options->names, "-.*") &&
	       are_plain("--upstream", &options->upstreams, "-.:/[]_") &&
	       are_plain("--metrics", &options->metrics, ".:/") &&
	       is_option_plain("--upstream-file", options->upstream_file, "-./_") &&
	       is_option_plain("--cert", options->cert, "-./_") &&
	       is_option_plain("--key", options->key, "-./_") &&
	       is_option_plain("--https", options->https, "-.:/[]_") &&
	       is_option_plain("--http", options->http, "-.:/[]_") &&
	       is_option_plain("--acme", options->acme, "-./_") &&
	       is_option_plain("--cache", options->cache, "-./_") &&
	       is_option_plain("--log", options->log, "-./_") &&
	       is_option_plain("--nginx", options->version, ".");
}

/* Whether `http2 on` stands alone instead of in `listen`. */
static bool has_http2_directive(const char *version)
{
	int major = 1, minor = 22; /* of Debian 12 */

	if (version != NULL && sscanf(version, "%d.%d", &major, &minor) != 2)
		minor = 0;
	return major > 1 || (major == 1 && minor > HTTP2_DIRECTIVE_MINOR);
}

static void print_listen(const char *where, const char *more)
{
	printf("    listen %s%s;\n", where, more);
	if (strchr(where, ':') == NULL) /* a port alone: of both families */
		printf("    listen [::]:%s%s;\n", where, more);
}

/* The host as URLs name it; the port only when it is another than https has anyway. */
static void print_host(const char *https)
{
	const char *colon = strrchr(https, ':');
	const char *port = colon != NULL ? colon + 1 : https;

	printf(strcmp(port, "443") == 0 ? "$host" : "$host:%s", port);
}

static void print_names(const struct nginx_options *options)
{
	printf("    server_name");
	for (size_t i = 0; i < options->names.count; i++)
		printf(" %s", options->names.items[i]);
	printf(";\n");
}

/* The address of SEBEZ_LISTEN as another process of the machine reaches it. */
static void print_own_address(const struct config *config)
{
	char host[80];
	int port = 0;
	bool good = config_split_listen(config->listen, host, sizeof(host), &port);
	const char *shown = host;

	assert(good && port >= 0); /* config_load has validated it */
	if (strcmp(host, "0.0.0.0") == 0)
		shown = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		shown = "::1";
	printf(strchr(shown, ':') != NULL ? "    server [%s]:%d;\n" : "    server %s:%d;\n", shown,
	       port);
}

static void print_upstream(const struct config *config, const struct nginx_options *options)
{
	int64_t idle_ms = LIMIT_CONNECTION_IDLE_MS;

	if (config->drain_ms < idle_ms)
		idle_ms = config->drain_ms;
	printf("upstream sebez {\n");
	if (options->upstream_file != NULL)
		printf("    include %s; # lines of `server ADDRESS;`\n", options->upstream_file);
	else if (options->upstreams.count == 0)
		print_own_address(config);
	for (size_t i = 0; i < options->upstreams.count; i++)
		printf("    server %s;\n", options->upstreams.items[i]);
	printf("    keepalive %d;\n", KEPT);
	printf("    # Sooner than Sebez closes idle connections, also while it is replaced.\n");
	printf("    keepalive_timeout %lldms;\n}\n",
	       (long long)(idle_ms / 2 > 0 ? idle_ms / 2 : 1));
}

/* What stands outside of servers. */
static void print_shared(const struct config *config, const struct nginx_options *options)
{
	print_upstream(config, options);
	printf("\n# Without the query, as links to private files are signed there, and without the "
	       "codes\n"
	       "# that links of mails have in their paths.\n"
	       "map $uri $sebez_uri {\n    default $uri;\n"
	       "    ~^(?<sebez_page>/v1/mail/unsubscribe/) \"${sebez_page}...\";\n"
	       "    ~^(?<sebez_page>/(?!v1/|media/|dev/|docs/|\\.well-known/)[a-z-]+/) "
	       "\"${sebez_page}...\";\n}\n"
	       "log_format sebez '$remote_addr [$time_iso8601] \"$request_method $sebez_uri "
	       "$server_protocol\" $status '\n"
	       "                 '$body_bytes_sent $request_time $upstream_response_time "
	       "$sent_http_x_request_id';\n");
	if (options->cache != NULL)
		printf("proxy_cache_path %s keys_zone=sebez_media:10m max_size=20g inactive=30d "
		       "use_temp_path=off;\n",
		       options->cache);
}

static void print_plain_server(const struct nginx_options *options, const char *https)
{
	printf("\nserver {\n");
	print_listen(options->http != NULL ? options->http : "80", "");
	print_names(options);
	printf("    access_log off;\n    server_tokens off;\n");
	if (options->acme != NULL)
		printf("    location /.well-known/acme-challenge/ {\n"
		       "        root %s;\n        default_type text/plain;\n    }\n",
		       options->acme);
	printf("    location / { return 308 https://");
	print_host(https);
	printf("$request_uri; }\n}\n");
}

static void print_tls(const struct nginx_options *options)
{
	printf("    ssl_certificate     %s;\n    ssl_certificate_key %s;\n", options->cert,
	       options->key);
	printf("    ssl_protocols TLSv1.2 TLSv1.3;\n"
	       "    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	       "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	       "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;\n"
	       "    ssl_prefer_server_ciphers off; # phones choose what they do fast\n"
	       "    ssl_session_cache shared:sebez:10m;\n"
	       "    ssl_session_timeout 1d;\n"
	       "    ssl_session_tickets off;\n"
	       "    add_header Strict-Transport-Security \"max-age=63072000\" always;\n");
}

static void print_proxying(const char *https)
{
	printf("    proxy_set_header Host ");
	print_host(https);
	printf(
	    ";\n"
	    "    proxy_http_version 1.1;\n"
	    "    proxy_set_header Connection \"\";\n"
	    "    proxy_set_header X-Forwarded-For $remote_addr;\n"
	    "    proxy_set_header X-Forwarded-Proto $scheme;\n"
	    "    proxy_connect_timeout 5s;\n"
	    "    # Sebez ends every request in time; these are its longest: imports and exports.\n"
	    "    proxy_read_timeout %ds;\n"
	    "    proxy_send_timeout %ds;\n"
	    "    proxy_socket_keepalive on;\n",
	    LIMIT_STREAM_MS / MS_PER_S, LIMIT_STREAM_MS / MS_PER_S);
	printf("    # Imports and uploads are read as they come, exports sent as they are made.\n"
	       "    proxy_request_buffering off;\n"
	       "    proxy_max_temp_file_size 0;\n"
	       "    # An import; Sebez refuses what is too large for other operations itself.\n"
	       "    client_max_body_size %dm;\n"
	       "    client_body_timeout %ds;\n",
	       LIMIT_IMPORT_BYTES / MIB, LIMIT_BODY_MS / MS_PER_S);
}

static void print_gzip(void)
{
	printf("    gzip on;\n"
	       "    gzip_proxied any;\n"
	       "    gzip_vary on;\n"
	       "    gzip_comp_level 4;\n"
	       "    gzip_min_length 1024;\n"
	       "    gzip_types application/json application/problem+json text/css text/csv "
	       "text/javascript image/svg+xml;\n");
}

/* The problem that nginx answers itself, where its own page would be HTML. */
static void print_problem(const char *location, const struct problem_code *code,
                          const char *headers, const char *detail)
{
	assert(strchr(code->title, '\'') == NULL && strchr(detail, '\'') == NULL);
	printf("    location %s {\n"
	       "        internal;\n"
	       "        default_type application/problem+json;\n"
	       "        add_header Strict-Transport-Security \"max-age=63072000\" always;\n"
	       "        add_header X-Request-Id $request_id always;\n"
	       "        add_header Content-Language en always;\n%s",
	       location, headers);
	printf("        return %d '{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,"
	       "\"detail\":\"%s\",\"code\":\"%s\",\"request_id\":\"$request_id\"}';\n    }\n",
	       code->status, code->name, code->title, code->status, detail, code->name);
}

static void print_locations(const struct nginx_options *options)
{
	printf("    # Streams of events say themselves that they are not buffered.\n"
	       "    location / { proxy_pass http://sebez; }\n");
	if (options->cache != NULL)
		printf("    location /media/public/ {\n"
		       "        proxy_pass http://sebez;\n"
		       "        proxy_cache sebez_media; # answers say how long they are valid\n"
		       "        proxy_cache_lock on;\n"
		       "        proxy_max_temp_file_size 1024m;\n"
		       "    }\n");
	printf("    location = /metrics {\n");
	for (size_t i = 0; i < options->metrics.count; i++)
		printf("        allow %s;\n", options->metrics.items[i]);
	printf("        deny all;\n        proxy_pass http://sebez;\n    }\n");
	printf("    error_page 413 @too_large;\n    error_page 502 504 =503 @away;\n");
	print_problem("@too_large", PROBLEM_TOO_LARGE, "", "Send a smaller body.");
	print_problem("@away", PROBLEM_UNAVAILABLE, "        add_header Retry-After 2 always;\n",
	              "The server did not answer. Repeat the request, with the same "
	              "Idempotency-Key.");
}

static void print_server(const struct nginx_options *options, const char *https)
{
	bool apart = has_http2_directive(options->version);

	printf("\nserver {\n");
	print_listen(https, apart ? " ssl" : " ssl http2");
	if (apart)
		printf("    http2 on;\n");
	print_names(options);
	printf("    access_log %s",
	       options->log != NULL ? options->log : "/var/log/nginx/sebez.log");
	printf(options->log != NULL && strcmp(options->log, "off") == 0 ? ";\n" : " sebez;\n");
	printf("    server_tokens off;\n");
	print_tls(options);
	print_proxying(https);
	print_gzip();
	print_locations(options);
	printf("}\n");
}

/* Around the servers: what is otherwise in /etc/nginx/nginx.conf. */
static void print_head(const char *https, bool has_http2)
{
	printf("user www-data;\nworker_processes auto;\npid /run/nginx.pid;\n"
	       "error_log /var/log/nginx/error.log warn;\n"
	       "# A poll that waits has two: of the client and of Sebez.\n"
	       "worker_rlimit_nofile %d;\nevents { worker_connections %d; }\n\nhttp {\n"
	       "sendfile on;\ntcp_nopush on;\naccess_log off;\n\n",
	       2 * LIMIT_DESCRIPTORS, 2 * LIMIT_CONNECTIONS);
	printf("# Other names are turned away.\nserver {\n");
	print_listen(https, has_http2 ? " ssl default_server" : " ssl http2 default_server");
	printf("    ssl_reject_handshake on;\n}\n\n");
}

int nginx_conf_main(const struct config *config, const struct nginx_options *options)
{
	const char *https = options->https != NULL ? options->https : "443";

	if (!are_good(options))
		return NOT_UNDERSTOOD;
	printf("# Made by `sebez nginx-conf` of Sebez %s: make it anew instead of editing it.\n",
	       SEBEZ_VERSION);
	if (options->whole)
		print_head(https, has_http2_directive(options->version));
	print_shared(config, options);
	print_plain_server(options, https);
	print_server(options, https);
	if (options->whole)
		printf("}\n");
	return 0;
}
