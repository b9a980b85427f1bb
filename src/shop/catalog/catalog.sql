-- The public catalogue. Row level security limits it to visible products of approved vendors. The listing has
-- a row per product and category, indexed for every sort order. products_found() searches
-- (functions_search.sql). A page is selected from narrow rows first, then joined with the columns to show.

-- product_page (category uuid, category_slug text?, vendor uuid?, vendor_slug text?, price_min bigint?,
--     price_max bigint?, in_stock bool, found bool, words text?, options text[]?, ranked_max int, sort choice(newest,
--     price_asc, price_desc, best_selling, relevance), after_time time, after_value bigint, after_id uuid,
--     page_size int): many
-- One page of a category; the category of all products has the nil id. found: only matches of words and
-- options. Sorted by relevance (which does not need found), at most ranked_max matches are considered.
select p.id, p.title, p.handle, p.price as "price.amount", p.currency as "price.currency",
       p.compare_at_price as "compare_at_price.amount", p.currency as "compare_at_price.currency",
       p.images, v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       c.id as "category.id", c.slug as "category.slug", c.name as "category.name",
       p.in_stock, p.created_at, l.key as "_key"
from (
	select l.vendor_id, l.product_id,
	       [sort = newest: l.created_at]
	       [sort = price_asc: l.price]
	       [sort = price_desc: l.price]
	       [sort = best_selling: l.sold]
	       [sort = relevance: r.score]
	       as key
	from listing l
	[found slow: join products_found(:words, :options, false, null) f
	on f.vendor_id = l.vendor_id and f.product_id = l.product_id]
	[sort = relevance slow: join products_found(:words, :options, true, :ranked_max) r
	on r.vendor_id = l.vendor_id and r.product_id = l.product_id]
	[in_stock: join product p on p.vendor_id = l.vendor_id and p.id = l.product_id and p.in_stock]
	where true
	[!category_slug: and l.category_id = :category]
	[category_slug: and l.category_id = (select k.id from category k where k.slug = :category_slug)]
	[vendor: and l.vendor_id = :vendor]
	[vendor_slug: and l.vendor_id = (select n.id from vendor n where n.slug = :vendor_slug)]
	[price_min: and l.price >= :price_min]
	[price_max: and l.price <= :price_max]
	[sort = newest: and (l.created_at, l.product_id) < (:after_time, :after_id)
	order by l.created_at desc, l.product_id desc]
	[sort = price_asc: and (l.price, l.product_id) > (:after_value, :after_id)
	order by l.price, l.product_id]
	[sort = price_desc: and (l.price, l.product_id) < (:after_value, :after_id)
	order by l.price desc, l.product_id desc]
	[sort = best_selling: and (l.sold, l.product_id) < (:after_value, :after_id)
	order by l.sold desc, l.product_id desc]
	[sort = relevance: and (r.score, l.product_id) < (:after_value, :after_id)
	order by r.score desc, l.product_id desc]
	limit :page_size) l
join product p on p.vendor_id = l.vendor_id and p.id = l.product_id
join vendor v on v.id = l.vendor_id
left join category c on c.id = p.category_id
order by l.key [sort = newest: desc] [sort = price_desc: desc] [sort = best_selling: desc] [sort = relevance: desc],
         l.product_id [sort = newest: desc] [sort = price_desc: desc] [sort = best_selling: desc]
         [sort = relevance: desc];

-- product_facets (category uuid, category_slug text?, vendor uuid?, vendor_slug text?, price_min bigint?,
--     price_max bigint?, in_stock bool, found bool, words text?, options text[]?, bands bigint[], matches_max int):
--     one slow
-- Counts at most matches_max products that pass the filters. Bands are lower bounds of prices.
with matched as materialized (
	select l.product_id, l.vendor_id, l.price
	from listing l
	[found: join products_found(:words, :options, false, null) f
	on f.vendor_id = l.vendor_id and f.product_id = l.product_id]
	[in_stock: join product p on p.vendor_id = l.vendor_id and p.id = l.product_id and p.in_stock]
	where true
	[!category_slug: and l.category_id = :category]
	[category_slug: and l.category_id = (select k.id from category k where k.slug = :category_slug)]
	[vendor: and l.vendor_id = :vendor]
	[vendor_slug: and l.vendor_id = (select n.id from vendor n where n.slug = :vendor_slug)]
	[price_min: and l.price >= :price_min]
	[price_max: and l.price <= :price_max]
	limit :matches_max + 1
)
select coalesce((
	select json_agg(json_build_object('id', c.id, 'slug', c.slug, 'name', c.name, 'count', n.count)
	                order by n.count desc, c.name)
	from (select x.category_id, count(*) from matched m join listing x on x.product_id = m.product_id
	      where x.category_id <> '00000000-0000-0000-0000-000000000000'
	      group by x.category_id order by count(*) desc limit 50) n
	join category c on c.id = n.category_id), '[]') as categories,
coalesce((
	select json_agg(json_build_object('id', v.id, 'slug', v.slug, 'name', v.name, 'count', n.count)
	                order by n.count desc, v.name)
	from (select m.vendor_id, count(*) from matched m group by m.vendor_id
	      order by count(*) desc limit 50) n
	join vendor v on v.id = n.vendor_id), '[]') as vendors,
coalesce((
	select json_agg(json_build_object(
		'from', json_build_object('amount', (:bands)[n.band], 'currency', f.currency),
		'to', case when n.band < cardinality(:bands)
		      then json_build_object('amount', (:bands)[n.band + 1], 'currency', f.currency) end,
		'count', n.count) order by n.band)
	from (select width_bucket(m.price, :bands) as band, count(*) from matched m group by 1) n,
	     platform f), '[]') as prices,
(select count(*) from matched) > :matches_max as capped;

-- product_get (id uuid): one
select p.id, p.title, p.handle, p.description, p.price as "price.amount", p.currency as "price.currency",
       p.compare_at_price as "compare_at_price.amount", p.currency as "compare_at_price.currency",
       p.images, v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       c.id as "category.id", c.slug as "category.slug", c.name as "category.name",
       p.options, p.tags, p.in_stock, p.created_at, p.updated_at
from product p
join vendor v on v.id = p.vendor_id
left join category c on c.id = p.category_id
where p.id = :id;

-- product_variants (id uuid): many
select v.id, v.sku, v.title,
       case when n.one is null then '{}'
            when n.two is null then json_build_object(n.one, v.option1)
            when n.three is null then json_build_object(n.one, v.option1, n.two, v.option2)
            else json_build_object(n.one, v.option1, n.two, v.option2, n.three, v.option3) end as options,
       v.price as "price.amount", v.currency as "price.currency",
       v.compare_at_price as "compare_at_price.amount", v.currency as "compare_at_price.currency",
       case when v.tracked then greatest(v.available, 0) end as available, v.tracked, v.backorder, v.weight_grams,
       v.barcode, v.image
from (select p.vendor_id, p.id, p.options -> 0 ->> 'name' as one, p.options -> 1 ->> 'name' as two,
             p.options -> 2 ->> 'name' as three
      from product p where p.id = :id) n
join variant v on v.vendor_id = n.vendor_id and v.product_id = n.id and v.deleted_at is null
order by v.position, v.id;

-- categories_all (empty bool): many
-- Categories with products on sale; empty ones only on request.
select c.id, c.slug, c.name, c.parent_id,
       (select string_agg(a.slug, '/' order by t.position)
        from unnest(c.path) with ordinality as t (id, position) join category a on a.id = t.id) as path,
       cardinality(c.path) - 1 as depth, c.return_days, c.image
from category c
[!empty: where exists (select from listing l where l.category_id = c.id)]
order by (select array_agg(array[lpad(a.position::text, 6, '0'), a.name, a.id::text] order by t.position)
          from unnest(c.path) with ordinality as t (id, position) join category a on a.id = t.id);
