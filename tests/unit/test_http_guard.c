/* What the HTTP client does not do, whoever asks it to. */
#include "unit.h"

#include <errno.h>

#include "fibers.h"
#include "http_peer.h"

ON_FIBER(what_could_be_misread_is_refused)
{
	static const char *const BAD[] = {"",
	                                  "/hello",
	                                  "ftp://127.0.0.1/",
	                                  "file:///etc/passwd",
	                                  "http://",
	                                  "http://a b/",
	                                  "http://me@127.0.0.1/",
	                                  "http://127.0.0.1:x/",
	                                  "gopher://127.0.0.1/",
	                                  "http://\xff/"};
	static const struct http_header BAD_HEADERS[] = {
	    {"X-A", "1\r\nX-B: 2"}, {"X-A: b", "1"}, {"", "1"}, {"X\nA", "1"}};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		snprintf(url, sizeof(url), "%s", BAD[i]);
		expect_failure(get(url), -EINVAL, "URL");
	}
	for (size_t i = 0; i < sizeof(BAD_HEADERS) / sizeof(BAD_HEADERS[0]); i++) {
		struct http_client_request request = {
		    .url = at("/hello"), .headers = &BAD_HEADERS[i], .header_count = 1};
		expect_failure(send_request(request), -EINVAL, "header");
	}
}

static struct http_client_redirect redirect; /* of the latest response */

/* Asks `url`, and where the response leads. */
static int lead(void)
{
	assert_int_equal(get(url), 0);
	return http_client_redirect(arena, url, &response, &redirect);
}

static void expect_lead(const char *wanted, const char *host, bool leaves)
{
	assert_int_equal(lead(), 0);
	assert_string_equal(redirect.error, "");
	assert_string_equal(redirect.url, wanted);
	assert_string_equal(redirect.host, host);
	assert_int_equal(redirect.leaves, leaves);
}

static void expect_no_lead(int rc, const char *error)
{
	assert_int_equal(lead(), rc);
	assert_null(redirect.url);
	assert_non_null(strstr(redirect.error, error));
}

ON_FIBER(a_redirect_is_an_answer_that_says_where_it_leads)
{
	char wanted[256], host[32];

	snprintf(host, sizeof(host), "127.0.0.1:%d", peer.port);
	snprintf(wanted, sizeof(wanted), "http://%s/loop?left=4", host);
	(void)at("/loop?left=5");
	expect_lead(wanted, host, false);
	snprintf(wanted, sizeof(wanted), "http://%s/a%%20b", host);
	(void)at("/redirect?status=308&to=%2Fa%20b");
	expect_lead(wanted, host, false);
	(void)at("/redirect?to=HTTP%3A%2F%2FPeer.Test%3A8080%2Fx");
	expect_lead("http://Peer.Test:8080/x", "peer.test:8080", true);
	(void)at("/redirect?to=https%3A%2F%2Fpeer.test%3A443%2F");
	expect_lead("https://peer.test:443/", "peer.test", true);
	(void)at("/redirect?to=%2F%2Fpeer.test%2Fy");
	expect_lead("http://peer.test/y", "peer.test", true);
}

ON_FIBER(other_answers_lead_nowhere)
{
	(void)at("/hello");
	expect_no_lead(0, "");
	(void)at("/redirect?status=300&to=%2Fhello");
	expect_no_lead(0, "");
	(void)at("/redirect?status=404&to=%2Fhello");
	expect_no_lead(0, "");
}

ON_FIBER(a_redirect_that_could_be_misread_is_refused)
{
	(void)at("/redirect?to=ftp%3A%2F%2F127.0.0.1%2F");
	expect_no_lead(-EINVAL, "http or https");
	(void)at("/redirect?to=http%3A%2F%2Fme%40127.0.0.1%2F");
	expect_no_lead(-EINVAL, "malformed");
}

ON_FIBER(a_redirect_never_leads_from_https_to_http)
{
	(void)url_of("https", "peer.test", peer.tls_port,
	             "/redirect?to=http%3A%2F%2Fpeer.test%2Fhello");
	expect_no_lead(-EACCES, "https to http");
	(void)url_of("https", "peer.test", peer.tls_port, "/redirect?to=%2Fhello");
	assert_int_equal(lead(), 0);
	assert_false(redirect.leaves);
	assert_int_equal(get(redirect.url), 0);
	assert_string_equal(response.body, "hello");
}

/* Of what is not public only 127.0.0.1 is allowed here. */
ON_FIBER(an_address_that_is_not_public_is_refused)
{
	static const char *const HOSTS[] = {
	    "127.0.0.2",   "127.2",     "0x7f000002",    "[::1]",       "[::ffff:127.0.0.1]",
	    "10.0.0.1",    "[fd00::1]", "loopback.test", "mapped.test", "nat64.test",
	    "tunnel.test", "six.test",  "unique.test",   "link.test",   "metadata.test",
	    "shared.test", "zero.test", "group.test",    "both.test",   "LOOPBACK.test"};

	for (size_t i = 0; i < sizeof(HOSTS) / sizeof(HOSTS[0]); i++)
		expect_failure(get(url_of("http", HOSTS[i], peer.port, "/hello")), -EACCES,
		               "public internet");
	/* What was refused is not connected to; what is allowed is. */
	assert_int_equal(get(url_of("http", "half.test", peer.port, "/hello")), 0);
	expect_header("X-Two", "1");
}

/* Of a server that listens at 127.0.0.2 nothing is known, so that nobody accepts. */
ON_FIBER(a_trusted_call_may_go_anywhere_and_shares_no_connection)
{
	struct http_client_request request = {.url = url_of("http", "loopback.test", 1, "/"),
	                                      .trusted = true};
	char connection[32];

	expect_failure(send_request(request), -ECONNREFUSED, "connect");
	(void)at("/hello");
	assert_int_equal(send_request(request), 0);
	snprintf(connection, sizeof(connection), "%s", http_client_header(&response, "X-Peer"));
	assert_int_equal(send_request(request), 0);
	expect_header("X-Peer", connection);
	request.trusted = false;
	assert_int_equal(send_request(request), 0);
	assert_string_not_equal(http_client_header(&response, "X-Peer"), connection);
}

ON_FIBER(certificates_are_verified)
{
	assert_int_equal(get(url_of("https", "peer.test", peer.tls_port, "/hello")), 0);
	expect_header("X-Protocol", "HTTP/2.0");
	expect_failure(get(url_of("https", "127.0.0.1", peer.tls_port, "/hello")), -EKEYREJECTED,
	               "");
	expect_failure(get(url_of("https", "127.0.0.1", peer.port, "/hello")), -EPROTO, "");
}

static void call_without_authorities(void *arg)
{
	for (int i = 0; i < 2; i++)
		expect_failure(get(url_of("https", "peer.test", peer.tls_port, "/hello")),
		               -EKEYREJECTED, "authorities");
	assert_int_equal(get(at("/hello")), 0);
}

static void a_file_without_certificates_lets_nobody_be_called_over_tls(void **state)
{
	http_client_stop();
	assert_int_equal(client_start("/dev/null"), 0);
	on_fiber(call_without_authorities, NULL);
	http_client_stop();
	assert_int_equal(client_start(peer.ca_file), 0);
}

ON_FIBER(an_environment_with_proxies_is_not_obeyed)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	int rc = get(at("/hello"));
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	assert_int_equal(rc, 0);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(what_could_be_misread_is_refused),
	    cmocka_unit_test(a_redirect_is_an_answer_that_says_where_it_leads),
	    cmocka_unit_test(other_answers_lead_nowhere),
	    cmocka_unit_test(a_redirect_that_could_be_misread_is_refused),
	    cmocka_unit_test(a_redirect_never_leads_from_https_to_http),
	    cmocka_unit_test(an_address_that_is_not_public_is_refused),
	    cmocka_unit_test(a_trusted_call_may_go_anywhere_and_shares_no_connection),
	    cmocka_unit_test(certificates_are_verified),
	    cmocka_unit_test(a_file_without_certificates_lets_nobody_be_called_over_tls),
	    cmocka_unit_test(an_environment_with_proxies_is_not_obeyed),
	};

	return cmocka_run_group_tests(TESTS, peer_start, peer_stop);
}
