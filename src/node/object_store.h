/*
 * object_store: the store of images and files that the settings name, for processes and tools.
 *
 * The folder is SEBEZ_DATA/objects. Processes get it as an open descriptor, because their user may
 * have no access to the data folder.
 */
#ifndef SEBEZ_NODE_OBJECT_STORE_H
#define SEBEZ_NODE_OBJECT_STORE_H

#include "node/config.h"
#include "node/data_folder.h"
#include "node/secret.h"
#include "store/objects.h"

/* Makes the folder, owned by the processes' user. Returns its descriptor, which stays open (that of
 * /dev/null when the data folder is absent), or prints the error and returns -errno. */
int object_store_folder(const struct data_folder *data_folder) __attribute__((warn_unused_result));

/* fd: the folder. Prints the error and returns -errno on failure. `config` outlives the store. */
int object_store_open(const struct config *config, const struct secret *secret, int fd,
                      struct objects **ret) __attribute__((warn_unused_result));

/* As object_store_open, one store of the two: in S3 (a bucket is configured), or in the folder. */
int object_store_open_one(const struct config *config, const struct secret *secret, int fd,
                          bool in_s3, struct objects **ret) __attribute__((warn_unused_result));

/* Writes, reads and deletes an object. Runs the loop. ret_detail: a sentence about what was done or
 * what failed. */
bool object_store_probe(const struct config *config, const struct secret *secret, int fd,
                        bool in_s3, char *ret_detail, size_t size);

/* A name for people: "the folder /…/objects", "the bucket shop at https://…". */
void object_store_name(const struct config *config, const char *data, bool in_s3, char *ret,
                       size_t size);
bool object_store_is_s3(const struct config *config); /* what is written goes there */

#endif
