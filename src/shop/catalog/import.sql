-- Imports a product CSV: a transaction per batch of products, a statement per step. Rows are passed as arrays
-- of records. Row level security limits everything to the acting vendor.

-- import_vendor (slug text): maybe -> (id uuid)
select v.id from vendor v where v.slug = :slug;

-- import_context (): one -> (currency text, vendor text)
select f.currency, v.name as vendor from platform f join vendor v on v.id = current_vendor();

-- import_begin (): none writes
-- One import of a vendor at a time, so that no variant is added twice. One audit row per import, not per row.
-- Plans use indexes, because plans of a vendor's first import would be cached from when the tables were
-- empty. Commits are asynchronous; the synchronous commit of the audit row at the end precedes any report of
-- success.
select pg_advisory_xact_lock(hashtextextended('sebez import ' || current_vendor(), 0)),
       set_config('sebez.actor', 'import', true), set_config('enable_seqscan', 'off', true),
       set_config('synchronous_commit', 'off', true);

-- import_audit (counts json): none writes
select audit_import(:counts);

-- import_categories (types text[], vendor_max int, tree_max int): many writes -> (number bigint, category uuid?)
-- The types as levels, in the form that category_of_type() takes.
select t.number, category_of_type(t.levels::json, :vendor_max, :tree_max) as category
from unnest(:types) with ordinality as t (levels, number);

-- import_find_categories (slugs text[]): many -> (number bigint, category uuid)
select s.number, c.id as category
from unnest(:slugs) with ordinality as s (slug, number)
join category c on c.slug = s.slug;

-- import_find_products (handles text[]): many -> (number bigint, id uuid, options json)
-- Handles are in lower case.
select h.number, p.id, p.options
from unnest(:handles) with ordinality as h (handle, number)
join product p on p.vendor_id = current_vendor() and p.handle_key = h.handle and p.deleted_at is null;

-- record import_wanted (product uuid, sku text?, one text, two text, three text)
-- Identifies the variant of a row of the file.

-- import_find_variants (wanted import_wanted[]): many -> (number bigint, id uuid, by_sku bool, alike bool)
-- Variants of the product with the same option values, and with the same SKU, ignoring case: at most two, an
-- exact match first.
select i.ordinality as number, v.id, false as by_sku, true as alike
from :wanted with ordinality as i (product, one, two, three)
join variant v on v.vendor_id = current_vendor() and v.product_id = i.product
and coalesce(v.option1, '') = i.one and coalesce(v.option2, '') = i.two
and coalesce(v.option3, '') = i.three and v.deleted_at is null
union all
select i.ordinality, v.id, true, v.alike
from :wanted with ordinality as i (product, sku)
cross join lateral (
	select v.id, v.sku = i.sku as alike from variant v
	where v.vendor_id = current_vendor() and v.product_id = i.product and lower(v.sku) = lower(i.sku)
	and v.deleted_at is null
	order by v.sku = i.sku desc limit 2) v
order by number, by_sku, alike desc;

-- import_other_skus (wanted import_wanted[]): many -> (number bigint)
-- SKUs that variants of other products have, too.
select i.ordinality as number
from :wanted with ordinality as i (product, sku)
where exists (select from variant v where v.vendor_id = current_vendor() and v.sku = i.sku
              and v.product_id <> i.product and v.deleted_at is null);

-- import_lock_variants (ids uuid[]): many writes -> (number bigint, available bigint, tracked bool, backorder bool)
-- In the order in which orders reserve stock, and before the products.
select i.number, v.available, v.tracked, v.backorder
from unnest(:ids) with ordinality as i (id, number)
join variant v on v.vendor_id = current_vendor() and v.id = i.id
order by v.id for update of v;

-- import_lock_products (ids uuid[]): many writes -> (number bigint, images json)
-- Adding a variant requires the lock of its product. The pictures that are fetched meanwhile change until then.
select i.number, p.images
from unnest(:ids) with ordinality as i (id, number)
join product p on p.vendor_id = current_vendor() and p.id = i.id
order by p.id for no key update of p;

-- import_count_variants (products uuid[]): many -> (number bigint, variants bigint, last_position int)
-- Of locked products: only this import adds to them.
select i.number, count(v.id) as variants, coalesce(max(v.position), 0) as last_position
from unnest(:products) with ordinality as i (id, number)
left join variant v on v.vendor_id = current_vendor() and v.product_id = i.id and v.deleted_at is null
group by i.number;

-- record import_product_row (id uuid, handle text, title text?, description text?, type text?, category uuid?,
--     filed bool, status text?, tags text?, options text?, images text?, extra text?, price bigint, compare_at bigint,
--     in_stock bool)
-- A product of the file; NULL where not given. filed: the file names the category. For new products also what
-- derives from their variants: the cheapest one's price and compare_at, which is zero or less for none.

-- import_add_products (currency text, products import_product_row[]): none
-- Includes the columns that refresh_products() computes, so that it need not write the rows again. It
-- corrects any difference.
insert into product (vendor_id, id, handle, title, description, product_type, category_id, status,
                     tags, options, images, currency, price, compare_at_price, in_stock, visible,
                     extra)
select current_vendor(), i.id, i.handle, i.title, coalesce(i.description, ''), coalesce(i.type, ''),
       i.category, s.status, string_to_array(coalesce(i.tags, ''), E'\x1f'), coalesce(i.options, '[]')::json,
       coalesce(i.images, '[]')::json, :currency, i.price, nullif(greatest(i.compare_at, 0), 0),
       i.in_stock, s.status = 'active',
       jsonb_strip_nulls(coalesce(i.extra, '{}')::jsonb)
from :products as i (id, handle, title, description, type, category, status, tags, options, images, extra, price,
                     compare_at, in_stock)
cross join lateral (select coalesce(i.status, 'active') as status) s;

-- import_change_products (products import_product_row[]): many -> (number bigint)
-- Writes only differences; NULL means unchanged. Unless the file names the category, a new type moves the
-- product; an unchanged type moves it only when it has no category. A product without a type keeps a manually
-- chosen category when the type leads to the same one.
with i as (
	select i.ordinality as number, p.id, coalesce(i.title, p.title) as title,
	       coalesce(i.description, p.description) as description,
	       case when i.type is null or (not i.filed and p.product_type = '' and p.category_id = i.category)
	            then p.product_type else i.type end as type,
	       case when i.filed then i.category
	            when i.type is null or (i.type = p.product_type and p.category_id is not null) then p.category_id
	            else i.category end as category_id,
	       coalesce(i.status, p.status) as status,
	       coalesce(string_to_array(i.tags, E'\x1f'), p.tags) as tags,
	       coalesce(i.options, p.options::text) as options,
	       coalesce(i.images, p.images::text) as images,
	       jsonb_strip_nulls(p.extra || coalesce(i.extra, '{}')::jsonb) as extra
	from :products with ordinality as i (id, title, description, type, category, filed, status, tags, options,
	                                     images, extra)
	join product p on p.vendor_id = current_vendor() and p.id = i.id
)
update product p
set title = i.title, description = i.description, product_type = i.type, category_id = i.category_id,
    status = i.status, tags = i.tags, options = i.options::json, images = i.images::json,
    extra = i.extra, version = p.version + 1, updated_at = now()
from i
where p.vendor_id = current_vendor() and p.id = i.id
and (p.title, p.description, p.product_type, p.category_id, p.status, p.tags, p.options::text,
     p.images::text, p.extra)
    is distinct from (i.title, i.description, i.type, i.category_id, i.status, i.tags, i.options, i.images,
                      i.extra)
returning i.number;

-- record import_variant_row (id uuid, product uuid, sku text?, title text, one text, two text, three text,
--     price bigint, compare_at bigint, quantity int, grams int, tracked int, backorder int, barcode text?, image text?,
--     image_facts text?, extra text?, position int, adjustment uuid)
-- See struct import_variant.

-- import_add_variants (currency text, variants import_variant_row[]): none
with i as (
	select * from :variants as i
), added as (
	insert into variant (vendor_id, id, product_id, sku, title, option1, option2, option3, price,
	                     compare_at_price, currency, weight_grams, barcode, image, available,
	                     tracked, backorder, extra, position)
	select current_vendor(), id, product, sku, title, nullif(one, ''), nullif(two, ''),
	       nullif(three, ''), price, nullif(greatest(compare_at, 0), 0), :currency, greatest(grams, 0),
	       nullif(barcode, ''), image_of_url(image, image_facts::json), quantity, tracked <> 0, backorder = 1,
	       jsonb_strip_nulls(coalesce(extra, '{}')::jsonb), position
	from i
)
insert into stock_adjustment (vendor_id, id, variant_id, delta, reason, account_id)
select current_vendor(), adjustment, id, quantity, 'Import', current_account() from i where quantity <> 0;

-- import_change_variants (variants import_variant_row[]): many -> (number bigint, product_id uuid, edited bool)
-- Writes only differences. Stock changes by an adjustment row and is not an edit of the variant. An untracked
-- variant keeps its stock number; when tracked again it is at least zero.
with i as (
	select i.ordinality as number, v.id, v.product_id, i.adjustment, v.available as old_available,
	       coalesce(i.sku, v.sku) as sku, i.title, nullif(i.one, '') as one, nullif(i.two, '') as two,
	       nullif(i.three, '') as three,
	       case when i.price < 0 then v.price else i.price end as price,
	       case when i.compare_at < 0 then v.compare_at_price else nullif(i.compare_at, 0) end as compare_at,
	       case when not s.tracked then v.available
	            when i.quantity <> -2147483648 then i.quantity
	            when s.backorder or v.tracked then v.available
	            else greatest(v.available, 0) end as quantity,
	       case when i.grams < 0 then v.weight_grams else i.grams end as grams,
	       s.tracked, s.backorder,
	       case when i.barcode is null then v.barcode else nullif(i.barcode, '') end as barcode,
	       case when i.image is not null and i.image = v.image ->> 'url' and i.image_facts is not null
	                 and image_upload(v.image) is null -- written before pictures were fetched
	            then json_build_object('url', i.image, 'alt', v.image -> 'alt', 'image_facts',
	                                   i.image_facts::json)::text
	            when i.image is null or i.image = v.image ->> 'url'
	                 or strpos(i.image, v.image #>> '{image_facts,group}') > 0 then v.image::text
	            else image_of_url(i.image, i.image_facts::json)::text end as image,
	       jsonb_strip_nulls(v.extra || coalesce(i.extra, '{}')::jsonb) as extra
	from :variants with ordinality as i (id, sku, title, one, two, three, price, compare_at, quantity, grams, tracked,
	                                     backorder, barcode, image, image_facts, extra, adjustment)
	join variant v on v.vendor_id = current_vendor() and v.id = i.id
	cross join lateral (
		select case when i.tracked < 0 then v.tracked else i.tracked = 1 end as tracked,
		       case when i.backorder < 0 then v.backorder else i.backorder = 1 end as backorder) s
), d as (
	select i.*, (v.sku, v.title, v.option1, v.option2, v.option3, v.price, v.compare_at_price,
	             v.weight_grams, v.tracked, v.backorder, v.barcode, v.image::text, v.extra)
	            is distinct from (i.sku, i.title, i.one, i.two, i.three, i.price, i.compare_at, i.grams,
	                              i.tracked, i.backorder, i.barcode, i.image, i.extra) as edited
	from i join variant v on v.vendor_id = current_vendor() and v.id = i.id
), moved as (
	insert into stock_adjustment (vendor_id, id, variant_id, delta, reason, account_id)
	select current_vendor(), d.adjustment, d.id, d.quantity - d.old_available, 'Import', current_account()
	from d where d.quantity <> d.old_available
)
update variant v
set sku = d.sku, title = d.title, option1 = d.one, option2 = d.two, option3 = d.three, price = d.price,
    compare_at_price = d.compare_at, weight_grams = d.grams, tracked = d.tracked, backorder = d.backorder,
    barcode = d.barcode, image = d.image::json, extra = d.extra, available = d.quantity,
    version = v.version + d.edited::int
from d
where v.vendor_id = current_vendor() and v.id = d.id
and (d.edited or d.quantity <> d.old_available)
returning d.number, v.product_id, d.edited;

-- import_touch_products (ids uuid[]): many
-- Increments the version of products with changed variants, once per transaction.
update product p set version = p.version + 1, updated_at = now()
where p.vendor_id = current_vendor() and p.id = any (:ids) and p.updated_at <> now()
returning p.id;

-- import_refresh (ids uuid[]): none writes
select refresh_products(:ids);

-- import_analyze (): none writes
select analyze_catalog();
