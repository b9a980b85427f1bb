/*
 * smtp_client: sends mails by SMTP (libcurl, in threads of libuv's pool), from fibers.
 *
 *   struct smtp_message message = {.from = from, .to = to, .bytes = bytes, .length = length};
 *   smtp_client_send(&server, &message, 1, task->deadline_ms);
 *   if (message.verdict == SMTP_ACCEPTED) …
 *
 * Messages go side by side over connections that are reused for later ones. Certificates are
 * always verified. The server is the operator's, so any address may be called. A mail may arrive
 * twice when the connection ends after its last byte: its Message-ID makes this visible to mail
 * programs.
 */
#ifndef SEBEZ_NET_SMTP_CLIENT_H
#define SEBEZ_NET_SMTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once per process, after http_client_start. ca_file: as there. -ENOMEM. */
int smtp_client_start(const char *ca_file) __attribute__((warn_unused_result));
/* Before http_client_stop, not from a fiber. */
void smtp_client_stop(void);

struct smtp_server {
	const char *url;      /* smtp://host:port or smtps://host:port, without user */
	const char *user;     /* "" for none; else it signs in with the best method offered */
	const char *password; /* sent only over TLS, unless plain */
	const char *name;     /* ours, for EHLO: a host name */
	bool plain;           /* smtp:// without STARTTLS; else the server must have it */
};

enum smtp_verdict {
	SMTP_ACCEPTED,
	SMTP_TEMPORARY,   /* 4xx: later, it may accept the message */
	SMTP_BAD_ADDRESS, /* 5xx to the recipient: there is no such mailbox */
	SMTP_PERMANENT,   /* 5xx to the message or its sender */
	SMTP_TURNED_AWAY, /* it refuses us: our name or password, or it has no TLS */
	SMTP_UNREACHABLE, /* no connection, no answer in time, or another protocol */
	SMTP_VERDICT_COUNT,
};
extern const char *const SMTP_VERDICTS[SMTP_VERDICT_COUNT]; /* names */

enum { SMTP_REASON_SIZE = 64, SMTP_URL_SIZE = 512 };

struct smtp_message {
	const char *from; /* of the envelope; "" for none */
	const char *to;
	/* Lines that end with CR LF; stays until the call returns. NULL: no message is sent, and
	 * the server accepts it when it takes us. */
	const char *bytes;
	size_t length;

	enum smtp_verdict verdict;
	/* The server's codes ("RCPT: 550 5.1.1"), or why there are none. Without its text, which
	 * may contain the address. */
	char reason[SMTP_REASON_SIZE];
};

/*
 * smtp_client_send: sends messages, at most LIMIT_MAILS_AT_ONCE, and sets the verdict of each.
 * Suspends the fiber, which must have no transaction open (asserted). Addresses are ASCII, or the
 * server must know SMTPUTF8; one with a control character or bracket is a bad address.
 */
void smtp_client_send(const struct smtp_server *server, struct smtp_message messages[],
                      size_t count, int64_t deadline_ms);

#endif
