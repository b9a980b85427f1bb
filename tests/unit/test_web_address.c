/* Addresses that people give and others open. */
#include "unit.h"

#include "base/web_address.h"

static const char *const GOOD[] = {
    "https://example.com/a.jpg",
    "http://example.com",
    "HTTPS://Example.com:8443/a.jpg?v=1#top",
    "https://example.com./a.jpg",
    "https://example.com/@ada:b@c",
    "https://example.com?a@b",
    "https://8.8.8.8/a.jpg",
    "https://134744072/a.jpg", /* 8.8.8.8 */
    "https://[2606:4700::1111]:443/a.jpg",
    "https://m\u00fcnchen.example/a.jpg",
    "https://xn--mnchen-3ya.example/\u00e9.jpg",
    "https://1.com/a.jpg",
    "https://localhost.example.com/a.jpg",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
};

static const char *const NOT_WEB[] = {
    "",
    "https://",
    "https:///example.com/",
    "https:example.com",
    "//example.com/a.jpg",
    "ftp://example.com/a.jpg",
    "javascript:alert(1)",
    " https://example.com/",
    "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/a\nb",
    "https://example.com/\"><script>",
    "https://example.com:x/",
    "https://example.com:70000/",
    "https://%6c%6fcalhost/",
    "https://exam_ple.com/",
    "https://[::1",
    "https://[::1]x/",
};

static const char *const CREDENTIALS[] = {
    "https://ada@example.com/",
    "https://ada:secret@example.com/",
    "https://:@example.com/",
    "https://example.com@127.0.0.1/",
};

static const char *const PRIVATE[] = {
    "http://localhost/",
    "http://LOCALHOST.:8080/",
    "http://a.localhost/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0:80/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://192.0.2.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://999.1.1.1/",
    "http://1.2.3.4.5/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://\u24db\u24de\u24d2alhost/",
    "http://127\u30020\u30020\u30021/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[2001::1]/",
    "http://[]/",
    "http://intranet/",
    "http://printer.local/",
    "http://nas.lan/",
    "http://metadata.google.internal/",
    "http://router.home.arpa/",
};

#define EACH(list, wanted)                                                                         \
	do {                                                                                       \
		for (size_t i = 0; i < sizeof(list) / sizeof((list)[0]); i++) {                    \
			const char *wrong = web_address_wrong((list)[i], NULL);                    \
                                                                                                   \
			if (wrong == NULL || strstr(wrong, wanted) == NULL)                        \
				fail_msg("%s: %s", (list)[i], wrong == NULL ? "good" : wrong);     \
		}                                                                                  \
	} while (0)

static void a_public_address_is_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		const char *wrong = web_address_wrong(GOOD[i], NULL);

		if (wrong != NULL)
			fail_msg("%s: %s", GOOD[i], wrong);
	}
}

static void an_address_of_an_allowed_network_is_good(void **state)
{
	struct networks allowed;

	(void)state;
	assert_true(networks_parse("127.0.0.0/8 fd00::/8", &allowed));
	assert_null(web_address_wrong("http://127.0.0.1:8080/a.jpg", &allowed));
	assert_null(web_address_wrong("http://[fd00::1]/a.jpg", &allowed));
	assert_non_null(web_address_wrong("http://10.0.0.1/a.jpg", &allowed));
	assert_non_null(web_address_wrong("http://localhost/a.jpg", &allowed));
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	EACH(NOT_WEB, "http or https");
	EACH(CREDENTIALS, "password");
	EACH(PRIVATE, "public");
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(a_public_address_is_good),
	    cmocka_unit_test(an_address_of_an_allowed_network_is_good),
	    cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
