/*
 * binary: numbers in network byte order, as PostgreSQL's binary format has them. Private to task/.
 */
#ifndef SEBEZ_TASK_BINARY_H
#define SEBEZ_TASK_BINARY_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline int16_t binary_int16(const char *bytes)
{
	uint16_t wire;
	memcpy(&wire, bytes, sizeof(wire));
	return (int16_t)be16toh(wire);
}

static inline int32_t binary_int32(const char *bytes)
{
	uint32_t wire;
	memcpy(&wire, bytes, sizeof(wire));
	return (int32_t)be32toh(wire);
}

static inline int64_t binary_int64(const char *bytes)
{
	uint64_t wire;
	memcpy(&wire, bytes, sizeof(wire));
	return (int64_t)be64toh(wire);
}

static inline char *binary_put_int32(char *at, int32_t value)
{
	uint32_t wire = htobe32((uint32_t)value);
	memcpy(at, &wire, sizeof(wire));
	return at + sizeof(wire);
}

#endif
