/*
 * push: the devices of accounts, and push messages to them. docs/NOTIFICATIONS.md has the
 * guarantees.
 *
 * A notice becomes a row of the outbox for each device (push_expand() in functions_send.sql); the
 * deliverer of the topics push_… (send.c) reads what is to be sent right before sending it, and
 * sends it to the provider of the device.
 */
#ifndef SEBEZ_SHOP_PUSH_PUSH_H
#define SEBEZ_SHOP_PUSH_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shop/area.h"

extern const struct area AREA_PUSH;

/* Settings of the operator (docs/CONFIGURATION.md), "" when not set; they live as long as the
 * process. */
struct push_settings {
	const char *fcm_account_file, *fcm_origin;
	const char *apns_key_file, *apns_key_id, *apns_team, *apns_topic;
	const char *apns_origin, *apns_sandbox_origin;
	const char *vapid_key_file, *vapid_subject;
	const char *expo_access_token, *expo_origin;
	/* The demo is loaded: what has no provider is shown at /dev/push. */
	bool demo;
};

/* Reads the files that the settings name. False: `error` is a sentence that names the setting and
 * contains no secret. */
bool push_settings_check(const struct push_settings *settings, char *error, size_t error_size);

/* One line for each provider that is configured: what of it works. Suspends the fiber. */
typedef void push_report_fn(void *arg, bool good, const char *what, const char *detail);
void push_probe(const struct push_settings *settings, push_report_fn *report, void *arg);

/* Messages by provider and what became of them, since the start of this process, numbered from 0;
 * false after the last. */
struct push_count {
	const char *provider, *outcome;
	uint64_t count;
};
bool push_count(size_t number, struct push_count *ret);

#endif
