/* demo_pictures: pictures of the demo's products, vendors, categories and people, drawn as it is
 * loaded. */
#ifndef SEBEZ_SHOP_DEMO_DEMO_PICTURES_H
#define SEBEZ_SHOP_DEMO_DEMO_PICTURES_H

#include "shop/demo/demo.h"

struct demo_gallery {
	struct objects *objects; /* where they go */
	size_t count;            /* how many there are */
};

/* The vendor has its products. Nobody is signed in, before and after. */
void demo_show_vendor(struct task *task, struct demo_gallery *gallery, const char *slug,
                      const char *name, struct uuid vendor_id);
/* Of all categories, as this admin. */
void demo_show_categories(struct task *task, struct demo_gallery *gallery, const char *admin);

/* Of a person, as their avatar. */
void demo_show_account(struct task *task, struct demo_gallery *gallery, const char *email,
                       const char *name);
/* A photo of a product, for a message of the customer who is signed in; as media_give() returns it.
 */
const char *demo_photo(struct task *task, struct demo_gallery *gallery, const char *handle,
                       const char *alt);

#endif
