/*
 * binary: numbers in network byte order, as PostgreSQL's binary format and our own tokens and
 * cursors have them.
 */
#ifndef SEBEZ_BASE_BINARY_H
#define SEBEZ_BASE_BINARY_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline int16_t binary_int16(const void *bytes)
{
	uint16_t wire;
	memcpy(&wire, bytes, sizeof(wire));
	return (int16_t)be16toh(wire);
}

static inline int32_t binary_int32(const void *bytes)
{
	uint32_t wire;
	memcpy(&wire, bytes, sizeof(wire));
	return (int32_t)be32toh(wire);
}

static inline int64_t binary_int64(const void *bytes)
{
	uint64_t wire;
	memcpy(&wire, bytes, sizeof(wire));
	return (int64_t)be64toh(wire);
}

/* Both return where the next one goes. */
static inline void *binary_put_int32(void *at, int32_t value)
{
	uint32_t wire = htobe32((uint32_t)value);
	memcpy(at, &wire, sizeof(wire));
	return (char *)at + sizeof(wire);
}

static inline void *binary_put_int64(void *at, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);
	memcpy(at, &wire, sizeof(wire));
	return (char *)at + sizeof(wire);
}

#endif
