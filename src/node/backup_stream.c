#include "node/backup_stream.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "node/services.h"

enum {
	CHUNK_BYTES = 64 * 1024,
	SEALED_BYTES = CHUNK_BYTES + crypto_secretstream_xchacha20poly1305_ABYTES,
	GZIP = 15 + 16, /* zlib's word for that format */
};

static const char MAGIC[8] = "SEBEZBK1";

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

static int sink_take(struct backup_sink *sink, const uint8_t *bytes, size_t length)
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

static int expand_all(struct reader *reader, struct backup_sink *sink)
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

int backup_stream_write(int source, int out, const struct backup_key *key, enum backup_level level,
                        int64_t *ret_bytes)
{
	static struct writer writer;
	int rc = writer_begin(&writer, out, key);

	if (rc == 0)
		rc = compress_all(source, &writer, level);
	*ret_bytes = writer.bytes;
	sodium_memzero(&writer, sizeof(writer));
	return rc;
}

int backup_stream_read(int source, bool sealed, const struct backup_key *key,
                       struct backup_sink *sink)
{
	static struct reader reader;
	int rc = reader_begin(&reader, source, sealed, key);

	if (rc == 0)
		rc = expand_all(&reader, sink);
	sodium_memzero(&reader, sizeof(reader));
	return rc;
}
