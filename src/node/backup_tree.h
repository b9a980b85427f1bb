/*
 * backup_tree: the files of the folder for backups under the names that they have in a bucket, to
 * compare both.
 */
#ifndef SEBEZ_NODE_BACKUP_TREE_H
#define SEBEZ_NODE_BACKUP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BACKUP_TIME_UNKNOWN = -1 };

struct backup_tree_file {
	char *key; /* its path below the folder; with its time behind a ~ where that matters */
	int64_t bytes;
	int64_t time_s; /* when it was changed; BACKUP_TIME_UNKNOWN */
	int64_t put_s;  /* when it came to the bucket; 0: it is not of one */
};

struct backup_tree {
	struct backup_tree_file *files;
	size_t count, room;
	bool absent; /* of the folder: it is not there at all */
};

/* What is shipped side by side, so that nothing long delays the log. */
enum backup_part { BACKUP_PART_LOG, BACKUP_PART_OBJECTS, BACKUP_PART_REST, BACKUP_PART_COUNT };
enum backup_part backup_part_of(const char *key);

/* Whether a restore looks at it first, so that it comes last. */
bool backup_tree_is_final(const char *key);
/* Whether it is replaced by another content of perhaps the same length. */
bool backup_tree_changes(const char *key);

/* The files of a part, in the order of their keys. What is being written is passed over. */
int backup_tree_read(int folder, enum backup_part part, struct backup_tree *ret)
    __attribute__((warn_unused_result));
void backup_tree_free(struct backup_tree *tree);

void backup_tree_add(struct backup_tree *tree, const char *key, int64_t bytes, int64_t time_s);
void backup_tree_sort(struct backup_tree *tree);
/* NULL when it is not there. */
struct backup_tree_file *backup_tree_find(const struct backup_tree *tree, const char *key);

/* The path of a key, and the time that it names, or BACKUP_TIME_UNKNOWN. */
void backup_tree_path(const char *key, char *ret, size_t size, int64_t *ret_time_s);

#endif
