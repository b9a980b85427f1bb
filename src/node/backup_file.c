#include "node/backup_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "node/data_folder.h"
#include "node/services.h"

enum {
	CHUNK_BYTES = 64 * 1024,
	SEALED_BYTES = CHUNK_BYTES + crypto_secretstream_xchacha20poly1305_ABYTES,
	GZIP = 15 + 16, /* zlib's word for that format */
};

static const char MAGIC[8] = "SEBEZBK1";
static const char *const ENDINGS[] = {".gz", ".gz.enc"};

_Static_assert(BACKUP_KEY_BYTES == (int)crypto_secretstream_xchacha20poly1305_KEYBYTES,
               "a key of secretstream");

typedef crypto_secretstream_xchacha20poly1305_state seal_state;

struct writer {
	int fd;
	bool sealed;
	seal_state seal;
	uint8_t chunk[CHUNK_BYTES];
	size_t used;
	int64_t bytes;
};

static int write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t count = write(fd, at, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -EIO;
		at += count;
		length -= (size_t)count;
	}
	return 0;
}

/* As many bytes as there are, up to length; or -errno. */
static ssize_t read_some(int fd, void *bytes, size_t length)
{
	size_t used = 0;

	while (used < length) {
		ssize_t count = read(fd, (char *)bytes + used, length - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		used += (size_t)count;
	}
	return (ssize_t)used;
}

static int writer_begin(struct writer *writer, int fd, const struct backup_key *key)
{
	uint8_t header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
	int rc;

	writer->fd = fd;
	writer->sealed = key->given;
	writer->used = 0;
	writer->bytes = 0;
	if (!key->given)
		return 0;
	crypto_secretstream_xchacha20poly1305_init_push(&writer->seal, header, key->bytes);
	rc = write_all(fd, MAGIC, sizeof(MAGIC));
	if (rc == 0)
		rc = write_all(fd, header, sizeof(header));
	writer->bytes = (int64_t)(sizeof(MAGIC) + sizeof(header));
	return rc;
}

static int writer_flush(struct writer *writer, bool last)
{
	static uint8_t sealed[SEALED_BYTES];
	unsigned long long length = writer->used;
	const uint8_t *bytes = writer->chunk;

	assert(writer->used <= CHUNK_BYTES);
	if (writer->sealed) {
		crypto_secretstream_xchacha20poly1305_push(
		    &writer->seal, sealed, &length, writer->chunk, writer->used, NULL, 0,
		    last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
		bytes = sealed;
	}
	writer->bytes += (int64_t)length;
	writer->used = 0;
	return write_all(writer->fd, bytes, (size_t)length);
}

static int writer_add(struct writer *writer, const uint8_t *bytes, size_t length)
{
	int rc = 0;

	while (length > 0 && rc == 0) {
		size_t room = CHUNK_BYTES - writer->used;
		size_t count = length < room ? length : room;

		memcpy(writer->chunk + writer->used, bytes, count);
		writer->used += count;
		bytes += count;
		length -= count;
		if (writer->used == CHUNK_BYTES)
			rc = writer_flush(writer, false);
	}
	return rc;
}

/* All of the source goes through zlib into the writer. */
static int compress_all(int source, struct writer *writer, enum backup_level level)
{
	static uint8_t in[CHUNK_BYTES], out[CHUNK_BYTES];
	z_stream stream = {0};
	int state = Z_OK, rc = 0;

	if (deflateInit2(&stream, level, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	while (state != Z_STREAM_END && rc == 0) {
		ssize_t count = read_some(source, in, sizeof(in));
		bool last = count < (ssize_t)sizeof(in);

		if (count < 0) {
			rc = (int)count;
			break;
		}
		stream.next_in = in;
		stream.avail_in = (uInt)count;
		do {
			stream.next_out = out;
			stream.avail_out = sizeof(out);
			state = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
			assert(state != Z_STREAM_ERROR);
			rc = writer_add(writer, out, sizeof(out) - stream.avail_out);
		} while (rc == 0 && (last ? state != Z_STREAM_END : stream.avail_out == 0));
	}
	deflateEnd(&stream);
	return rc == 0 ? writer_flush(writer, true) : rc;
}

/* Where the plain bytes go: a descriptor, or what they are compared with. */
struct sink {
	int out;    /* -1: none */
	int source; /* -1: none */
	bool differs;
};

static int sink_take(struct sink *sink, const uint8_t *bytes, size_t length)
{
	static uint8_t theirs[CHUNK_BYTES];

	assert(length <= sizeof(theirs));
	if (sink->source >= 0 && (read_some(sink->source, theirs, length) != (ssize_t)length ||
	                          memcmp(theirs, bytes, length) != 0))
		sink->differs = true;
	return sink->out < 0 ? 0 : write_all(sink->out, bytes, length);
}

struct reader {
	int fd;
	bool sealed, ended;
	seal_state seal;
	uint8_t chunk[CHUNK_BYTES];
};

static int reader_begin(struct reader *reader, int fd, bool sealed, const struct backup_key *key)
{
	uint8_t header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
	char magic[sizeof(MAGIC)];

	reader->fd = fd;
	reader->sealed = sealed;
	reader->ended = false;
	if (!sealed)
		return 0;
	if (!key->given)
		return -ENOKEY;
	if (read_some(fd, magic, sizeof(magic)) != (ssize_t)sizeof(magic) ||
	    memcmp(magic, MAGIC, sizeof(magic)) != 0 ||
	    read_some(fd, header, sizeof(header)) != (ssize_t)sizeof(header) ||
	    crypto_secretstream_xchacha20poly1305_init_pull(&reader->seal, header, key->bytes) != 0)
		return -EBADMSG;
	return 0;
}

/* The next bytes of the gzip stream, in reader->chunk; 0 at its end, or -errno. */
static ssize_t reader_next(struct reader *reader)
{
	static uint8_t sealed[SEALED_BYTES];
	unsigned long long length = 0;
	unsigned char tag = 0;
	ssize_t count;

	if (!reader->sealed)
		return read_some(reader->fd, reader->chunk, sizeof(reader->chunk));
	if (reader->ended)
		return 0;
	count = read_some(reader->fd, sealed, sizeof(sealed));
	if (count < 0)
		return count;
	if (crypto_secretstream_xchacha20poly1305_pull(&reader->seal, reader->chunk, &length, &tag,
	                                               sealed, (unsigned long long)count, NULL,
	                                               0) != 0)
		return -EBADMSG; /* a missing end, too */
	reader->ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	assert(length <= CHUNK_BYTES);
	return (ssize_t)length;
}

static int expand_all(struct reader *reader, struct sink *sink)
{
	static uint8_t out[CHUNK_BYTES];
	z_stream stream = {0};
	int state = Z_OK, rc = 0;

	if (inflateInit2(&stream, GZIP) != Z_OK)
		return -ENOMEM;
	while (state != Z_STREAM_END && rc == 0) {
		ssize_t count = services_stop_asked() ? -EINTR : reader_next(reader);

		if (count <= 0) {
			rc = count < 0 ? (int)count : -EBADMSG; /* it ends too early */
			break;
		}
		stream.next_in = reader->chunk;
		stream.avail_in = (uInt)count;
		do {
			stream.next_out = out;
			stream.avail_out = sizeof(out);
			state = inflate(&stream, Z_NO_FLUSH);
			if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
				rc = -EBADMSG;
			else
				rc = sink_take(sink, out, sizeof(out) - stream.avail_out);
		} while (rc == 0 && state == Z_OK && stream.avail_out == 0);
	}
	/* Nothing may follow, and an encrypted file ends with its last chunk. */
	if (rc == 0 &&
	    (stream.avail_in > 0 || reader_next(reader) != 0 || (reader->sealed && !reader->ended)))
		rc = -EBADMSG;
	inflateEnd(&stream);
	return rc;
}

static void name_file(const char *name, bool sealed, char ret[BACKUP_NAME_MAX])
{
	path_format(ret, BACKUP_NAME_MAX, "%s%s", name, ENDINGS[sealed]);
}

/* Opens either kind. */
static int open_file(int folder, const char *name, bool *ret_sealed)
{
	char path[BACKUP_NAME_MAX];
	int fd = -1;

	for (int sealed = 1; sealed >= 0 && fd < 0; sealed--) {
		name_file(name, sealed == 1, path);
		fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		*ret_sealed = sealed == 1;
		if (fd < 0 && errno != ENOENT)
			break;
	}
	return fd < 0 ? -errno : fd;
}

/* Closes the descriptor. */
static int read_open(int fd, bool sealed, const struct backup_key *key, struct sink *sink)
{
	static struct reader reader;
	int rc;

	if (fd < 0)
		return fd;
	rc = reader_begin(&reader, fd, sealed, key);
	if (rc == 0)
		rc = expand_all(&reader, sink);
	close(fd);
	sodium_memzero(&reader, sizeof(reader));
	return rc;
}

static int read_into(int folder, const char *name, const struct backup_key *key, struct sink *sink)
{
	bool sealed = false;
	int fd = open_file(folder, name, &sealed);

	return read_open(fd, sealed, key, sink);
}

int backup_file_get_entry(int folder, const char *entry, const struct backup_key *key, int out)
{
	struct sink sink = {.out = out, .source = -1};
	int fd = openat(folder, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return read_open(fd < 0 ? -errno : fd, strstr(entry, ENDINGS[1]) != NULL, key, &sink);
}

int backup_file_get(int folder, const char *name, const struct backup_key *key, int out)
{
	struct sink sink = {.out = out, .source = -1};

	return read_into(folder, name, key, &sink);
}

/* Whether the file that is there was made from the source. */
static int compare(int folder, const char *name, int source, const struct backup_key *key)
{
	struct sink sink = {.out = -1, .source = source};
	uint8_t more;
	int rc = lseek(source, 0, SEEK_SET) < 0 ? -errno : read_into(folder, name, key, &sink);

	if (rc == 0 && !sink.differs && read_some(source, &more, 1) == 0)
		return 0;
	return -EEXIST;
}

static int write_new(int folder, const char *temporary, int source, const struct backup_key *key,
                     enum backup_level level, int64_t *ret_bytes)
{
	static struct writer writer;
	int fd =
	    openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	rc = writer_begin(&writer, fd, key);
	if (rc == 0)
		rc = compress_all(source, &writer, level);
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (ret_bytes != NULL)
		*ret_bytes = writer.bytes;
	sodium_memzero(&writer, sizeof(writer));
	return rc;
}

int backup_file_put(int folder, const char *name, int source, const struct backup_key *key,
                    enum backup_level level, int64_t *ret_bytes)
{
	char path[BACKUP_NAME_MAX], temporary[BACKUP_NAME_MAX];
	int rc;

	assert(name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL);
	rc = backup_file_exists(folder, name);
	if (rc > 0) {
		rc = compare(folder, name, source, key);
		/* Who put it there may have died before its name was on the disk. */
		return rc == 0 && fsync(folder) != 0 ? -errno : rc;
	}
	if (rc < 0)
		return rc;
	name_file(name, key->given, path);
	path_format(temporary, sizeof(temporary), ".%s.%d.new", name, (int)getpid());
	rc = write_new(folder, temporary, source, key, level, ret_bytes);
	/* Not rename, which would replace what another process put there meanwhile. */
	if (rc == 0 && linkat(folder, temporary, folder, path, 0) != 0)
		rc = errno == EEXIST ? compare(folder, name, source, key) : -errno;
	if (unlinkat(folder, temporary, 0) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && fsync(folder) != 0)
		rc = -errno;
	return rc;
}

int backup_file_replace(int folder, const char *name, int source, const struct backup_key *key,
                        enum backup_level level)
{
	char path[BACKUP_NAME_MAX], temporary[BACKUP_NAME_MAX];
	int rc;

	name_file(name, key->given, path);
	path_format(temporary, sizeof(temporary), ".%s.%d.new", name, (int)getpid());
	rc = write_new(folder, temporary, source, key, level, NULL);
	if (rc == 0 && renameat(folder, temporary, folder, path) != 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(folder, temporary, 0);
	return rc == 0 && fsync(folder) != 0 ? -errno : rc;
}

int backup_file_exists(int folder, const char *name)
{
	char path[BACKUP_NAME_MAX];

	for (int sealed = 0; sealed <= 1; sealed++) {
		name_file(name, sealed == 1, path);
		if (faccessat(folder, path, F_OK, 0) == 0)
			return 1;
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

bool backup_file_strip(char *name)
{
	for (int sealed = 1; sealed >= 0; sealed--) {
		size_t length = strlen(name), end = strlen(ENDINGS[sealed]);

		if (length > end && strcmp(name + length - end, ENDINGS[sealed]) == 0) {
			name[length - end] = '\0';
			return true;
		}
	}
	return false;
}
