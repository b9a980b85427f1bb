#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/log.h"
#include "node/supervisor_internal.h"

/*
 * A process accepts what the present secret and the one before have signed, and signs with the
 * present one. So a new secret takes two reloads: after the first every process accepts it, and
 * only then may one sign with it. What the database has of the secret follows.
 */

void secret_look(struct supervisor *su)
{
	const char *data = su->services.data_folder.data;
	struct secret now, previous;
	int has;

	/* A reload that failed has left it; the one that is asked for goes on. */
	if (su->config->secret[0] != '\0' || su->rotation != ROTATION_NONE)
		return;
	if (secret_find(su->config, data, &now) < 0) {
		LOG_ERROR("the secret cannot be read");
		return;
	}
	has = secret_find_previous(su->config, data, &previous);
	su->previous_gone = has == 0;
	if (memcmp(&now, &su->secret, sizeof(now)) == 0) {
		member_world_secrets(&su->world, &now, has == 1 ? &previous : NULL);
	} else {
		LOG_INFO("secret was replaced: all processes begin to accept the new one");
		member_world_secrets(&su->world, &su->secret, &now);
		su->secret_next = now;
		su->rotation = ROTATION_ACCEPTING;
	}
	explicit_bzero(&now, sizeof(now));
	explicit_bzero(&previous, sizeof(previous));
}

/* The passwords of the roles, and what is sealed in the database. */
void secret_carry(struct supervisor *su)
{
	const char *argv[] = {"sebez", "secrets", "carry", NULL};
	struct child_spec spec = {
	    .program = su->world.program, .argv = argv, .output_fd = -1, .death_signal = SIGTERM};

	if (su->carrying > 0)
		return;
	setenv("SEBEZ_DATA", su->services.data_folder.data, 1); /* an absolute path */
	if (child_spawn(&spec, &su->carrying) < 0)
		secret_carried(su, false);
}

void secret_carried(struct supervisor *su, bool good)
{
	su->carrying = 0;
	if (good)
		LOG_INFO("secret is in use");
	else
		LOG_ERROR("what is sealed was not sealed anew: run `sebez secrets carry`");
}

void secret_reloaded(struct supervisor *su)
{
	struct secret previous;

	if (su->rotation == ROTATION_ACCEPTING) {
		LOG_INFO("all processes begin to sign with the new secret");
		member_world_secrets(&su->world, &su->secret_next, &su->secret);
		su->secret = su->secret_next;
		explicit_bzero(&su->secret_next, sizeof(su->secret_next));
		su->rotation = ROTATION_SIGNING;
		su->reload_requested = true;
	} else if (su->rotation == ROTATION_SIGNING) {
		su->rotation = ROTATION_NONE;
		secret_carry(su);
		/* These processes know the one before, also when it has ended meanwhile. */
		if (secret_find_previous(su->config, su->services.data_folder.data, &previous) == 0)
			su->reload_requested = true;
		explicit_bzero(&previous, sizeof(previous));
	} else if (su->previous_gone) {
		secret_settle(su);
	}
}

void secret_settle(struct supervisor *su)
{
	if (secret_ended(su->services.data_folder.data) < 0)
		LOG_ERROR("secret.ending cannot be removed");
}
