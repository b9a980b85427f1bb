-- Categories, products, variants, stock, and the listing that the shop is browsed by.
set local role sebez_owner;

create table category (
	id         uuid primary key,
	parent_id  uuid references category (id),
	slug       text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
	name       text not null check (length(name) between 1 and 120),
	-- Itself and its ancestors, root first; kept by category_path().
	path       uuid[] not null,
	position   int not null default 0,
	version    int not null default 1,
	created_at timestamptz not null default now(),
	check (cardinality(path) between 1 and 8)
);
create index category_parent on category (parent_id, position, name);

create function category_path() returns trigger language plpgsql set search_path = public as $$
declare
	below int := 0; -- levels
begin
	-- The parent is held, so that it does not move meanwhile.
	new.path := coalesce((select c.path from category c where c.id = new.parent_id for share), '{}') || new.id;
	if tg_op = 'UPDATE' then
		select max(cardinality(c.path)) - cardinality(old.path) into below
		from category c where c.path @> array[new.id];
	end if;
	if cardinality(new.path) + below > 8 or new.id = any (new.path[:cardinality(new.path) - 1]) then
		raise exception 'A category cannot be below itself, nor deeper than eight levels'
			using errcode = 'SB409';
	end if;
	return new;
end $$;
create trigger category_path before insert or update of parent_id on category
	for each row execute function category_path();

create table product (
	vendor_id       uuid not null references vendor (id),
	id              uuid not null,
	handle          text not null check (length(handle) between 1 and 255),
	title           text not null check (length(title) between 1 and 255),
	description     text not null default '',
	status          text not null default 'draft' check (status in ('draft', 'active', 'archived')),
	unlisted_at     timestamptz,  -- by an admin, who gives the reason
	unlisted_reason text,
	category_id     uuid references category (id),
	product_type    text not null default '', -- as imported, for a lossless export
	tags            text[] not null default '{}',
	options         json not null default '[]', -- [{"name": "Color", "values": ["Blue", ...]}], at most 3
	images          json not null default '[]', -- [{"url": ..., "alt": ...}]
	currency        text not null,
	-- Kept by refresh_products(): of the variants that are for sale, and of product and vendor.
	price            bigint not null default 0,
	compare_at_price bigint,
	visible          boolean not null default false,
	in_stock         boolean not null default false, -- also by reserve_stock() and release_stock()
	option_values    text[] not null default '{}',   -- color:blue, size:m; for the filter
	sold            bigint not null default 0, -- units, counted by the jobs process
	version         int not null default 1,
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now(),
	search          tsvector generated always as (
		setweight(to_tsvector('english', title), 'A') ||
		setweight(to_tsvector('english', product_type), 'B') ||
		setweight(to_tsvector('english', left(description, 20000)), 'C')) stored,
	primary key (vendor_id, id),
	unique (id),
	unique (vendor_id, handle)
) with (fillfactor = 80); -- room for updates of sold and in_stock on the same page: none of the indexes
create index product_search on product using gin (search);
create index product_title_trgm on product using gin (title gin_trgm_ops);
create index product_option_values on product using gin (option_values);
create index product_vendor_updated on product (vendor_id, updated_at desc, id desc);
create index product_created on product (created_at desc, id desc);

create table variant (
	vendor_id        uuid not null,
	id               uuid not null,
	product_id       uuid not null,
	sku              text check (length(sku) between 1 and 100),
	title            text not null,
	option1          text,
	option2          text,
	option3          text,
	price            bigint not null check (price between 0 and 1000000000000),
	compare_at_price bigint check (compare_at_price between 0 and 1000000000000),
	currency         text not null,
	weight_grams     int not null default 0 check (weight_grams >= 0),
	barcode          text,
	image_url        text,
	-- What can be sold now. Always: sum of adjustments - what reservations hold (check_data).
	available        int not null default 0,
	backorder        boolean not null default false, -- sells below zero
	position         int not null default 0,
	deleted_at       timestamptz, -- sold ones stay for their orders
	version          int not null default 1,
	created_at       timestamptz not null default now(),
	primary key (vendor_id, id),
	unique (id),
	foreign key (vendor_id, product_id) references product (vendor_id, id),
	check (available >= 0 or backorder)
) with (fillfactor = 80); -- room for updates of available on the same page
create unique index variant_sku_key on variant (vendor_id, sku) where deleted_at is null;
create unique index variant_options_key
	on variant (vendor_id, product_id, coalesce(option1, ''), coalesce(option2, ''), coalesce(option3, ''))
	where deleted_at is null;
create index variant_product on variant (vendor_id, product_id, position);

-- The variant's value of each option by its name: {"Color": "Blue"}.
create function option_values(options json, one text, two text, three text) returns json
language sql stable parallel safe
return case when options -> 0 is null then '{}'
            when options -> 1 is null then json_build_object(options -> 0 ->> 'name', one)
            when options -> 2 is null then json_build_object(options -> 0 ->> 'name', one,
                                                             options -> 1 ->> 'name', two)
            else json_build_object(options -> 0 ->> 'name', one, options -> 1 ->> 'name', two,
                                   options -> 2 ->> 'name', three) end;

-- Every change of stock that is not an order's: who set it, by how much, why. Never updated.
create table stock_adjustment (
	vendor_id  uuid not null,
	id         uuid not null,
	variant_id uuid not null,
	delta      int not null,
	reason     text not null,
	account_id uuid,
	created_at timestamptz not null default now(),
	primary key (vendor_id, id),
	foreign key (vendor_id, variant_id) references variant (vendor_id, id)
);
create index stock_adjustment_variant on stock_adjustment (vendor_id, variant_id, created_at desc);

-- What the shop is browsed by: a row for each visible product of an approved vendor in each category
-- on its path, and one in the category of all, whose id is nil. Written only by refresh_products()
-- and refresh_vendor().
create table listing (
	category_id uuid not null,
	product_id  uuid not null,
	vendor_id   uuid not null,
	created_at  timestamptz not null,
	price       bigint not null,
	sold        bigint not null,
	primary key (product_id, category_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id) on delete cascade
);
create index listing_newest on listing (category_id, created_at desc, product_id desc);
create index listing_price on listing (category_id, price, product_id);
create index listing_sold on listing (category_id, sold desc, product_id desc);
create index listing_vendor_newest on listing (vendor_id, category_id, created_at desc, product_id desc);
