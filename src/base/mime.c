#include "base/mime.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/codec.h"

enum {
	LINE_MAX_BYTES = 76,
	WORD_BYTES = 42, /* of an encoded word, which has at most 75 characters */
	DATE_SIZE = 40,
};

static bool is_ascii(const char *text)
{
	for (; *text != 0; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* Valid UTF-8 of one line. */
static char *clean(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);
	bool valid = utf8_is_valid(copy, strlen(copy));

	for (char *c = copy; *c != 0; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
		else if (!valid && (unsigned char)*c >= 0x80)
			*c = '?';
	}
	return copy;
}

static const char *clean_address(struct arena *arena, const char *address)
{
	char *copy = clean(arena, address), *to = copy;

	for (const char *c = copy; *c != 0; c++)
		if (strchr(" <>,;", *c) == NULL)
			*to++ = *c;
	*to = 0;
	return copy;
}

/* Headers. */

static void add_base64(struct buf *out, const char *bytes, size_t length)
{
	size_t size = sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_ORIGINAL);
	char *end = buf_reserve(out, size);

	sodium_bin2base64(end, size, (const unsigned char *)bytes, length,
	                  sodium_base64_VARIANT_ORIGINAL);
	out->length += size - 1;
}

/* The end of the character that holds the byte at `length`, or the one before. */
static size_t cut(const char *text, size_t length)
{
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* RFC 2047: words of whole characters, one on each line. */
static void add_encoded(struct buf *out, const char *text)
{
	size_t left = strlen(text);
	bool is_first = true;

	while (left > 0) {
		size_t count = left <= WORD_BYTES ? left : cut(text, WORD_BYTES);

		assert(count > 0);
		buf_add_str(out, is_first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		add_base64(out, text, count);
		buf_add_str(out, "?=");
		text += count;
		left -= count;
		is_first = false;
	}
}

/* Text that is short and plain stands as it is; a word like "=?" is taken for an encoded one. */
static void add_text(struct buf *out, const char *name, const char *text)
{
	const char *value = clean(out->arena, text);

	buf_printf(out, "%s: ", name);
	if (is_ascii(value) && strstr(value, "=?") == NULL &&
	    strlen(name) + 2 + strlen(value) <= LINE_MAX_BYTES)
		buf_add_str(out, value);
	else
		add_encoded(out, value);
	buf_add_str(out, "\r\n");
}

static void add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text != 0; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

static void add_mailbox(struct buf *out, const char *name, const char *display, const char *address)
{
	const char *shown = clean(out->arena, display);

	buf_printf(out, "%s: ", name);
	if (shown[0] != 0 && is_ascii(shown) && strstr(shown, "=?") == NULL &&
	    strlen(shown) <= WORD_BYTES)
		add_quoted(out, shown);
	else
		add_encoded(out, shown);
	buf_printf(out, "%s<%s>\r\n", shown[0] != 0 ? "\r\n " : "",
	           clean_address(out->arena, address));
}

static void add_date(struct buf *out, int64_t time_us)
{
	static const char DAYS[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm tm;

	assert(gmtime_r(&seconds, &tm) != NULL);
	buf_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", DAYS[tm.tm_wday], tm.tm_mday,
	           MONTHS[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_headers(struct buf *out, const struct mime_mail *mail, const char *boundary)
{
	struct arena *arena = out->arena;

	add_mailbox(out, "From", mail->from_name, mail->from);
	add_mailbox(out, "To", "", mail->to);
	if (mail->reply_to != NULL)
		add_mailbox(out, "Reply-To", "", mail->reply_to);
	add_text(out, "Subject", mail->subject);
	add_date(out, mail->time_us);
	buf_printf(out, "Message-ID: <%s>\r\n", clean_address(arena, mail->message_id));
	buf_add_str(out, "Auto-Submitted: auto-generated\r\n"); /* no answers of absence */
	if (mail->unsubscribe != NULL)
		buf_printf(out,
		           "List-Unsubscribe: <%s>\r\n"
		           "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		           clean_address(arena, mail->unsubscribe));
	buf_printf(out, "Content-Language: %s\r\n", clean_address(arena, mail->language));
	buf_printf(out,
	           "MIME-Version: 1.0\r\n"
	           "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
	           boundary);
}

/* Bodies. */

/* Whether base64 is shorter than quoted-printable. */
static bool is_mostly_other(const char *text)
{
	size_t other = 0, length = 0;

	for (; text[length] != 0; length++)
		other += (unsigned char)text[length] >= 0x80;
	return other * 6 > length;
}

static void add_base64_lines(struct buf *out, const char *text)
{
	enum { OF_LINE = LINE_MAX_BYTES / 4 * 3 };
	struct buf lines = buf_new(out->arena, strlen(text) + 64);

	for (; *text != 0; text++) { /* line ends of text are CR LF */
		if (*text == '\n')
			buf_add_char(&lines, '\r');
		if (*text != '\r')
			buf_add_char(&lines, *text);
	}
	for (size_t at = 0; at < lines.length; at += OF_LINE) {
		size_t left = lines.length - at;

		add_base64(out, lines.data + at, left < OF_LINE ? left : OF_LINE);
		buf_add_str(out, "\r\n");
	}
}

/* Whether a character stands for itself: blanks do not at the end of a line, nor dots at the start,
 * which SMTP doubles. */
static bool is_itself(const char *at, bool starts_line)
{
	unsigned char c = (unsigned char)*at;

	if (c == ' ' || c == '\t')
		return at[1] != '\n' && at[1] != '\r' && at[1] != 0;
	return c > ' ' && c < 0x7f && c != '=' && !(starts_line && c == '.');
}

static void add_quoted_printable(struct buf *out, const char *text)
{
	size_t column = 0;

	for (; *text != 0; text++) {
		if (*text == '\r')
			continue;
		if (*text == '\n') {
			buf_add_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column > LINE_MAX_BYTES - 4) { /* "=XX" and "=" have room */
			buf_add_str(out, "=\r\n");
			column = 0;
		}
		if (is_itself(text, column == 0)) {
			buf_add_char(out, *text);
			column++;
		} else {
			buf_printf(out, "=%02X", (unsigned char)*text);
			column += 3;
		}
	}
	buf_add_str(out, "\r\n");
}

static void add_part(struct buf *out, const char *boundary, const char *type, const char *text)
{
	const char *valid = utf8_is_valid(text, strlen(text)) ? text : clean(out->arena, text);
	bool base64 = is_mostly_other(valid);

	buf_printf(out,
	           "--%s\r\n"
	           "Content-Type: %s; charset=utf-8\r\n"
	           "Content-Transfer-Encoding: %s\r\n\r\n",
	           boundary, type, base64 ? "base64" : "quoted-printable");
	if (base64)
		add_base64_lines(out, valid);
	else
		add_quoted_printable(out, valid);
}

const char *mime_write(struct arena *arena, const struct mime_mail *mail, size_t *ret_length)
{
	struct buf out = buf_new(arena, 2048 + (strlen(mail->text) + strlen(mail->html)) * 2);
	unsigned char hash[16];
	char boundary[48] = "=_"; /* which neither encoding contains */

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)mail->message_id,
	                   strlen(mail->message_id), NULL, 0);
	hex_encode(hash, sizeof(hash), boundary + 2);
	add_headers(&out, mail, boundary);
	add_part(&out, boundary, "text/plain", mail->text);
	add_part(&out, boundary, "text/html", mail->html);
	buf_printf(&out, "--%s--\r\n", boundary);
	*ret_length = out.length;
	return out.data;
}
