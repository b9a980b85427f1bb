#include "net/smtp_client.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/limits.h"
#include "base/list.h"
#include "net/co.h"
#include "net/loop.h"
#include "net/trust.h"

enum { ADDRESS_BYTES_MAX = 254 + 2, BUSY_MS = 10 };

const char *const SMTP_VERDICTS[SMTP_VERDICT_COUNT] = {
    [SMTP_ACCEPTED] = "accepted",       [SMTP_TEMPORARY] = "temporary",
    [SMTP_BAD_ADDRESS] = "bad_address", [SMTP_PERMANENT] = "permanent",
    [SMTP_TURNED_AWAY] = "turned_away", [SMTP_UNREACHABLE] = "unreachable",
};

/* A connection, and the handle of libcurl that has it. Used by the loop or by one thread. */
struct line {
	CURL *easy; /* NULL: none */
	int fd;     /* -1: not connected */
	int64_t used_ms;
	struct sending *sending; /* NULL: it is free */
};

static struct {
	bool started;
	const char *ca_file;
	struct line lines[LIMIT_MAILS_AT_ONCE];
} client;

/* A message on its way, in a thread. */
struct sending {
	uv_work_t work;
	struct line *line;
	const struct smtp_server *server;
	struct smtp_message *message;
	int64_t left_ms;
	X509_STORE *store; /* NULL: without TLS */
	struct co *co;
	unsigned *waiting; /* of its sender: messages that are under way */
	size_t given;      /* bytes of the message */
	long status;       /* latest answer that refuses; 0: none */
	char command[5];   /* the latest: "RCPT" */
	char enhanced[12]; /* code of the latest answer: "5.1.1" */
};

/* Verdicts. */

static void fail(struct smtp_message *message, enum smtp_verdict verdict, const char *reason)
{
	message->verdict = verdict;
	snprintf(message->reason, sizeof(message->reason), "%s", reason);
}

/* The answer to a message or its recipient; what comes before them is said to us. */
static enum smtp_verdict verdict_of_answer(const struct sending *sending, long status)
{
	bool of_sender = strcmp(sending->command, "MAIL") == 0;
	bool of_message = of_sender || strcmp(sending->command, "DATA") == 0;
	bool of_recipient = strcmp(sending->command, "RCPT") == 0;
	const char *enhanced = sending->enhanced;

	if (status / 100 == 4)
		return of_message || of_recipient ? SMTP_TEMPORARY : SMTP_UNREACHABLE;
	if (status / 100 != 5)
		return SMTP_UNREACHABLE;
	if (status == 530 || status == 535 || status == 538 || !(of_message || of_recipient))
		return SMTP_TURNED_AWAY;
	/* RFC 3463: x.1 is about addresses, x.2 about the mailbox, of which x.2.2 is full and x.2.3
	 * is about the length; x.1.7 and x.1.8 are about the sender, and x.1.0 may be. Without such
	 * a code, 550 may as well refuse us. */
	bool no_mailbox = (strncmp(enhanced, "5.1.", 4) == 0 && strcmp(enhanced, "5.1.0") != 0 &&
	                   strcmp(enhanced, "5.1.7") != 0 && strcmp(enhanced, "5.1.8") != 0) ||
	                  strcmp(enhanced, "5.2.0") == 0 || strcmp(enhanced, "5.2.1") == 0;

	return no_mailbox && !of_sender ? SMTP_BAD_ADDRESS : SMTP_PERMANENT;
}

static enum smtp_verdict verdict_of_failure(CURLcode code)
{
	switch (code) {
	case CURLE_LOGIN_DENIED:
	case CURLE_USE_SSL_FAILED:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return SMTP_TURNED_AWAY;
	default:
		return SMTP_UNREACHABLE;
	}
}

static void judge(struct sending *sending, CURLcode code)
{
	struct smtp_message *message = sending->message;
	long status = sending->status;

	message->verdict = SMTP_ACCEPTED;
	message->reason[0] = 0;
	if (code == CURLE_OK)
		return;
	/* libcurl's code is the same for 451 and 550. When the connection ended instead of an
	 * answer, the latest status is of an earlier command. */
	bool answered = status >= 400 && status < 600;
	bool denied = verdict_of_failure(code) == SMTP_TURNED_AWAY;

	if (answered && !denied)
		message->verdict = verdict_of_answer(sending, status);
	else
		message->verdict = verdict_of_failure(code);
	if (answered)
		snprintf(message->reason, sizeof(message->reason), "%s: %ld%s%s",
		         sending->command[0] != 0 ? sending->command : "greeting", status,
		         sending->enhanced[0] != 0 ? " " : "", sending->enhanced);
	else
		snprintf(message->reason, sizeof(message->reason), "%s", curl_easy_strerror(code));
}

/* What libcurl calls. */

static size_t on_read(char *buffer, size_t size, size_t count, void *arg)
{
	struct sending *sending = arg;

	size_t left = sending->message->length - sending->given;
	size_t now = left < size * count ? left : size * count;

	assert(sending->given <= sending->message->length);
	memcpy(buffer, sending->message->bytes + sending->given, now);
	sending->given += now;
	return now;
}

/* "550 5.1.1 text" or "550-5.1.1 text" */
static size_t on_answer(char *line, size_t size, size_t count, void *arg)
{
	struct sending *sending = arg;
	size_t length = size * count, end = 4;

	while (end < length && (isdigit((unsigned char)line[end]) || line[end] == '.'))
		end++;
	size_t enhanced = end > 4 ? end - 4 : 0;

	/* libcurl's own status is not of this answer when it has sent QUIT since. */
	if (length < 4 || (line[0] != '4' && line[0] != '5'))
		return length;
	sending->status = strtol(line, NULL, 10);
	if (enhanced >= 5 && enhanced < sizeof(sending->enhanced) && line[5] == '.' &&
	    line[4] == line[0]) {
		memcpy(sending->enhanced, line + 4, enhanced);
		sending->enhanced[enhanced] = 0;
	}
	return length;
}

static const char COMMANDS[][5] = {"EHLO", "HELO", "STAR", "AUTH", "MAIL", "RCPT", "DATA"};

static void begin_command(struct sending *sending, const char *command)
{
	memcpy(sending->command, command, sizeof(sending->command));
	sending->enhanced[0] = 0;
	sending->status = 0;
}

/* libcurl does not tell which command an answer belongs to: this is how it says what it sends. */
static int on_trace(CURL *easy, curl_infotype type, char *data, size_t length, void *arg)
{
	struct sending *sending = arg;

	(void)easy;
	if (type != CURLINFO_HEADER_OUT || length < 4)
		return 0;
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
		if (strncasecmp(data, COMMANDS[i], 4) == 0)
			begin_command(sending, COMMANDS[i]);
	return 0;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	(void)arg;
	(void)purpose;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static CURLcode on_tls(CURL *easy, void *context, void *arg)
{
	const struct sending *sending = arg;

	(void)easy;
	assert(sending->store != NULL);
	SSL_CTX_set1_cert_store(context, sending->store);
	return CURLE_OK;
}

/* Sending, in a thread: libcurl waits for the answer to a message within one call, so on the loop a
 * slow server would stop everything. */

#define SET(option, value) (curl_easy_setopt(easy, CURLOPT_##option, value) == CURLE_OK)

static bool set_server(CURL *easy, const struct sending *sending)
{
	const struct smtp_server *server = sending->server;
	char url[SMTP_URL_SIZE + 256];
	int length = snprintf(url, sizeof(url), "%s/%s", server->url, server->name);
	bool signs_in = server->user[0] != 0;

	assert(length > 0 && (size_t)length < sizeof(url));
	return SET(URL, url) && SET(PROTOCOLS_STR, "smtp,smtps") && SET(PROXY, "") &&
	       SET(USE_SSL, (long)(server->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)) &&
	       (!signs_in || (SET(USERNAME, server->user) && SET(PASSWORD, server->password))) &&
	       SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CAINFO, NULL) &&
	       SET(CAPATH, NULL) && SET(SSL_CTX_FUNCTION, on_tls) && SET(SSL_CTX_DATA, sending) &&
	       SET(NOSIGNAL, 1L) && SET(QUICK_EXIT, 1L) &&
	       SET(CONNECTTIMEOUT_MS, (long)LIMIT_CLIENT_CONNECT_MS) &&
	       SET(TIMEOUT_MS, (long)sending->left_ms) &&
	       SET(SERVER_RESPONSE_TIMEOUT, LIMIT_DELIVERY_ATTEMPT_MS / 1000L) &&
	       SET(MAXCONNECTS, 1L);
}

static bool set_callbacks(CURL *easy, struct sending *sending)
{
	return SET(READFUNCTION, on_read) && SET(READDATA, sending) &&
	       SET(HEADERFUNCTION, on_answer) && SET(HEADERDATA, sending) &&
	       SET(DEBUGFUNCTION, on_trace) && SET(DEBUGDATA, sending) && SET(VERBOSE, 1L) &&
	       SET(OPENSOCKETFUNCTION, on_open_socket);
}

static bool set_message(CURL *easy, const struct smtp_message *message, const char *from,
                        struct curl_slist *to)
{
	return SET(MAIL_FROM, from) && SET(MAIL_RCPT, to) && SET(UPLOAD, 1L) &&
	       SET(INFILESIZE_LARGE, (curl_off_t)message->length);
}

static CURLcode perform(struct sending *sending)
{
	CURL *easy = sending->line->easy;
	struct curl_slist *list;
	char from[ADDRESS_BYTES_MAX + 1], to[ADDRESS_BYTES_MAX + 1];
	CURLcode code = CURLE_OUT_OF_MEMORY;

	snprintf(from, sizeof(from), "<%s>", sending->message->from);
	snprintf(to, sizeof(to), "<%s>",
	         sending->message->bytes != NULL ? sending->message->to : "");
	list = curl_slist_append(NULL, to);
	curl_easy_reset(easy); /* keeps the connection */
	if (list != NULL && set_server(easy, sending) && set_callbacks(easy, sending) &&
	    (sending->message->bytes != NULL ? set_message(easy, sending->message, from, list)
	                                     : SET(CUSTOMREQUEST, "NOOP") && SET(NOBODY, 1L)))
		code = curl_easy_perform(easy);
	curl_slist_free_all(list);
	return code;
}

/* Closes the connection. It is shut down first, because libcurl waits for the answer to QUIT. */
static void hang_up(struct line *line)
{
	if (line->fd >= 0)
		(void)shutdown(line->fd, SHUT_RDWR);
	curl_easy_cleanup(line->easy);
	line->easy = NULL;
	line->fd = -1;
}

static void work(uv_work_t *request)
{
	struct sending *sending = CONTAINER_OF(request, struct sending, work);
	struct line *line = sending->line;
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (line->easy == NULL)
		line->easy = curl_easy_init();
	if (line->easy == NULL) {
		fail(sending->message, SMTP_UNREACHABLE, "No memory");
		return;
	}
	CURLcode code = perform(sending);

	judge(sending, code);
	(void)curl_easy_getinfo(line->easy, CURLINFO_ACTIVESOCKET, &fd);
	line->fd = fd == CURL_SOCKET_BAD ? -1 : fd;
	/* libcurl would use it again while an answer is still to come, which the next message would
	 * take for its own. */
	if (code != CURLE_OK)
		hang_up(line);
}

static void on_done(uv_work_t *request, int status)
{
	struct sending *sending = CONTAINER_OF(request, struct sending, work);

	if (status != 0)
		fail(sending->message, SMTP_UNREACHABLE, "The client is stopped");
	sending->line->sending = NULL;
	sending->line->used_ms = loop_now_ms();
	X509_STORE_free(sending->store);
	--*sending->waiting;
	co_wake(sending->co);
	free(sending);
}

/* On the loop. */

/* A free line; with a connection that is not idle for long, or without one. */
static struct line *free_line(void)
{
	for (unsigned i = 0; i < LIMIT_MAILS_AT_ONCE; i++) {
		struct line *line = &client.lines[i];

		if (line->sending != NULL)
			continue;
		if (line->easy != NULL &&
		    loop_now_ms() - line->used_ms >= LIMIT_MAIL_IDLE_S * INT64_C(1000))
			hang_up(line);
		return line;
	}
	return NULL;
}

/* No command can be smuggled into the dialogue. */
static bool is_address(const char *address)
{
	size_t length = strlen(address);

	for (const char *c = address; *c != 0; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '<' || *c == '>')
			return false;
	return length <= ADDRESS_BYTES_MAX - 2;
}

static bool has_addresses(const struct smtp_message *message)
{
	return message->to[0] != 0 && is_address(message->to) && is_address(message->from);
}

/* NULL: other fibers send until the deadline. */
static struct line *wait_for_line(int64_t deadline_ms)
{
	struct line *line;

	while ((line = free_line()) == NULL && loop_now_ms() < deadline_ms)
		co_sleep_ms(BUSY_MS);
	return loop_now_ms() < deadline_ms ? line : NULL;
}

static void begin(const struct sending *form, struct smtp_message *message, int64_t deadline_ms)
{
	struct line *line = wait_for_line(deadline_ms);
	struct sending *sending = line == NULL ? NULL : malloc(sizeof(*sending));

	if (sending == NULL) {
		fail(message, line == NULL ? SMTP_TEMPORARY : SMTP_UNREACHABLE,
		     line == NULL ? "No connection was free in time" : "No memory");
		return;
	}
	*sending = *form;
	sending->message = message;
	sending->left_ms = deadline_ms - loop_now_ms();
	if (sending->store != NULL)
		X509_STORE_up_ref(sending->store);
	sending->line = line;
	sending->line->sending = sending;
	++*sending->waiting;
	int rc = uv_queue_work(loop_uv(), &sending->work, work, on_done);

	assert(rc == 0); /* fails only without a work function */
}

static const char *refusal(const struct sending *form)
{
	if (!client.started)
		return "The client is stopped";
	if (form->left_ms <= 0)
		return "The deadline has passed";
	return NULL;
}

void smtp_client_send(const struct smtp_server *server, struct smtp_message messages[],
                      size_t count, int64_t deadline_ms)
{
	unsigned waiting = 0;
	struct sending form = {.server = server, .co = co_self(), .waiting = &waiting};
	bool tls = !server->plain || strncmp(server->url, "smtps:", 6) == 0;
	const char *refused = NULL;

	assert(co_self() != NULL && deadline_ms != 0 && !co_has_scarce());
	assert(count <= LIMIT_MAILS_AT_ONCE);
	if (tls && client.started && trust_prepare(client.ca_file) < 0)
		refused = "The certificates of the authorities cannot be read";
	else if (tls && client.started)
		form.store = trust_share();
	form.left_ms = deadline_ms - loop_now_ms();
	if (refused == NULL)
		refused = refusal(&form);
	for (size_t i = 0; i < count; i++) {
		struct smtp_message *message = &messages[i];

		if (refused != NULL)
			fail(message, SMTP_UNREACHABLE, refused);
		else if (message->bytes != NULL && !has_addresses(message))
			fail(message, SMTP_BAD_ADDRESS, "The address is malformed");
		else
			begin(&form, message, deadline_ms);
	}
	while (waiting > 0)
		(void)co_wait(0);
	X509_STORE_free(form.store);
}

/* The process. */

int smtp_client_start(const char *ca_file)
{
	assert(!client.started);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	client.ca_file = ca_file;
	for (unsigned i = 0; i < LIMIT_MAILS_AT_ONCE; i++)
		client.lines[i] = (struct line){.fd = -1};
	client.started = true;
	return 0;
}

void smtp_client_stop(void)
{
	assert(co_self() == NULL);
	if (!client.started)
		return;
	client.started = false;
	for (unsigned i = 0; i < LIMIT_MAILS_AT_ONCE; i++)
		if (client.lines[i].sending == NULL) /* else its thread ends with the process */
			hang_up(&client.lines[i]);
}
