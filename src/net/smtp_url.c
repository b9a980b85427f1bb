#include "net/smtp_url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A part that is not there is "". */
static bool take(CURLU *url, CURLUPart part, unsigned flags, char *ret, size_t size)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(url, part, &text, flags);
	bool good = code == CURLUE_OK && strlen(text) < size;

	ret[0] = 0;
	if (good)
		snprintf(ret, size, "%s", text);
	curl_free(text);
	return good || code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD ||
	       code == CURLUE_NO_PORT || code == CURLUE_NO_QUERY || code == CURLUE_NO_FRAGMENT ||
	       code == CURLUE_NO_OPTIONS;
}

static bool has_control(const char *text)
{
	for (; *text != 0; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool read_parts(CURLU *url, struct smtp_url *ret)
{
	char scheme[8], host[SMTP_HOST_SIZE], port[8], path[4], rest[4];
	bool good = take(url, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) &&
	            take(url, CURLUPART_HOST, 0, host, sizeof(host)) && host[0] != 0 &&
	            take(url, CURLUPART_PORT, 0, port, sizeof(port)) &&
	            take(url, CURLUPART_PATH, 0, path, sizeof(path)) && strcmp(path, "/") == 0 &&
	            take(url, CURLUPART_QUERY, 0, rest, sizeof(rest)) && rest[0] == 0 &&
	            take(url, CURLUPART_FRAGMENT, 0, rest, sizeof(rest)) && rest[0] == 0 &&
	            take(url, CURLUPART_OPTIONS, 0, rest, sizeof(rest)) && rest[0] == 0;
	bool secure = good && strcasecmp(scheme, "smtps") == 0;

	if (!good || (!secure && strcasecmp(scheme, "smtp") != 0))
		return false;
	if (port[0] == 0)
		snprintf(port, sizeof(port), "%s", secure ? "465" : "587");
	snprintf(ret->server, sizeof(ret->server), "%s://%s:%s", secure ? "smtps" : "smtp", host,
	         port);
	return take(url, CURLUPART_USER, CURLU_URLDECODE, ret->user, sizeof(ret->user)) &&
	       take(url, CURLUPART_PASSWORD, CURLU_URLDECODE, ret->password,
	            sizeof(ret->password)) &&
	       !has_control(ret->user) && !has_control(ret->password) &&
	       (ret->user[0] != 0) == (ret->password[0] != 0);
}

bool smtp_url_read(const char *text, struct smtp_url *ret)
{
	CURLU *url = curl_url();
	struct smtp_url read = {0};
	bool good = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
	            read_parts(url, &read);

	curl_url_cleanup(url);
	if (good)
		*ret = read;
	return good;
}
