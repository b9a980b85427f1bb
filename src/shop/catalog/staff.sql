-- A vendor's catalogue as its staff reads and writes it. Row level security limits the vendor to its own
-- rows; each write of products or variants ends with refresh_products(). Lock order: variants by id, then
-- their product, then the locks of refresh_products().

-- staff_products_page (vendor uuid, status text?, q text?, after_key time, after_id uuid, page_size int): many
select p.id, p.title, p.handle, p.status, p.unlisted_reason, p.price as "price.amount",
       p.currency as "price.currency", p.images,
       c.id as "category.id", c.slug as "category.slug", c.name as "category.name",
       (select sum(x.available) from variant x
        where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null
        and x.tracked)::bigint as available,
       p.created_at, p.updated_at, p.updated_at as "_key"
from product p
left join category c on c.id = p.category_id
where p.vendor_id = :vendor and p.deleted_at is null and (p.updated_at, p.id) < (:after_key, :after_id)
[status: and p.status = :status]
[q slow: and p.id in (select f.product_id from own_products_found(:q) f)]
order by p.updated_at desc, p.id desc
limit :page_size;

-- staff_product (vendor uuid, id uuid): one
select p.id, p.title, p.handle, p.description, p.status, p.unlisted_reason,
       p.price as "price.amount", p.currency as "price.currency", p.images,
       c.id as "category.id", c.slug as "category.slug", c.name as "category.name", p.options,
       coalesce((
		select json_agg(json_build_object(
			'id', x.id, 'product_id', x.product_id, 'sku', x.sku, 'title', x.title,
			'options', coalesce((
				select json_object_agg(o.value ->> 'name', (array[x.option1, x.option2, x.option3])[o.position]
				                       order by o.position)
				from json_array_elements(p.options) with ordinality as o (value, position)), '{}'),
			'price', json_build_object('amount', x.price, 'currency', x.currency),
			'compare_at_price', case when x.compare_at_price is not null
			                    then json_build_object('amount', x.compare_at_price, 'currency', x.currency) end,
			'available', case when x.tracked then x.available end, 'tracked', x.tracked, 'backorder', x.backorder,
			'reserved', stock_reserved(x.vendor_id, x.id), 'weight_grams', x.weight_grams,
			'barcode', x.barcode, 'image', x.image) order by x.position, x.id)
		from variant x
		where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null), '[]') as variants,
       p.product_type, p.tags, p.version, p.created_at, p.updated_at, p.version as "_version"
from product p
left join category c on c.id = p.category_id
where p.vendor_id = :vendor and p.id = :id and p.deleted_at is null;

-- staff_variant (vendor uuid, id uuid): one
-- Its version is its product's.
select x.id, x.product_id, x.sku, x.title, coalesce((
		select json_object_agg(o.value ->> 'name', (array[x.option1, x.option2, x.option3])[o.position]
		                       order by o.position)
		from json_array_elements(p.options) with ordinality as o (value, position)), '{}') as options,
       x.price as "price.amount", x.currency as "price.currency",
       x.compare_at_price as "compare_at_price.amount", x.currency as "compare_at_price.currency",
       case when x.tracked then x.available end as available, x.tracked, x.backorder,
       stock_reserved(x.vendor_id, x.id) as reserved, x.weight_grams, x.barcode,
       x.image, p.version as "_version"
from variant x
join product p on p.vendor_id = x.vendor_id and p.id = x.product_id
where x.vendor_id = :vendor and x.id = :id;

-- Products ---------------------------------------------------------------------------------------

-- staff_handle_lock (vendor uuid, handle text): none writes
-- Serializes the choice of handles for the same title, so that each sees those made before.
select pg_advisory_xact_lock(hashtextextended('sebez handle ' || :vendor || ' ' || :handle, 0));

-- staff_handle_free (vendor uuid, handle text, id uuid): one -> (handle text)
-- The handle if free, else with the first free number after it, else with a unique suffix.
select coalesce((
	select h.handle from (
		select case n when 1 then :handle else left(:handle, 250) || '-' || n end as handle, n
		from generate_series(1, 100) n) h
	where not exists (select from product p
		where p.vendor_id = :vendor and p.handle_key = h.handle and p.deleted_at is null)
	order by h.n limit 1),
	left(:handle, 218) || '-' || :id) as handle;

-- staff_product_insert (vendor uuid, id uuid, handle text, title text, description text?, status text,
--     category uuid?, product_type text?, tags text[]?, options json, images json): none
insert into product (vendor_id, id, handle, title, description, status, category_id, product_type, tags,
                     options, images, currency)
values (:vendor, :id, :handle, :title, coalesce(:description, ''), :status, :category,
        coalesce(:product_type, ''), coalesce(:tags, '{}'), :options::json, :images::json,
        marketplace_currency(null, null));

-- staff_product_lock (vendor uuid, id uuid): one -> (version int, one text?, two text?, three text?)
-- Returns the option names.
select p.version, p.options -> 0 ->> 'name' as one, p.options -> 1 ->> 'name' as two,
       p.options -> 2 ->> 'name' as three
from product p
where p.vendor_id = :vendor and p.id = :id and p.deleted_at is null
for no key update;

-- staff_product_update (vendor uuid, id uuid, title text?, handle text?, description text?, status text?,
--     category_given bool, category uuid?, product_type text?, tags text[]?, images json?): one
update product
set title = coalesce(:title, title), handle = coalesce(:handle, handle),
    description = coalesce(:description, description), status = coalesce(:status, status),
    product_type = coalesce(:product_type, product_type), tags = coalesce(:tags, tags),
    images = coalesce(:images::json, images), version = version + 1, updated_at = now()
    [category_given: , category_id = :category]
where vendor_id = :vendor and id = :id;

-- staff_product_choices (vendor uuid, id uuid): many -> (id uuid, one text?, two text?, three text?)
-- The options of its variants, read after the product is locked.
select x.id, x.option1 as one, x.option2 as two, x.option3 as three from variant x
where x.vendor_id = :vendor and x.product_id = :id and x.deleted_at is null
order by x.position, x.id;

-- record new_option (name text, was int, choices text?)
-- was: -1 for a new option, else the index of a current one, from 0, whose values are kept unless choices are
-- given.

-- staff_product_options (vendor uuid, id uuid, options new_option[]): one
-- refresh_products() then removes values that no variant has.
update product p set options = coalesce((
	select json_agg(json_build_object('name', g.name, 'values',
		coalesce(g.choices::json, p.options -> g.was -> 'values')) order by g.ordinality)
	from :options with ordinality as g), '[]')
where p.vendor_id = :vendor and p.id = :id;

-- record variant_choice (id uuid, title text, one text?, two text?, three text?)
-- The new options of a variant.

-- staff_variants_set_aside (vendor uuid, variants variant_choice[]): none
-- Frees the current options, so that new ones do not collide with those of other variants.
update variant set option1 = id::text, option2 = null, option3 = null
where vendor_id = :vendor and id = any (:variants.id);

-- staff_variants_choose (vendor uuid, variants variant_choice[]): none
update variant v set title = g.title, option1 = g.one, option2 = g.two, option3 = g.three,
                     version = v.version + 1
from :variants as g
where v.vendor_id = :vendor and v.id = g.id;

-- staff_variants_arrange (vendor uuid, id uuid, ids uuid[]): none
-- Unlisted variants follow in their current order.
update variant v set position = o.place, version = v.version + 1
from (
	select x.id, row_number() over (order by g.place, x.position, x.id) as place
	from variant x
	left join unnest(:ids::uuid[]) with ordinality as g (id, place) on g.id = x.id
	where x.vendor_id = :vendor and x.product_id = :id and x.deleted_at is null) o
where v.vendor_id = :vendor and v.id = o.id and v.position <> o.place;

-- staff_product_variants_lock (vendor uuid, id uuid): none
select from variant x
where x.vendor_id = :vendor and x.product_id = :id and x.deleted_at is null
order by x.id for no key update;

-- staff_product_variants_delete (vendor uuid, id uuid): none
-- Kept for existing orders; their SKUs become free.
update variant set deleted_at = now(), version = version + 1
where vendor_id = :vendor and product_id = :id and deleted_at is null;

-- staff_product_delete (vendor uuid, id uuid): one
update product set status = 'archived', deleted_at = now(), version = version + 1, updated_at = now()
where vendor_id = :vendor and id = :id and deleted_at is null;

-- staff_product_touch (vendor uuid, id uuid): one
-- Counts a change of a variant.
update product set version = version + 1, updated_at = now() where vendor_id = :vendor and id = :id;

-- staff_refresh (id uuid): one writes
select refresh_products(array[:id]);

-- Variants ---------------------------------------------------------------------------------------

-- staff_variants_count (vendor uuid, product uuid): one -> (count bigint)
-- After the product is locked, so that variants added concurrently are counted.
select count(*) as count from variant x
where x.vendor_id = :vendor and x.product_id = :product and x.deleted_at is null;

-- record new_variant (id uuid, sku text?, title text, one text?, two text?, three text?, price bigint, currency text,
--     compare bigint?, compare_currency text?, stock int, tracked bool, backorder bool, weight int, barcode text?,
--     image text?, adjustment uuid)

-- staff_variants_insert (vendor uuid, product uuid, nested bool, variants new_variant[]): none
-- Field names are as in the body: /variants/0/… when nested.
with given as (
	select g.*, case when :nested then '/variants/' || (g.ordinality - 1) else '' end as field,
	       (select coalesce(max(x.position), 0) from variant x
	        where x.vendor_id = :vendor and x.product_id = :product and x.deleted_at is null) as last
	from :variants with ordinality as g
), added as (
	insert into variant (vendor_id, id, product_id, sku, title, option1, option2, option3, price, currency,
	                     compare_at_price, available, tracked, backorder, weight_grams, barcode, image, position)
	select :vendor, g.id, :product, g.sku, g.title, g.one, g.two, g.three, g.price,
	       marketplace_currency(g.currency, g.field || '/price/currency'),
	       case when marketplace_currency(g.compare_currency, g.field || '/compare_at_price/currency')
	                 is not null then g.compare end,
	       g.stock, g.tracked, g.backorder, g.weight, g.barcode, g.image::json, g.last + g.ordinality
	from given g
)
insert into stock_adjustment (vendor_id, id, variant_id, delta, reason, account_id)
select :vendor, g.adjustment, g.id, g.stock, 'First stock', current_account()
from given g where g.stock <> 0;

-- staff_variant_lock (vendor uuid, id uuid): one -> (product_id uuid, available bigint, tracked bool, backorder bool,
--     one text?, two text?, three text?)
-- With the option names of its product.
select v.product_id, v.available, v.tracked, v.backorder, p.options -> 0 ->> 'name' as one,
       p.options -> 1 ->> 'name' as two,
       p.options -> 2 ->> 'name' as three
from variant v
join product p on p.vendor_id = v.vendor_id and p.id = v.product_id
where v.vendor_id = :vendor and v.id = :id and v.deleted_at is null
for no key update of v;

-- staff_variant_update (vendor uuid, id uuid, sku_given bool, sku text?, options_given bool, title text?, one text?,
--     two text?, three text?, price bigint?, currency text?, compare_given bool, compare bigint?,
--     compare_currency text?, tracked bool?, backorder bool?, weight int?, barcode_given bool, barcode text?,
--     image_given bool, image json?): one
update variant
set price = case when marketplace_currency(:currency, '/price/currency') is not null
            then coalesce(:price, price) end,
    tracked = coalesce(:tracked, tracked), backorder = coalesce(:backorder, backorder),
    weight_grams = coalesce(:weight, weight_grams),
    version = version + 1
    [sku_given: , sku = :sku]
    [options_given: , title = :title, option1 = :one, option2 = :two, option3 = :three]
    [compare_given: , compare_at_price = case when marketplace_currency(:compare_currency, '/compare_at_price/currency')
                                              is not null then :compare end]
    [barcode_given: , barcode = :barcode]
    [image_given: , image = :image::json]
where vendor_id = :vendor and id = :id;

-- staff_variants_lock (vendor uuid, id uuid): many -> (id uuid, product_id uuid)
-- Locks all variants of its product.
select v.id, v.product_id from variant v
where v.vendor_id = :vendor and v.deleted_at is null and v.product_id = (
	select x.product_id from variant x
	where x.vendor_id = :vendor and x.id = :id and x.deleted_at is null)
order by v.id
for no key update;

-- staff_variant_delete (vendor uuid, id uuid): one
update variant set deleted_at = now(), version = version + 1 where vendor_id = :vendor and id = :id;

-- staff_stock_move (vendor uuid, id uuid, adjustment uuid, delta bigint, reason text): none
with moved as (
	update variant set available = available + :delta where vendor_id = :vendor and id = :id
)
insert into stock_adjustment (vendor_id, id, variant_id, delta, reason, account_id)
values (:vendor, :adjustment, :id, :delta, :reason, current_account());
