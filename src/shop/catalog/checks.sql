-- Invariants. Each check selects the rows that violate it, described for people; `sebez check --data` runs
-- them.

-- check: available stock equals adjustments minus reservations
select v.id::text from variant v
left join (select a.vendor_id, a.variant_id, sum(a.delta) delta from stock_adjustment a group by 1, 2) a
	on a.vendor_id = v.vendor_id and a.variant_id = v.id
left join (select l.vendor_id, l.variant_id, sum(l.quantity - l.released_quantity) held
	from order_line l group by 1, 2) l on l.vendor_id = v.vendor_id and l.variant_id = v.id
where v.available <> coalesce(a.delta, 0) - coalesce(l.held, 0);

-- check: stock is below zero only where it is untracked or may be backordered
select v.id::text from variant v where v.available < 0 and not v.backorder and v.tracked;

-- check: visibility, price and stock of a product follow from its variants
select p.id::text from product p
left join lateral (select x.price, x.compare_at_price from variant x where x.vendor_id = p.vendor_id
	and x.product_id = p.id and x.deleted_at is null order by x.price, x.position limit 1) c on true
where (p.visible, p.price, p.in_stock) is distinct from (p.status = 'active' and p.unlisted_at is null
	and c.price is not null, coalesce(c.price, 0),
	exists (select from variant x where x.vendor_id = p.vendor_id and x.product_id = p.id
		and x.deleted_at is null and (x.available > 0 or x.backorder or not x.tracked)));

-- check: the listing has exactly the visible products of approved vendors
select coalesce(p.id, l.product_id)::text from (select p.* from product p join vendor v
	on v.id = p.vendor_id and v.state = 'approved' where p.visible) p
full join (select * from listing where category_id = '00000000-0000-0000-0000-000000000000') l
	on l.product_id = p.id
where p.id is null or l.product_id is null or (l.price, l.created_at)
	is distinct from (p.price, p.created_at);

-- check: the listing's sold units equal the product's sales
select l.product_id::text from listing l
where l.sold <> coalesce((select sum(w.units) from product_sale w where w.product_id = l.product_id), 0)
and not exists (select from ranking_pending r where r.product_id = l.product_id);

-- check: the uploads that a product refers to are those among its pictures
select coalesce(r.product_id, n.product_id)::text
from product_image r
full join (select distinct p.vendor_id, p.id as product_id, image_upload(i.value) as upload_id
           from product p cross join json_array_elements(p.images) i (value)
           where image_upload(i.value) is not null) n
	on n.vendor_id = r.vendor_id and n.product_id = r.product_id and n.upload_id = r.upload_id
where r.product_id is null or n.product_id is null;

-- check: the search index has every product and marks exactly the listed ones as published
select coalesce(p.id, s.product_id)::text
from (select * from product where deleted_at is null) p
full join product_search s on s.product_id = p.id
where p.id is null or s.product_id is null
or (s.published, s.option_values, s.source) is distinct from (
	exists (select from listing l where l.product_id = p.id), search_option_values(p),
	search_source(p.title, search_names(p), p.description));
