#include "shop/demo/demo_pictures.h"

#include <assert.h>
#include <stdlib.h>

#include "api.gen.h"
#include "demo.sql.h"
#include "net/loop.h"
#include "shop/demo/demo_orders.h"
#include "shop/demo/drawing.h"
#include "shop/media/media.h"

/* What is drawn, and for whom. The actor is a customer. */
struct subject {
	enum drawing_kind kind;
	enum upload_purpose_choice purpose;
	const struct uuid *vendor_id;
	const char *name, *alt;
};

/* Returns the picture as it is kept. */
static const char *give(struct task *task, struct demo_gallery *gallery,
                        const struct subject *subject)
{
	struct drawing drawing = {.kind = subject->kind, .name = subject->name};
	struct media_given given = {
	    .purpose = subject->purpose,
	    .vendor_id = subject->vendor_id,
	    .content_type = "image/png",
	    .alt = subject->alt,
	};
	const char *kept;

	loop_in_thread(drawing_make, &drawing);
	given.bytes = drawing.png;
	given.length = drawing.length;
	given.width = drawing.width;
	given.height = drawing.height;
	kept = media_give(task, gallery->objects, &given);
	free(drawing.png);
	gallery->count++;
	return kept;
}

static void sign_in_as_staff(struct task *task, const char *slug, struct uuid vendor_id)
{
	demo_sign_in(task, demo_owner(slug), ACTOR_STAFF, STAFF_OWNER);
	task->actor.vendor_id = vendor_id;
}

void demo_show_vendor(struct task *task, struct demo_gallery *gallery, const char *slug,
                      const char *name, struct uuid vendor_id)
{
	const struct demo_products_row *products;
	struct demo_picture *pictures;
	const char *logo, *banner;
	size_t count;

	sign_in_as_staff(task, slug, vendor_id);
	products = sql_demo_products_rows(db_of(task), sql_demo_products(db_of(task)), &count);
	demo_sign_out(task);
	demo_sign_in(task, demo_owner(slug), ACTOR_CUSTOMER, 0);
	pictures = arena_array(task->arena, count, sizeof(pictures[0]));
	for (size_t i = 0; i < count; i++)
		pictures[i] = (struct demo_picture){
		    products[i].id,
		    give(task, gallery,
		         &(struct subject){DRAWING_PRODUCT, UPLOAD_PURPOSE_PRODUCT_IMAGE,
		                           &vendor_id, products[i].handle, products[i].title})};
	logo = give(
	    task, gallery,
	    &(struct subject){DRAWING_LOGO, UPLOAD_PURPOSE_VENDOR_LOGO, &vendor_id, slug, name});
	banner = give(task, gallery,
	              &(struct subject){DRAWING_BANNER, UPLOAD_PURPOSE_VENDOR_BANNER, &vendor_id,
	                                slug, name});
	demo_sign_out(task);
	sign_in_as_staff(task, slug, vendor_id);
	sql_demo_show_products(db_of(task), count, pictures);
	sql_demo_show_vendor(db_of(task), logo, banner);
	demo_sign_out(task);
}

void demo_show_categories(struct task *task, struct demo_gallery *gallery, const char *admin)
{
	const struct demo_categories_row *categories;
	struct demo_picture *pictures;
	size_t count;

	demo_sign_in(task, admin, ACTOR_CUSTOMER, 0);
	categories =
	    sql_demo_categories_rows(db_of(task), sql_demo_categories(db_of(task)), &count);
	pictures = arena_array(task->arena, count, sizeof(pictures[0]));
	for (size_t i = 0; i < count; i++)
		pictures[i] = (struct demo_picture){
		    categories[i].id,
		    give(task, gallery,
		         &(struct subject){DRAWING_CATEGORY, UPLOAD_PURPOSE_CATEGORY_IMAGE, NULL,
		                           categories[i].slug, categories[i].name})};
	demo_sign_out(task);
	demo_sign_in(task, admin, ACTOR_ADMIN, ADMIN_SUPERADMIN);
	sql_demo_show_categories(db_of(task), count, pictures);
	demo_sign_out(task);
}

void demo_show_account(struct task *task, struct demo_gallery *gallery, const char *email,
                       const char *name)
{
	demo_sign_in(task, email, ACTOR_CUSTOMER, 0);
	sql_demo_show_account(
	    db_of(task),
	    give(task, gallery,
	         &(struct subject){DRAWING_FACE, UPLOAD_PURPOSE_AVATAR, NULL, email, name}));
	demo_sign_out(task);
}

const char *demo_photo(struct task *task, struct demo_gallery *gallery, const char *handle,
                       const char *alt)
{
	assert(task->actor.kind == ACTOR_CUSTOMER);
	return give(
	    task, gallery,
	    &(struct subject){DRAWING_PHOTO, UPLOAD_PURPOSE_CHAT_ATTACHMENT, NULL, handle, alt});
}
