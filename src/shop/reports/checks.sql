-- check: lines of sales add up to the entries of their journals
select j.id::text from journal j
cross join lateral (
	select -coalesce(sum(e.amount) filter (where e.item = 'goods'), 0) as goods,
		-coalesce(sum(e.amount) filter (where e.item = 'shipping'), 0) as shipping,
		coalesce(sum(e.amount) filter (where e.item = 'discount'), 0) as discount,
		-coalesce(sum(e.amount) filter (where e.item = 'tax'), 0) as tax,
		-coalesce(sum(e.amount) filter (where e.account = 'service_fee'), 0) as service_fee,
		-coalesce(sum(e.amount) filter (where e.account = 'commission'), 0) as commission,
		-coalesce(sum(e.amount) filter (where e.account = 'commission_tax'), 0) as commission_tax,
		coalesce(sum(e.amount) filter (where e.item = 'goodwill' and e.account <> 'goodwill'), 0) as goodwill,
		coalesce(sum(e.amount) filter (where e.account = 'goodwill'), 0) as platform_goodwill
	from journal_entry e where e.journal_id = j.id) e
cross join lateral (
	select coalesce(sum(l.goods), 0) as goods, coalesce(sum(l.shipping), 0) as shipping,
		coalesce(sum(l.discount), 0) as discount, coalesce(sum(l.tax), 0) as tax,
		coalesce(sum(l.service_fee), 0) as service_fee, coalesce(sum(l.commission), 0) as commission,
		coalesce(sum(l.commission_tax), 0) as commission_tax, coalesce(sum(l.goodwill), 0) as goodwill,
		coalesce(sum(l.platform_goodwill), 0) as platform_goodwill
	from sale_line l where l.journal_id = j.id) l
where j.sub_order_id is not null and (e.*) is distinct from (l.*);

-- check: lines of sales have the units that are left of them
select x.id::text from order_line x
join (select l.vendor_id, l.order_line_id, sum(l.units) as units from sale_line l group by 1, 2) l
	on l.vendor_id = x.vendor_id and l.order_line_id = x.id
where l.units <> x.quantity - x.cancelled_quantity - x.refunded_quantity
	and x.price > 0 -- cancelling what costs nothing leaves no journal
;

-- check: sums of sales of vendors equal the lines that were counted
select coalesce(v.dimension, c.dimension) || ' ' || coalesce(v.start, c.start) || ' ' || coalesce(v.key, c.key)
from vendor_sales v
full join (
	select s.vendor_id, d.dimension, g.grain, date_trunc(g.grain, s.day::timestamp)::date as start, d.key,
		count(distinct s.sub_order) as orders,
		sum(s.units) as units, sum(s.returned) as returned, sum(s.gross) as gross, sum(s.discount) as discount,
		sum(s.shipping) as shipping, sum(s.tax) as tax, sum(s.refunds) as refunds,
		sum(s.refunded_tax) as refunded_tax, sum(s.service_fee) as service_fee,
		sum(s.commission) as commission, sum(s.commission_tax) as commission_tax, sum(s.goodwill) as goodwill
	from sales_of(array(select distinct l.journal_id from sale_line l
		where not exists (select from sale_uncounted u
			where u.vendor_id = l.vendor_id and u.journal_id = l.journal_id))) s
	cross join lateral (values ('all', ''), ('product', s.product), ('category', s.category), ('country', s.country))
		d (dimension, key)
	cross join (values ('day'), ('month')) g (grain)
	group by 1, 2, 3, 4, 5) c using (vendor_id, dimension, grain, start, key)
where (v.orders, v.units, v.returned, v.gross, v.discount, v.shipping, v.tax, v.refunds, v.refunded_tax,
	v.service_fee, v.commission, v.commission_tax, v.goodwill)
	is distinct from
	(c.orders, c.units, c.returned, c.gross, c.discount, c.shipping, c.tax, c.refunds, c.refunded_tax,
	c.service_fee, c.commission, c.commission_tax, c.goodwill);

-- check: sums of sales of the marketplace equal the lines that were counted
select coalesce(v.dimension, c.dimension) || ' ' || coalesce(v.start, c.start) || ' ' || coalesce(v.key, c.key)
from platform_sales v
full join (
	select d.dimension, g.grain, date_trunc(g.grain, s.day::timestamp)::date as start, d.key,
		count(distinct s.sub_order) as orders,
		sum(s.units) as units, sum(s.returned) as returned, sum(s.gross) as gross, sum(s.discount) as discount,
		sum(s.shipping) as shipping, sum(s.tax) as tax, sum(s.refunds) as refunds,
		sum(s.refunded_tax) as refunded_tax, sum(s.service_fee) as service_fee,
		sum(s.commission) as commission, sum(s.commission_tax) as commission_tax, sum(s.goodwill) as goodwill
	from sales_of(array(select distinct l.journal_id from sale_line l
		where not exists (select from sale_uncounted u
			where u.vendor_id = l.vendor_id and u.journal_id = l.journal_id))) s
	cross join lateral (values ('all', ''), ('vendor', s.vendor_id::text), ('category', s.category),
		('country', s.country)) d (dimension, key)
	cross join (values ('day'), ('month')) g (grain)
	group by 1, 2, 3, 4) c using (dimension, grain, start, key)
where (v.orders, v.units, v.returned, v.gross, v.discount, v.shipping, v.tax, v.refunds, v.refunded_tax,
	v.service_fee, v.commission, v.commission_tax, v.goodwill)
	is distinct from
	(c.orders, c.units, c.returned, c.gross, c.discount, c.shipping, c.tax, c.refunds, c.refunded_tax,
	c.service_fee, c.commission, c.commission_tax, c.goodwill);
