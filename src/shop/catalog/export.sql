-- Exporting a vendor's products as a CSV: pages of products in the order in which they were made,
-- then the variants of each page.

-- export_products (after uuid, status text?, page_size int): many -> (id uuid, handle text, title text, description text, status text, type text, tags text, options json, images json, vendor text, currency text)
-- Where a product has no type of its own, the names of its categories say it: "Home > Lamps".
select p.id, p.handle, p.title, p.description, p.status, v.name as vendor, p.currency, p.options, p.images,
       array_to_string(p.tags, ', ') as tags,
       case when p.product_type <> '' or p.category_id is null then p.product_type
            else (select string_agg(a.name, ' > ' order by t.position)
                  from category c, unnest(c.path) with ordinality as t (id, position), category a
                  where c.id = p.category_id and a.id = t.id) end as type
from product p
join vendor v on v.id = p.vendor_id
where p.vendor_id = current_vendor() and p.id > :after [status: and p.status = :status]
order by p.id
limit :page_size;

-- export_variants (products uuid[]): many -> (product_id uuid, sku text?, option1 text?, option2 text?, option3 text?, price bigint, compare_at bigint?, available int, grams int, backorder bool, barcode text?, image text?)
select v.product_id, v.sku, v.option1, v.option2, v.option3, v.price, v.compare_at_price as compare_at,
       v.available, v.weight_grams as grams, v.backorder, v.barcode, v.image_url as image
from variant v
where v.vendor_id = current_vendor() and v.product_id = any (:products) and v.deleted_at is null
order by v.product_id, v.position, v.id;
