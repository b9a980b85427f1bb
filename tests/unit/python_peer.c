#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "python_peer.h"

struct python_peer python_peer_start(const char *script)
{
	char *arguments[] = {(char *)"python3", (char *)script, NULL};
	struct python_peer peer = {0};
	posix_spawn_file_actions_t files;
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], 0);
	posix_spawn_file_actions_adddup2(&files, out[1], 1);
	assert_int_equal(
	    posix_spawn(&peer.process, "/usr/bin/python3", &files, NULL, arguments, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	close(in[0]);
	close(out[1]);
	peer.input = in[1];
	peer.output = fdopen(out[0], "r");
	assert_non_null(peer.output);
	signal(SIGPIPE, SIG_IGN); /* as processes of a server do */
	return peer;
}

void python_peer_stop(struct python_peer *peer)
{
	close(peer->input);
	fclose(peer->output);
	assert_int_equal(waitpid(peer->process, NULL, 0), peer->process);
}
