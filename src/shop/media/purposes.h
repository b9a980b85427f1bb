/*
 * purposes: what may be uploaded, by purpose: who may, which types, how large, and who sees it.
 */
#ifndef SEBEZ_SHOP_MEDIA_PURPOSES_H
#define SEBEZ_SHOP_MEDIA_PURPOSES_H

#include <stdbool.h>
#include <stdint.h>

#include "api.gen.h"

/* As bits, for sets of them. */
enum file_kind {
	FILE_IMAGE = 1 << 0, /* decoded, and published as renditions */
	FILE_PDF = 1 << 1,   /* these are checked and passed through */
	FILE_AUDIO = 1 << 2,
	FILE_VIDEO = 1 << 3,
};

struct file_type {
	const char *content_type;
	const char *extension;
	enum file_kind kind;
	int64_t bytes_max;
};

/* NULL for a type that no purpose allows. */
const struct file_type *file_type_of(const char *content_type);

struct purpose {
	bool is_private;         /* read by links that expire */
	bool of_vendor;          /* sent for a vendor, by its staff */
	uint32_t staff_roles;    /* bits of enum staff_role, of_vendor only */
	uint32_t admin_roles;    /* bits of enum admin_role; 0: for more than admins */
	unsigned kinds;          /* of enum file_kind */
	int64_t image_bytes_max; /* at most that of the type */
};

const struct purpose *purpose_of(enum upload_purpose_choice purpose);
/* Of a name of the contract (asserted). */
enum upload_purpose_choice purpose_named(const char *name);

#endif
