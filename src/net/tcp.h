/*
 * tcp: what the kernel knows of a connection.
 *
 * How many bytes have been read from it so far, by whomever. More may come in between the two
 * questions that the answer is made of; so there is a bound from below and one from above, and when
 * both give the same, that is it. False when it is not TCP.
 */
#ifndef SEBEZ_NET_TCP_H
#define SEBEZ_NET_TCP_H

#include <stdbool.h>
#include <stdint.h>

bool tcp_taken_at_least(int fd, uint64_t *ret) __attribute__((warn_unused_result));
bool tcp_taken_at_most(int fd, uint64_t *ret) __attribute__((warn_unused_result));

#endif
