#include "shop/demo/demo.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "demo.sql.h"
#include "net/loop.h"
#include "shop/accounts/accounts.h"
#include "shop/catalog/catalog.h"
#include "shop/demo/demo_chat.h"
#include "shop/demo/demo_orders.h"
#include "shop/demo/demo_pictures.h"

#define AT "@demo.sebez.test"

/* As in shop/accounts/password.h. */
enum { HASH_PASSES = 2, HASH_BYTES = 19456 * 1024 };

struct demo_vendor {
	const char *slug, *name, *logo_text, *owner, *description;
	int64_t parcel, free_above; /* minor units */
	int32_t handling_days;
};

static const struct demo_vendor VENDORS[] = {
    {"clay-and-co", "Clay & Co", "C&Co", "owner" AT,
     "Stoneware from a small pottery by the river: thrown, glazed and fired by four people.", 590,
     8000, 3},
    {"nordlys", "Nordlys Lighting", "NORD ☼ LYS", "nordlys" AT,
     "Lamps and candles for long evenings.", 790, 15000, 4},
    {"loom-and-thread", "Loom & Thread", "loom+thread", "loom" AT,
     "Wool, linen and silk from mills that put their name on it.", 490, 10000, 2},
    {"oak-and-ember", "Oak & Ember", "OAK·EMBER", "oak" AT,
     "Furniture and kitchen tools of solid wood, made to be repaired.", 1990, 60000, 10},
    {"verdant", "Verdant", "❧ verdant", "verdant" AT, "Plants, seeds and tools from gardeners.",
     690, 7500, 2},
    {"trailhead", "Trailhead Supply", "▲ TRAILHEAD", "trailhead" AT,
     "Light, sturdy things for going outside.", 590, 12000, 1},
    {"paper-moon", "Paper Moon", "☾ paper moon", "paper" AT,
     "Notebooks, pens and letterpress cards.", 350, 5000, 2},
    {"copper-kettle", "Copper Kettle", "Copper Kettle", "kettle" AT,
     "Coffee, tea, and what they are made with.", 450, 6000, 1},
};

struct demo_staff {
	const char *email, *name, *role;
};

static const struct demo_staff STAFF[] = {
    /* of the first vendor */
    {"manager" AT, "Mira Manager", "manager"},
    {"fulfilment" AT, "Finn Fulfilment", "fulfilment"},
    {"support" AT, "Sana Support", "support"},
    {"finance" AT, "Fay Finance", "finance"},
};

struct demo_customer {
	const char *email, *name, *line1, *city, *postal_code, *country;
};

static const struct demo_customer CUSTOMERS[] = {
    {"customer" AT, "Casey Customer", "12 Harbour Street", "Portland", "04101", "US"},
    {"ada" AT, "Ada Byron", "12 St James's Square", "London", "SW1Y 4JH", "GB"},
    {"grace" AT, "Grace Murray", "5 Navy Yard", "Arlington", "22202", "US"},
    {"jun" AT, "Jun Ito", "3-1 Kanda", "Tokyo", "101-0051", "JP"},
};

enum {
	VENDORS_COUNT = sizeof(VENDORS) / sizeof(VENDORS[0]),
	STAFF_COUNT = sizeof(STAFF) / sizeof(STAFF[0]),
	CUSTOMERS_COUNT = sizeof(CUSTOMERS) / sizeof(CUSTOMERS[0]),
	PEOPLE_COUNT = VENDORS_COUNT + STAFF_COUNT + CUSTOMERS_COUNT,
};

_Static_assert(sizeof(DEMO_PASSWORD) - 1 >= 8, "as the contract requires of a password");

const char *demo_accounts(void)
{
	return "The demo's accounts, all with the password " DEMO_PASSWORD ":\n"
	       "  admin" AT "     the platform\n"
	       "  owner" AT "     the vendor Clay & Co; manager@, fulfilment@, support@ and\n"
	       "                               finance@demo.sebez.test are its staff\n"
	       "  customer" AT "  shops\n";
}

/* People --------------------------------------------------------------------------------------*/

struct hashing {
	char hash[crypto_pwhash_STRBYTES];
	int status;
};

static void hash_password(void *arg)
{
	struct hashing *hashing = arg;

	hashing->status =
	    crypto_pwhash_str_alg(hashing->hash, DEMO_PASSWORD, strlen(DEMO_PASSWORD), HASH_PASSES,
	                          HASH_BYTES, crypto_pwhash_ALG_ARGON2ID13);
}

static void add_people(struct task *task)
{
	struct hashing *hashing = arena_alloc(task->arena, sizeof(*hashing));
	struct demo_person people[PEOPLE_COUNT];
	size_t count = 0;

	loop_in_thread(hash_password, hashing);
	if (hashing->status != 0)
		task_end(task, PROBLEM_UNAVAILABLE, "Not enough memory to hash a password.");
	for (size_t i = 0; i < VENDORS_COUNT; i++)
		people[count++] =
		    (struct demo_person){uuid_v7(), VENDORS[i].owner,
		                         arena_printf(task->arena, "Owner of %s", VENDORS[i].name)};
	for (size_t i = 0; i < STAFF_COUNT; i++)
		people[count++] = (struct demo_person){uuid_v7(), STAFF[i].email, STAFF[i].name};
	for (size_t i = 0; i < CUSTOMERS_COUNT; i++)
		people[count++] =
		    (struct demo_person){uuid_v7(), CUSTOMERS[i].email, CUSTOMERS[i].name};
	assert(count == PEOPLE_COUNT);
	sql_demo_add_accounts(db_as(task, PG_AUTH), count, people, hashing->hash);
	accounts_create_admin(task, "admin" AT, "Alex Admin", NULL, DEMO_PASSWORD);
}

static struct uuid account_of(struct task *task, const char *email)
{
	struct db *db = db_as(task, PG_AUTH);

	return sql_demo_account_rows(db, sql_demo_account(db, email), NULL)->id;
}

void demo_sign_in(struct task *task, const char *email, enum actor_kind kind, uint32_t roles)
{
	struct actor actor = {
	    .kind = kind,
	    .account_id = account_of(task, email),
	    .session_id = uuid_v7(),
	    .roles = roles,
	};

	assert(task->actor.kind == ACTOR_JOBS); /* nobody is signed in */
	sql_demo_sign_in(db_as(task, PG_AUTH), actor.session_id, actor.account_id);
	task->actor = actor;
}

void demo_sign_out(struct task *task)
{
	assert(!uuid_is_nil(task->actor.session_id));
	sql_demo_sign_out(db_as(task, PG_AUTH), task->actor.session_id);
	task->actor = (struct actor){.kind = ACTOR_JOBS};
}

const char *demo_owner(const char *vendor_slug)
{
	for (size_t i = 0; i < VENDORS_COUNT; i++) {
		if (strcmp(VENDORS[i].slug, vendor_slug) == 0)
			return VENDORS[i].owner;
	}
	assert(false); /* there are no other vendors yet */
	return NULL;
}

static void show_people(struct task *task, struct demo_gallery *gallery)
{
	for (size_t i = 0; i < VENDORS_COUNT; i++)
		demo_show_account(task, gallery, VENDORS[i].owner,
		                  arena_printf(task->arena, "The owner of %s", VENDORS[i].name));
	for (size_t i = 0; i < STAFF_COUNT; i++)
		demo_show_account(task, gallery, STAFF[i].email, STAFF[i].name);
	for (size_t i = 0; i < CUSTOMERS_COUNT; i++)
		demo_show_account(task, gallery, CUSTOMERS[i].email, CUSTOMERS[i].name);
	demo_show_account(task, gallery, "admin" AT, "Alex Admin");
}

static void add_addresses(struct task *task)
{
	for (size_t i = 0; i < CUSTOMERS_COUNT; i++) {
		const struct demo_customer *customer = &CUSTOMERS[i];

		demo_sign_in(task, customer->email, ACTOR_CUSTOMER, 0);
		sql_demo_add_address(db_of(task), &(struct demo_add_address_args){
		                                      .id = uuid_v7(),
		                                      .name = customer->name,
		                                      .line1 = customer->line1,
		                                      .city = customer->city,
		                                      .postal_code = customer->postal_code,
		                                      .country = customer->country,
		                                  });
		demo_sign_out(task);
	}
}

/* Vendors -------------------------------------------------------------------------------------*/

static void apply(struct task *task, const struct demo_vendor *vendor, struct uuid id)
{
	demo_sign_in(task, vendor->owner, ACTOR_CUSTOMER, 0);
	sql_demo_apply(db_of(task), &(struct demo_apply_args){
	                                .id = id,
	                                .slug = vendor->slug,
	                                .name = vendor->name,
	                                .description = vendor->description,
	                                .logo_text = vendor->logo_text,
	                                .email = vendor->owner,
	                                .open_max = LIMIT_OPEN_APPLICATIONS,
	                            });
	demo_sign_out(task);
}

static void add_shipping(struct task *task, const struct demo_vendor *vendor)
{
	const struct demo_method methods[] = {
	    {uuid_v7(), "Parcel", vendor->parcel, vendor->free_above, vendor->handling_days},
	    {uuid_v7(), "Express", vendor->parcel * 2 + 400, 0, 1},
	};

	sql_demo_add_shipping(db_of(task), 2, methods);
}

static const struct embedded_file *file_of(const struct demo_vendor *vendor)
{
	size_t length = strlen(vendor->slug);

	for (size_t i = 0; i < DEMO_FILE_COUNT; i++) {
		if (strncmp(DEMO_FILES[i].name, vendor->slug, length) == 0 &&
		    strcmp(DEMO_FILES[i].name + length, ".csv") == 0)
			return &DEMO_FILES[i];
	}
	assert(false); /* each vendor has a file */
	return NULL;
}

static void fill(struct task *task, const struct demo_vendor *vendor, struct uuid id, bool staffed)
{
	const struct embedded_file *file = file_of(vendor);
	const struct import_report *report;
	struct uuid staff[STAFF_COUNT];

	for (size_t i = 0; i < STAFF_COUNT && staffed; i++)
		staff[i] = account_of(task, STAFF[i].email);
	demo_sign_in(task, vendor->owner, ACTOR_STAFF, STAFF_OWNER);
	task->actor.vendor_id = id;
	add_shipping(task, vendor);
	for (size_t i = 0; i < STAFF_COUNT && staffed; i++)
		sql_demo_add_staff(db_of(task), staff[i], STAFF[i].role);
	report = catalog_import_text(task, file->text, file->length);
	/* The files are embedded and valid, and the database was empty. */
	assert(report->errors_total == 0 && report->products_created > 0);
	printf("  %-18s %lld products\n", vendor->name, (long long)report->products_created);
	demo_sign_out(task);
}

void demo_load(struct task *task, struct objects *objects)
{
	struct demo_gallery gallery = {objects, 0};
	struct db *db = db_as(task, PG_JOBS);
	struct uuid ids[VENDORS_COUNT];

	assert(DEMO_FILE_COUNT == VENDORS_COUNT);
	if (!sql_demo_is_empty_rows(db, sql_demo_is_empty(db), NULL)->empty)
		task_end(task, PROBLEM_CONFLICT,
		         "The database already has vendors; the demo requires an empty one.");
	printf("Loading the demo marketplace\n");
	add_people(task);
	add_addresses(task);
	for (size_t i = 0; i < VENDORS_COUNT; i++) {
		ids[i] = uuid_v7();
		apply(task, &VENDORS[i], ids[i]);
	}
	demo_sign_in(task, "admin" AT, ACTOR_ADMIN, ADMIN_SUPERADMIN);
	sql_demo_approve(db_of(task), (struct uuid_array){VENDORS_COUNT, ids});
	demo_sign_out(task);
	for (size_t i = 0; i < VENDORS_COUNT; i++)
		fill(task, &VENDORS[i], ids[i], i == 0);
	for (size_t i = VENDORS_COUNT; i-- > 0;) /* as lists begin: with the newest */
		demo_show_vendor(task, &gallery, VENDORS[i].slug, VENDORS[i].name, ids[i]);
	demo_show_categories(task, &gallery, "admin" AT);
	show_people(task, &gallery);
	demo_orders(task);
	demo_chat(task, &gallery);
	printf("  %zu pictures\n", gallery.count);
	fflush(stdout);
}
