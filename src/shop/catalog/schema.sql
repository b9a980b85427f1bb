-- Categories, products, variants, stock, the listing and the search rows.
set local role sebez_owner;

create table category (
	id         uuid primary key,
	parent_id  uuid references category (id),
	slug       text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
	name       text not null check (length(name) between 1 and 120),
	-- The category and its ancestors, root first; maintained by category_path().
	path       uuid[] not null,
	position   int not null default 0,
	version    int not null default 1,
	created_at timestamptz not null default now(),
	made_for   uuid references vendor (id), -- by its import; null: by an admin
	image      json, -- as shop/image.h keeps pictures
	image_upload_id uuid generated always as ((image #>> '{image_facts,id}')::uuid) stored references upload (id),
	return_days int check (return_days between 0 and 365), -- since delivery; null: as above it, or the settings
	check (cardinality(path) between 1 and 8)
);
create index category_image on category (image_upload_id) where image_upload_id is not null;
create index category_made_for on category (made_for) where made_for is not null;
create index category_parent on category (parent_id, position, name);
create trigger audit after insert or update or delete on category for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger category_path before insert or update of parent_id on category
	for each row execute function category_path();
create trigger track_uploads after insert or delete or update of image on category for each row
	execute function track_uploads('image_upload_id');
create trigger show_on_category after update of formats, uses on upload for each row
	when (new.purpose = 'category_image' and upload_is_shown_anew(old, new))
	execute function show_upload('category.image');

grant select on category to sebez_public, sebez_customer, sebez_vendor, sebez_jobs;
grant select, insert, update, delete on category to sebez_admin;
grant select, insert, update (version) on category to sebez_kernel;

create table product (
	vendor_id       uuid not null references vendor (id),
	id              uuid not null,
	handle          text not null check (length(handle) between 1 and 255),
	title           text not null check (length(title) between 1 and 255),
	description     text not null default '',
	status          text not null default 'draft' check (status in (:ProductStatus)),
	unlisted_at     timestamptz,  -- by an admin, with a reason
	unlisted_reason text,
	category_id     uuid references category (id),
	product_type    text not null default '', -- as imported, for a lossless export
	tags            text[] not null default '{}',
	options         json not null default '[]', -- [{"name": "Color", "values": ["Blue", ...]}], at most 3
	images          json not null default '[]', -- [{"url", "alt", "image_facts"}], shop/image.h
	currency        text not null,
	-- Maintained by refresh_products(): derived from the variants for sale, the product and the vendor.
	price            bigint not null default 0,
	compare_at_price bigint,
	visible          boolean not null default false,
	in_stock         boolean not null default false, -- also by reserve_stock() and release_stock()
	version         int not null default 1,
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now(),
	deleted_at      timestamptz, -- unlike archived: visible only in orders and chats
	handle_key      text collate "C" generated always as (lower(handle collate "und-x-icu")) stored,
	extra           jsonb not null default '{}',
	primary key (vendor_id, id),
	unique (id)
) with (fillfactor = 80); -- room for HOT updates of in_stock, which no index contains
-- Used when a category is moved or removed.
create index product_category on product (category_id) where category_id is not null;
create index product_created on product (created_at desc, id desc);
create unique index product_vendor_id_handle_key on product (vendor_id, handle_key) where deleted_at is null;
create index product_vendor_updated on product (vendor_id, updated_at desc, id desc);
create trigger kept before delete or update of vendor_id, id on product
	for each row execute function kept();
-- refresh_products() writes derived columns of thousands of products at once: these are not audited.
create trigger audit after insert or delete or update of
	handle, title, description, status, unlisted_at, unlisted_reason, category_id, product_type, tags, options, images,
	currency on product for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on product to sebez_public, sebez_customer;
grant select, insert, update on product to sebez_vendor;
grant select, update (unlisted_at, unlisted_reason, category_id, version, updated_at) on product to sebez_admin;
grant select on product to sebez_jobs;
grant select, update (options, price, compare_at_price, visible, in_stock) on product to sebez_kernel;
alter table product enable row level security, force row level security;
create policy everything on product to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy published on product for select to sebez_public, sebez_customer
	using (visible and (exists (select from vendor v where v.id = product.vendor_id and v.state = 'approved')));
create policy of_vendor on product to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- The uploads among product.images. Written only by product_images_refer().
create table product_image (
	vendor_id  uuid not null,
	product_id uuid not null,
	upload_id  uuid not null references upload (id),
	primary key (vendor_id, product_id, upload_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id)
);
create index product_image_upload on product_image (upload_id, product_id);
create trigger track_new_uploads after insert on product_image referencing new table as added for each statement
	execute function track_new_uploads('upload_id');
create trigger track_uploads after delete on product_image for each row execute function track_uploads('upload_id');
create trigger refer after insert on product referencing new table as added for each statement
	execute function new_product_images_refer();
create trigger refer_changed after update of images on product for each row
	when (old.images::text <> new.images::text) execute function product_images_refer();

grant select on product_image to sebez_vendor;
alter table product_image enable row level security, force row level security;
create policy everything on product_image to sebez_owner using (true) with check (true);
create policy of_vendor on product_image for select to sebez_vendor using (vendor_id = current_vendor());

create table variant (
	vendor_id        uuid not null,
	id               uuid not null,
	product_id       uuid not null,
	sku              text check (length(sku) between 1 and 255),
	title            text not null,
	option1          text,
	option2          text,
	option3          text,
	price            bigint not null check (price between 0 and 1000000000000),
	compare_at_price bigint check (compare_at_price between 0 and 1000000000000),
	currency         text not null,
	weight_grams     int not null default 0 check (weight_grams >= 0),
	barcode          text,
	image            json, -- as one of product.images
	image_upload_id  uuid generated always as ((image #>> '{image_facts,id}')::uuid) stored
	                 references upload (id),
	-- Available for sale. Invariant: sum of adjustments - reserved units (checks.sql).
	available        bigint not null default 0,
	backorder        boolean not null default false, -- may be sold below zero
	position         int not null default 0,
	deleted_at       timestamptz, -- sold variants are kept for their orders
	version          int not null default 1,
	created_at       timestamptz not null default now(),
	tracked          boolean not null default true,
	extra            jsonb not null default '{}',
	primary key (vendor_id, id),
	unique (id),
	foreign key (vendor_id, product_id) references product (vendor_id, id),
	constraint variant_oversold check (available >= 0 or backorder or not tracked)
) with (fillfactor = 80); -- room for HOT updates of available
-- Two variants of a product never have the same options. Also finds the variants of a product.
create unique index variant_options_key on variant
	(vendor_id, product_id, coalesce(option1, ''), coalesce(option2, ''), coalesce(option3, ''))
	where deleted_at is null;
create index variant_image on variant (image_upload_id, id) where image_upload_id is not null;
create index variant_sku on variant (vendor_id, sku) where deleted_at is null;
create trigger kept before delete or update of vendor_id, id on variant
	for each row execute function kept();
create trigger audit after insert or update or delete on variant for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger track_new_uploads after insert on variant referencing new table as added for each statement
	execute function track_new_uploads('image_upload_id');
create trigger track_uploads after update of image on variant for each row
	when (old.image::text is distinct from new.image::text)
	execute function track_uploads('image_upload_id');
create trigger show_on_product after update of formats, uses on upload for each row
	when (new.purpose in ('product_image', 'variant_image') and upload_is_shown_anew(old, new))
	execute function show_upload('product');
create trigger show_on_variant after update of formats, uses on upload for each row
	when (new.purpose in ('product_image', 'variant_image') and upload_is_shown_anew(old, new))
	execute function show_upload('variant.image');
create trigger note_low_stock after update of available on variant for each row
	when (new.tracked
	      and ((old.available > 5 and new.available <= 5) or (old.available > 0 and new.available <= 0))
	      and current_setting('sebez.actor', true) in ('customer', 'system')) -- system: orders placed together
	execute function note_low_stock();

grant select on variant to sebez_public, sebez_customer, sebez_admin, sebez_jobs;
grant select, insert, update on variant to sebez_vendor;
grant select, update (available) on variant to sebez_kernel;
alter table variant enable row level security, force row level security;
create policy everything on variant to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy published on variant for select to sebez_public, sebez_customer
	using (deleted_at is null and exists (select from product p
		where p.vendor_id = variant.vendor_id and p.id = variant.product_id and p.visible));
create policy of_vendor on variant to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Every stock change other than by orders: who, by how much, why. Never updated.
create table stock_adjustment (
	vendor_id  uuid not null,
	id         uuid not null,
	variant_id uuid not null,
	delta      bigint not null,
	reason     text not null,
	account_id uuid,
	created_at timestamptz not null default now(),
	primary key (vendor_id, id),
	foreign key (vendor_id, variant_id) references variant (vendor_id, id)
);

grant select, insert on stock_adjustment to sebez_vendor;
grant select on stock_adjustment to sebez_admin;
grant insert on stock_adjustment to sebez_kernel;
alter table stock_adjustment enable row level security, force row level security;
create policy everything on stock_adjustment to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on stock_adjustment to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- Index of the public catalogue: a row for each visible product of an approved vendor in each category on its
-- path, and one in the category of all products (nil id). Written only by refresh_products(), refresh_vendor()
-- and rank_products().
create table listing (
	category_id uuid not null,
	product_id  uuid not null,
	vendor_id   uuid not null,
	created_at  timestamptz not null,
	price       bigint not null,
	sold        bigint not null, -- the product's units of product_sale, as of the last ranking
	primary key (product_id, category_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id) on delete cascade
);
create index listing_newest on listing (category_id, created_at desc, product_id desc);
create index listing_price on listing (category_id, price, product_id);
create index listing_sold on listing (category_id, sold desc, product_id desc);
create index listing_vendor_newest on listing (vendor_id, category_id, created_at desc, product_id desc);

grant select on listing to sebez_public, sebez_customer, sebez_vendor, sebez_admin;
grant select, insert, update, delete on listing to sebez_kernel;

-- Sold units that are not counted yet: a row per order, or for orders placed together, appended by
-- reserve_stock(), and one per cancelled line, with negative units, by release_stock(). count_sales() deletes it.
-- No index: it is only read whole.
create table sale_pending (
	day         date not null, -- of the order
	variant_ids uuid[] not null,
	units       int[] not null,
	upload_ids  uuid[] -- of the pictures as sold, which count_sales() keeps from removal
);
grant select, insert, delete on sale_pending to sebez_kernel;

-- Units sold and not cancelled, by the day of the order, for the days by which best sellers are ranked.
create table product_sale (
	product_id uuid not null,
	day        date not null,
	units      bigint not null,
	primary key (product_id, day)
) with (fillfactor = 80); -- room for HOT updates of units
create index product_sale_day on product_sale (day);
grant select, insert, update, delete on product_sale to sebez_kernel;

-- Products whose units have changed since they were ranked.
create table ranking_pending (
	product_id uuid primary key
);
grant select, insert, delete on ranking_pending to sebez_kernel;

-- Search data of every product that is not deleted. Read only by the kernel role: functions_search.sql.
create table product_search (
	vendor_id     uuid not null,
	product_id    uuid not null,
	published     boolean not null, -- is in the listing
	source        bigint not null,  -- hash of the texts of words and title
	words         tsvector not null,
	title         text not null,    -- folded, to match typing errors
	option_values text[] not null,
	primary key (vendor_id, product_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id) on delete cascade
);
create index product_search_option_values on product_search using gin (option_values);
create index product_search_title on product_search using gin (title gin_trgm_ops);
create index product_search_words on product_search using gin (words);

grant select, insert, update, delete on product_search to sebez_kernel;
alter table product_search enable row level security, force row level security;
create policy everything on product_search to sebez_kernel, sebez_owner using (true) with check (true);
