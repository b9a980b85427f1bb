/* Addresses, and networks of them. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/address.h"

static struct address parse(const char *text)
{
	struct address address = {.is_v6 = strchr(text, ':') != NULL};

	assert_int_equal(inet_pton(address.is_v6 ? AF_INET6 : AF_INET, text, address.bytes), 1);
	return address;
}

/* The first and the last of each special network, and its neighbours. */
static void special_networks_are_not_public(void **state)
{
	static const char *const PRIVATE[] = {
	    "0.0.0.0",
	    "0.255.255.255",
	    "10.0.0.0",
	    "10.255.255.255",
	    "100.64.0.0",
	    "100.127.255.255",
	    "127.0.0.1",
	    "169.254.169.254",
	    "172.16.0.0",
	    "172.31.255.255",
	    "192.0.0.1",
	    "192.0.2.1",
	    "192.88.99.1",
	    "192.168.255.255",
	    "198.18.0.0",
	    "198.19.255.255",
	    "198.51.100.1",
	    "203.0.113.1",
	    "224.0.0.1",
	    "239.255.255.255",
	    "240.0.0.1",
	    "255.255.255.255",
	    "::",
	    "::1",
	    "::ffff:8.8.8.8",
	    "::8.8.8.8",
	    "64:ff9b::8.8.8.8",
	    "64:ff9b:1::1",
	    "100::1",
	    "2001::1",
	    "2001:1ff::1",
	    "2001:db8::1",
	    "2002:808:808::1",
	    "3fff::1",
	    "5f00::1",
	    "fc00::1",
	    "fdff::1",
	    "fe80::1",
	    "fec0::1",
	    "ff02::1",
	};
	static const char *const PUBLIC[] = {
	    "1.1.1.1",     "9.255.255.255", "11.0.0.0",     "100.63.255.255",
	    "100.128.0.0", "126.255.0.1",   "128.0.0.1",    "169.253.255.255",
	    "172.15.0.1",  "172.32.0.0",    "192.167.0.1",  "198.17.255.255",
	    "198.20.0.0",  "223.255.255.1", "2001:200::1",  "2001:4860:4860::8888",
	    "2003::1",     "2606:4700::1",  "3ffe:ffff::1",
	};

	for (size_t i = 0; i < sizeof(PRIVATE) / sizeof(PRIVATE[0]); i++) {
		struct address address = parse(PRIVATE[i]);

		if (address_is_public(&address))
			fail_msg("%s is public", PRIVATE[i]);
	}
	for (size_t i = 0; i < sizeof(PUBLIC) / sizeof(PUBLIC[0]); i++) {
		struct address address = parse(PUBLIC[i]);

		if (!address_is_public(&address))
			fail_msg("%s is not public", PUBLIC[i]);
	}
}

static void a_network_has_the_addresses_below_its_prefix(void **state)
{
	static const char LIST[] = " 10.1.0.0/16  fd00::/9 127.0.0.1 ::1 192.168.4.0/22 ";
	static const char *const IN[] = {"10.1.255.255", "fd7f:ffff::1", "127.0.0.1", "::1",
	                                 "192.168.7.255"};
	static const char *const OUT[] = {"10.2.0.0", "fd80::1",          "127.0.0.2",   "::2",
	                                  "::",       "::ffff:127.0.0.1", "192.168.8.0", "0.0.0.0"};
	struct networks networks;

	assert_true(networks_parse(LIST, &networks));
	assert_int_equal(networks.count, 5);
	for (size_t i = 0; i < sizeof(IN) / sizeof(IN[0]); i++) {
		struct address address = parse(IN[i]);
		assert_true(networks_have(&networks, &address));
	}
	for (size_t i = 0; i < sizeof(OUT) / sizeof(OUT[0]); i++) {
		struct address address = parse(OUT[i]);
		assert_false(networks_have(&networks, &address));
	}
	assert_true(networks_parse("0.0.0.0/0", &networks));
	struct address address = parse("10.2.0.0");
	assert_true(networks_have(&networks, &address));
	assert_true(networks_parse("", &networks));
	assert_false(networks_have(&networks, &address));
}

static void a_malformed_network_is_refused(void **state)
{
	static const char *const BAD[] = {
	    "localhost",   "10.1",           "10.0.0.0/",   "10.0.0.0/33",
	    "10.0.0.0/8x", "10.0.0.1/8",     "/8",          "::/129",
	    "fd00::1/8",   "[::1]",          "10.0.0.0,::", "10.0.0.0/0008",
	    "10.0.0.0/08", "2001:db8::/032", "::/00",       "::1%lo",
	    "+1",          "10.0.0.0/-1"};
	struct networks networks = {.count = 7};
	char many[33 * 8 + 1] = "";

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		if (networks_parse(BAD[i], &networks))
			fail_msg("%s is a network", BAD[i]);
	}
	for (int i = 0; i < 33; i++)
		strcat(many, "1.2.3.4 ");
	assert_false(networks_parse(many, &networks));
	assert_int_equal(networks.count, 7);
}

static void an_address_comes_from_its_socket_address(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr local = {.sa_family = AF_UNIX};
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	inet_pton(AF_INET, "10.1.2.3", &v4.sin_addr);
	assert_true(address_of((const struct sockaddr *)&v4, &address));
	address_format(&address, text);
	assert_string_equal(text, "10.1.2.3");
	inet_pton(AF_INET6, "2001:db8::7", &v6.sin6_addr);
	assert_true(address_of((const struct sockaddr *)&v6, &address));
	address_format(&address, text);
	assert_string_equal(text, "2001:db8::7");
	assert_false(address_of(&local, &address));
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(special_networks_are_not_public),
	    cmocka_unit_test(a_network_has_the_addresses_below_its_prefix),
	    cmocka_unit_test(a_malformed_network_is_refused),
	    cmocka_unit_test(an_address_comes_from_its_socket_address),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
