-- Exports a vendor's products as CSV: pages of products in order of creation, then the variants of each page.

-- export_products (after uuid, status text?, page_size int): many -> (id uuid, handle text, title text,
--     description text, status text, type text, category text?, tags text, options json, images json, extra json,
--     vendor text, currency text)
-- The category is exported by its slug, separately from the type, so that an import restores it.
select p.id, p.handle, p.title, p.description, p.status, v.name as vendor, p.currency, p.options, p.images, p.extra,
       array_to_string(p.tags, ', ') as tags,
       p.product_type as type, c.slug as category
from product p
join vendor v on v.id = p.vendor_id
left join category c on c.id = p.category_id
where p.vendor_id = current_vendor() and p.deleted_at is null and p.id > :after [status: and p.status = :status]
order by p.id
limit :page_size;

-- export_variants (products uuid[]): many -> (product_id uuid, sku text?, option1 text?, option2 text?,
--     option3 text?, price bigint, compare_at bigint?, available bigint, grams int, tracked bool, backorder bool,
--     barcode text?, image json?, extra json)
select v.product_id, v.sku, v.option1, v.option2, v.option3, v.price, v.compare_at_price as compare_at,
       v.available, v.weight_grams as grams, v.tracked, v.backorder, v.barcode, v.image, v.extra
from variant v
where v.vendor_id = current_vendor() and v.product_id = any (:products) and v.deleted_at is null
order by v.product_id, v.position, v.id;

-- export_columns (names_max int): many -> (name text)
-- The names of extra columns stored with products and variants.
select k.name from (
	select jsonb_object_keys(p.extra) as name from product p
	where p.vendor_id = current_vendor() and p.deleted_at is null and p.extra <> '{}'
	union
	select jsonb_object_keys(v.extra) from variant v
	where v.vendor_id = current_vendor() and v.deleted_at is null and v.extra <> '{}') k
order by k.name
limit :names_max;
