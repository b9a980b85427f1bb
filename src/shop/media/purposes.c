#include "shop/media/purposes.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"

#define MIB (1024 * 1024)

static const struct file_type TYPES[] = {
    {"image/jpeg", "jpg", FILE_IMAGE, 32 * MIB},      {"image/png", "png", FILE_IMAGE, 32 * MIB},
    {"image/webp", "webp", FILE_IMAGE, 32 * MIB},     {"image/gif", "gif", FILE_IMAGE, 32 * MIB},
    {"image/heic", "heic", FILE_IMAGE, 32 * MIB},     {"image/avif", "avif", FILE_IMAGE, 32 * MIB},
    {"application/pdf", "pdf", FILE_PDF, 25 * MIB},   {"audio/mp4", "m4a", FILE_AUDIO, 16 * MIB},
    {"audio/mpeg", "mp3", FILE_AUDIO, 16 * MIB},      {"audio/ogg", "ogg", FILE_AUDIO, 16 * MIB},
    {"video/mp4", "mp4", FILE_VIDEO, 64 * MIB},       {"video/webm", "webm", FILE_VIDEO, 64 * MIB},
    {"video/quicktime", "mov", FILE_VIDEO, 64 * MIB},
};

_Static_assert(64 * MIB == LIMIT_UPLOAD_BYTES, "no type has a higher bound");

const struct file_type *file_type_of(const char *content_type)
{
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (strcmp(TYPES[i].content_type, content_type) == 0)
			return &TYPES[i];
	return NULL;
}

enum {
	CATALOG_STAFF = STAFF_OWNER | STAFF_MANAGER,
	CATALOG_ADMINS = ADMIN_SUPERADMIN | ADMIN_OPERATIONS | ADMIN_MODERATOR,
};

static const struct purpose PURPOSES[] = {
    [UPLOAD_PURPOSE_PRODUCT_IMAGE] = {.of_vendor = true,
                                      .staff_roles = CATALOG_STAFF,
                                      .kinds = FILE_IMAGE,
                                      .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_VARIANT_IMAGE] = {.of_vendor = true,
                                      .staff_roles = CATALOG_STAFF,
                                      .kinds = FILE_IMAGE,
                                      .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_VENDOR_LOGO] = {.of_vendor = true,
                                    .staff_roles = CATALOG_STAFF,
                                    .kinds = FILE_IMAGE,
                                    .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_VENDOR_BANNER] = {.of_vendor = true,
                                      .staff_roles = CATALOG_STAFF,
                                      .kinds = FILE_IMAGE,
                                      .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_CATEGORY_IMAGE] = {.admin_roles = CATALOG_ADMINS,
                                       .kinds = FILE_IMAGE,
                                       .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_AVATAR] = {.kinds = FILE_IMAGE, .image_bytes_max = 8 * MIB},
    [UPLOAD_PURPOSE_REVIEW_PHOTO] = {.kinds = FILE_IMAGE, .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_CHAT_ATTACHMENT] = {.is_private = true,
                                        .kinds = FILE_IMAGE | FILE_PDF | FILE_AUDIO | FILE_VIDEO,
                                        .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_RETURN_EVIDENCE] = {.is_private = true,
                                        .kinds = FILE_IMAGE | FILE_PDF | FILE_VIDEO,
                                        .image_bytes_max = 32 * MIB},
    [UPLOAD_PURPOSE_VENDOR_DOCUMENT] = {.is_private = true,
                                        .of_vendor = true,
                                        .staff_roles = CATALOG_STAFF,
                                        .kinds = FILE_IMAGE | FILE_PDF,
                                        .image_bytes_max = 32 * MIB},
};

const struct purpose *purpose_of(enum upload_purpose_choice purpose)
{
	assert(purpose < sizeof(PURPOSES) / sizeof(PURPOSES[0]));
	assert(PURPOSES[purpose].kinds != 0);
	return &PURPOSES[purpose];
}

enum upload_purpose_choice purpose_named(const char *name)
{
	int purpose = 0;

	while (strcmp(UPLOAD_PURPOSE_NAMES[purpose], name) != 0) {
		purpose++;
		assert(UPLOAD_PURPOSE_NAMES[purpose] != NULL);
	}
	return (enum upload_purpose_choice)purpose;
}
