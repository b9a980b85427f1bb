-- Reports of sales: of the acting vendor, and of the whole marketplace.

-- sales_page (by text, first text, until text, after_key bigint, after_id uuid, page_size int): many -> (from text?,
--     orders bigint, units bigint, returned_units bigint, gross.amount bigint, gross.currency text,
--     discounts.amount bigint, shipping.amount bigint, tax.amount bigint, refunds.amount bigint,
--     commission.amount bigint, commission_tax.amount bigint, net.amount bigint, _key bigint, _id uuid, _name text,
--     _title text?)
-- The latest period first, or what sold for most.
with item as (
	select s.*, case when s.start is null then greatest(s.gross, 0) else s.start - date '1970-01-01' end::bigint
	       as place, md5(s.key)::uuid as place_id
	from vendor_sales_by(:by, :first::date, :until::date) s
), page as (
	select * from item i where (i.place, i.place_id) < (:after_key, :after_id)
	order by i.place desc, i.place_id desc limit :page_size
)
select p.start::text as "from", x.id as "product.id", x.title as "product.title",
       case when :by = 'category' then nullif(p.key, '')::uuid end as "category.id", c.name as "category.name",
       case when :by = 'country' then p.key end as country, p.orders, p.units, p.returned as returned_units,
       p.gross as "gross.amount", f.currency as "gross.currency",
       p.discount as "discounts.amount", f.currency as "discounts.currency",
       p.shipping as "shipping.amount", f.currency as "shipping.currency", p.tax as "tax.amount",
       f.currency as "tax.currency", p.refunds as "refunds.amount", f.currency as "refunds.currency",
       p.commission as "commission.amount", f.currency as "commission.currency",
       p.commission_tax as "commission_tax.amount", f.currency as "commission_tax.currency",
       p.gross - p.discount + p.shipping + p.tax - p.refunds - p.commission - p.commission_tax as "net.amount",
       f.currency as "net.currency", p.place as "_key", p.place_id as "_id", p.key as "_name",
       coalesce(x.title, c.name) as "_title"
from page p cross join platform f
left join product x on :by = 'product' and x.vendor_id = current_vendor()
	and x.id = case when :by = 'product' then p.key::uuid end
left join category c on c.id = case when :by = 'category' then nullif(p.key, '')::uuid end
order by p.place desc, p.place_id desc;

-- sales_totals (by text, from text, to text): one
-- Of all pages. to: the last day, included.
select :by as by, :from as from, :to as to, (
	select json_build_object('orders', coalesce(sum(s.orders), 0), 'units', coalesce(sum(s.units), 0),
		'returned_units', coalesce(sum(s.returned), 0), 'gross', report_money(sum(s.gross)),
		'discounts', report_money(sum(s.discount)), 'shipping', report_money(sum(s.shipping)),
		'tax', report_money(sum(s.tax)), 'refunds', report_money(sum(s.refunds)),
		'commission', report_money(sum(s.commission)), 'commission_tax', report_money(sum(s.commission_tax)),
		'net', report_money(sum(s.gross - s.discount + s.shipping + s.tax - s.refunds - s.commission
			- s.commission_tax)))
	from vendor_sales_by('year', :from::date, :to::date + 1) s) as totals;

-- platform_page (by text, first text, until text, after_key bigint, after_id uuid, page_size int): many -> (
--     from text?, orders bigint, units bigint, returned_units bigint, volume.amount bigint, volume.currency text,
--     refunds.amount bigint, tax.amount bigint, commission.amount bigint, commission_tax.amount bigint,
--     service_fee.amount bigint, goodwill.amount bigint, revenue.amount bigint,
--     take_rate_basis_points int?, _key bigint, _id uuid, _name text, _title text?)
with item as (
	select s.*, case when s.start is null then greatest(s.gross, 0) else s.start - date '1970-01-01' end::bigint
	       as place, md5(s.key)::uuid as place_id, s.gross - s.discount + s.shipping + s.tax as volume,
	       s.commission + s.service_fee as revenue
	from platform_sales_by(:by, :first::date, :until::date) s
), page as (
	select * from item i where (i.place, i.place_id) < (:after_key, :after_id)
	order by i.place desc, i.place_id desc limit :page_size
)
select p.start::text as "from", v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       case when :by = 'category' then nullif(p.key, '')::uuid end as "category.id", c.name as "category.name",
       case when :by = 'country' then p.key end as country, p.orders, p.units, p.returned as returned_units,
       p.volume as "volume.amount", f.currency as "volume.currency", p.refunds as "refunds.amount",
       f.currency as "refunds.currency", p.tax - p.refunded_tax as "tax.amount", f.currency as "tax.currency",
       p.commission as "commission.amount", f.currency as "commission.currency",
       p.commission_tax as "commission_tax.amount", f.currency as "commission_tax.currency",
       p.service_fee as "service_fee.amount", f.currency as "service_fee.currency",
       p.goodwill as "goodwill.amount", f.currency as "goodwill.currency", p.revenue as "revenue.amount",
       f.currency as "revenue.currency", take_rate(p.revenue, p.volume - p.refunds) as take_rate_basis_points,
       p.place as "_key", p.place_id as "_id", p.key as "_name", coalesce(v.name, c.name) as "_title"
from page p cross join platform f
left join vendor v on v.id = case when :by = 'vendor' then p.key::uuid end
left join category c on c.id = case when :by = 'category' then nullif(p.key, '')::uuid end
order by p.place desc, p.place_id desc;

-- platform_totals (by text, from text, to text): one
-- Of all pages. to: the last day, included.
select :by as by, :from as from, :to as to, (
	select json_build_object('orders', coalesce(sum(s.orders), 0), 'units', coalesce(sum(s.units), 0),
		'returned_units', coalesce(sum(s.returned), 0),
		'volume', report_money(sum(s.gross - s.discount + s.shipping + s.tax)),
		'refunds', report_money(sum(s.refunds)), 'tax', report_money(sum(s.tax - s.refunded_tax)),
		'commission', report_money(sum(s.commission)),
		'commission_tax', report_money(sum(s.commission_tax)), 'service_fee', report_money(sum(s.service_fee)),
		'goodwill', report_money(sum(s.goodwill)),
		'revenue', report_money(sum(s.commission + s.service_fee)),
		'take_rate_basis_points', take_rate(sum(s.commission + s.service_fee),
			sum(s.gross - s.discount + s.shipping + s.tax - s.refunds)))
	from platform_sales_by('year', :from::date, :to::date + 1) s) as totals;

-- sales_count_some (most int): one writes -> (done int)
select sales_count(:most) as done;
