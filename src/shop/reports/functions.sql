-- Noting what was sold, by line, and counting it. docs/MONEY.md, "Reports".
set local role sebez_owner;

-- An amount in proportion to weights, by largest remainder; of equal remainders the first gets more. Weights that are
-- all zero count as equal.
create or replace function split_amount(amount bigint, weights bigint[]) returns bigint[]
language plpgsql immutable parallel safe set search_path = public, pg_temp as $$
declare
	total numeric := (select sum(w) from unnest(weights) w);
begin
	if amount = total then
		return weights;
	elsif amount = 0 then
		return array_fill(0::bigint, array[cardinality(weights)]);
	end if;
	return (
		with part as (
			select x.position, div(abs(amount) * y.weight, y.total) as whole,
			       mod(abs(amount) * y.weight, y.total) as rest
			from unnest(weights) with ordinality x (weight, position)
			cross join lateral (select case total when 0 then 1 else x.weight end::numeric as weight,
				case total when 0 then cardinality(weights) else total end::numeric as total) y
		), ranked as (
			select p.*, row_number() over (order by p.rest desc, p.position)
			       <= abs(amount) - sum(p.whole) over () as more
			from part p
		)
		select array_agg((sign(amount) * (r.whole + r.more::int))::bigint order by r.position) from ranked r);
end $$;
grant execute on function split_amount(bigint, bigint[]) to sebez_kernel;

set local role sebez_kernel;

-- What the entries of a journal say of a sale, and whether they are of money that came; no row when they say nothing.
create or replace function sale_amounts(journal uuid)
returns table (is_sale boolean, goods bigint, shipping bigint, discount bigint, tax bigint, service_fee bigint,
	commission bigint, commission_tax bigint, goodwill bigint, platform_goodwill bigint)
language sql stable set search_path = public, pg_temp as $$
	select bool_or(e.item = 'payment'), -coalesce(sum(e.amount) filter (where e.item = 'goods'), 0)::bigint,
	       -coalesce(sum(e.amount) filter (where e.item = 'shipping'), 0)::bigint,
	       coalesce(sum(e.amount) filter (where e.item = 'discount'), 0)::bigint,
	       -coalesce(sum(e.amount) filter (where e.item = 'tax'), 0)::bigint,
	       -coalesce(sum(e.amount) filter (where e.account = 'service_fee'), 0)::bigint,
	       -coalesce(sum(e.amount) filter (where e.account = 'commission'), 0)::bigint,
	       -coalesce(sum(e.amount) filter (where e.account = 'commission_tax'), 0)::bigint,
	       coalesce(sum(e.amount) filter (where e.item = 'goodwill' and e.account <> 'goodwill'), 0)::bigint,
	       coalesce(sum(e.amount) filter (where e.account = 'goodwill'), 0)::bigint
	from journal_entry e
	where e.journal_id = journal
	having bool_or(e.item in ('goods', 'shipping', 'discount', 'tax', 'service_fee', 'commission', 'commission_tax',
		'goodwill'))
$$;

-- What the journals so far said of a line.
create or replace function line_sales(vendor uuid, line uuid, out units bigint, out goods bigint, out shipping bigint,
	out discount bigint, out tax bigint, out service_fee bigint, out commission bigint, out commission_tax bigint,
	out goodwill bigint, out platform_goodwill bigint)
language sql stable set search_path = public, pg_temp as $$
	select coalesce(sum(l.units), 0), coalesce(sum(l.goods), 0), coalesce(sum(l.shipping), 0),
	       coalesce(sum(l.discount), 0), coalesce(sum(l.tax), 0), coalesce(sum(l.service_fee), 0),
	       coalesce(sum(l.commission), 0), coalesce(sum(l.commission_tax), 0), coalesce(sum(l.goodwill), 0),
	       coalesce(sum(l.platform_goodwill), 0)
	from sale_line l where l.vendor_id = vendor and l.order_line_id = line
$$;

-- Splits the entries of new journals of sub-orders over the lines. What all journals of a sub-order say of an amount
-- is split by what is left of the lines, or by the lines as sold, and a line gets the difference to what it had.
create or replace function note_sales() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	with sold as materialized (
		select w.id, w.vendor_id, w.sub_order_id, a.*
		from written w cross join lateral sale_amounts(w.id) a where w.sub_order_id is not null
	), line as materialized (
		select s.id as journal_id, l.id, l.position, l.product_id, p.category_id, l.total,
		       u.left as units, l.price * u.left as goods,
		       c.amount as commission, commission_tax(c.amount, l.commission_tax_basis_points) as commission_tax,
		       b.units as had_units, b.goods as had_goods, b.shipping as had_shipping, b.discount as had_discount,
		       b.tax as had_tax, b.service_fee as had_service_fee, b.commission as had_commission,
		       b.commission_tax as had_commission_tax, b.goodwill as had_goodwill,
		       b.platform_goodwill as had_platform_goodwill
		from sold s
		join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.sub_order_id
		join product p on p.vendor_id = l.vendor_id and p.id = l.product_id
		join sub_order o on o.vendor_id = s.vendor_id and o.id = s.sub_order_id
		cross join lateral (select l.quantity - l.cancelled_quantity - l.refunded_quantity as left) u
		cross join lateral (select kept_commission(l.commission, l.quantity, u.left + l.commissioned_quantity)
			+ kept_shipping_commission(l.shipping_commission, o.shipping, o.uncommissioned_shipping) as amount) c
		cross join lateral line_sales(l.vendor_id, l.id) b
	), part as materialized (
		select s.*, l.ids, split_amount(s.goods + l.goods, l.by_goods) as goods_now,
		       split_amount(s.shipping + l.shipping, l.by_total) as shipping_now,
		       split_amount(s.discount + l.discount, l.by_total) as discount_now,
		       split_amount(s.tax + l.tax, l.by_total) as tax_now,
		       split_amount(s.service_fee + l.service_fee, l.by_goods) as service_fee_now,
		       split_amount(s.commission + l.commission, l.by_commission) as commission_now,
		       split_amount(s.commission_tax + l.commission_tax, l.by_commission_tax) as commission_tax_now,
		       split_amount(s.goodwill + l.goodwill, l.by_total) as goodwill_now,
		       split_amount(s.platform_goodwill + l.platform_goodwill, l.by_total) as platform_goodwill_now
		from sold s cross join lateral (
			select array_agg(x.id order by x.position) as ids, array_agg(x.goods order by x.position) as by_goods,
			       array_agg(x.total order by x.position) as by_total,
			       array_agg(x.commission order by x.position) as by_commission,
			       array_agg(x.commission_tax order by x.position) as by_commission_tax,
			       sum(x.had_goods)::bigint as goods, sum(x.had_shipping)::bigint as shipping,
			       sum(x.had_discount)::bigint as discount, sum(x.had_tax)::bigint as tax,
			       sum(x.had_service_fee)::bigint as service_fee, sum(x.had_commission)::bigint as commission,
			       sum(x.had_commission_tax)::bigint as commission_tax, sum(x.had_goodwill)::bigint as goodwill,
			       sum(x.had_platform_goodwill)::bigint as platform_goodwill
			from line x where x.journal_id = s.id) l
	), noted as (
		insert into sale_line (vendor_id, order_line_id, journal_id, sub_order_id, product_id, category_id, country, at,
			is_sale, units, goods, shipping, discount, tax, service_fee, commission, commission_tax, goodwill,
			platform_goodwill)
		select p.vendor_id, l.id, p.id, p.sub_order_id, l.product_id, l.category_id,
		       coalesce(o.shipping_address ->> 'country', ''), uuid_time(p.id), p.is_sale, d.*
		from part p
		join sub_order o on o.vendor_id = p.vendor_id and o.id = p.sub_order_id
		cross join lateral unnest(p.ids, p.goods_now, p.shipping_now, p.discount_now, p.tax_now, p.service_fee_now,
			p.commission_now, p.commission_tax_now, p.goodwill_now, p.platform_goodwill_now)
			as n (id, goods, shipping, discount, tax, service_fee, commission, commission_tax, goodwill,
				platform_goodwill)
		join line l on l.journal_id = p.id and l.id = n.id
		cross join lateral (select l.units - l.had_units as units, n.goods - l.had_goods as goods,
			n.shipping - l.had_shipping as shipping, n.discount - l.had_discount as discount, n.tax - l.had_tax as tax,
			n.service_fee - l.had_service_fee as service_fee, n.commission - l.had_commission as commission,
			n.commission_tax - l.had_commission_tax as commission_tax, n.goodwill - l.had_goodwill as goodwill,
			n.platform_goodwill - l.had_platform_goodwill as platform_goodwill) d
		where (d.units, d.goods, d.shipping, d.discount, d.tax, d.service_fee, d.commission, d.commission_tax,
			d.goodwill, d.platform_goodwill) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		returning vendor_id, journal_id
	)
	insert into sale_uncounted (vendor_id, journal_id) select distinct n.vendor_id, n.journal_id from noted n;
	return null;
end $$;
grant execute on function note_sales() to sebez_owner;

-- What these journals add to the sums. An order counts once among rows of one journal: count(distinct) of sub_order.
create or replace function sales_of(journals uuid[])
returns table (vendor_id uuid, day date, product text, category text, country text, sub_order uuid, units bigint,
	returned bigint, gross bigint, discount bigint, shipping bigint, tax bigint, refunds bigint, refunded_tax bigint,
	service_fee bigint, commission bigint, commission_tax bigint, goodwill bigint)
language sql stable set search_path = public, pg_temp as $$
	select l.vendor_id, (l.at at time zone 'UTC')::date, l.product_id::text, coalesce(l.category_id::text, ''),
	       l.country,
	       case when l.is_sale and l.units > 0 then l.sub_order_id end, l.units * s.sale, l.units * -s.back,
	       l.goods * s.sale, l.discount * s.sale, l.shipping * s.sale, l.tax * s.sale,
	       (l.goods - l.discount + l.shipping + l.tax) * -s.back + l.goodwill, l.tax * -s.back, l.service_fee,
	       l.commission, l.commission_tax, l.platform_goodwill
	from sale_line l cross join lateral (select l.is_sale::int as sale, (not l.is_sale)::int as back) s
	where l.journal_id = any (journals)
$$;
grant execute on function sales_of(uuid[]) to sebez_vendor, sebez_admin, sebez_owner;

-- Adds up to `most` journals to the sums. Returns how many.
create or replace function sales_count(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	taken uuid[];
begin
	with gone as (
		delete from sale_uncounted where (vendor_id, journal_id) in (
			select u.vendor_id, u.journal_id from sale_uncounted u order by u.vendor_id, u.journal_id limit most
			for update skip locked)
		returning journal_id
	)
	select coalesce(array_agg(g.journal_id), '{}') into taken from gone g;
	insert into vendor_sales as v (vendor_id, dimension, grain, start, key,
		orders, units, returned, gross, discount, shipping, tax, refunds, refunded_tax, service_fee,
		commission, commission_tax, goodwill)
	select s.vendor_id, d.dimension, g.grain, date_trunc(g.grain, s.day::timestamp)::date, d.key,
	       count(distinct s.sub_order),
	       sum(s.units), sum(s.returned), sum(s.gross), sum(s.discount), sum(s.shipping), sum(s.tax),
	       sum(s.refunds), sum(s.refunded_tax), sum(s.service_fee), sum(s.commission),
	       sum(s.commission_tax), sum(s.goodwill)
	from sales_of(taken) s
	cross join lateral (values ('all', ''), ('product', s.product), ('category', s.category), ('country', s.country))
		d (dimension, key)
	cross join (values ('day'), ('month')) g (grain)
	group by 1, 2, 3, 4, 5
	order by 1, 2, 3, 4, 5
	on conflict (vendor_id, dimension, grain, start, key) do update
	set orders = v.orders + excluded.orders, units = v.units + excluded.units,
	    returned = v.returned + excluded.returned, gross = v.gross + excluded.gross,
	    discount = v.discount + excluded.discount, shipping = v.shipping + excluded.shipping,
	    tax = v.tax + excluded.tax, refunds = v.refunds + excluded.refunds,
	    refunded_tax = v.refunded_tax + excluded.refunded_tax,
	    service_fee = v.service_fee + excluded.service_fee, commission = v.commission + excluded.commission,
	    commission_tax = v.commission_tax + excluded.commission_tax,
	    goodwill = v.goodwill + excluded.goodwill;
	insert into platform_sales as p (dimension, grain, start, key,
		orders, units, returned, gross, discount, shipping, tax, refunds, refunded_tax, service_fee,
		commission, commission_tax, goodwill)
	select d.dimension, g.grain, date_trunc(g.grain, s.day::timestamp)::date, d.key, count(distinct s.sub_order),
	       sum(s.units), sum(s.returned), sum(s.gross), sum(s.discount), sum(s.shipping), sum(s.tax),
	       sum(s.refunds), sum(s.refunded_tax), sum(s.service_fee), sum(s.commission),
	       sum(s.commission_tax), sum(s.goodwill)
	from sales_of(taken) s
	cross join lateral (values ('all', ''), ('vendor', s.vendor_id::text), ('category', s.category),
		('country', s.country)) d (dimension, key)
	cross join (values ('day'), ('month')) g (grain)
	group by 1, 2, 3, 4
	order by 1, 2, 3, 4
	on conflict (dimension, grain, start, key) do update
	set orders = p.orders + excluded.orders, units = p.units + excluded.units,
	    returned = p.returned + excluded.returned, gross = p.gross + excluded.gross,
	    discount = p.discount + excluded.discount, shipping = p.shipping + excluded.shipping,
	    tax = p.tax + excluded.tax, refunds = p.refunds + excluded.refunds,
	    refunded_tax = p.refunded_tax + excluded.refunded_tax,
	    service_fee = p.service_fee + excluded.service_fee, commission = p.commission + excluded.commission,
	    commission_tax = p.commission_tax + excluded.commission_tax,
	    goodwill = p.goodwill + excluded.goodwill;
	return cardinality(taken);
end $$;
grant execute on function sales_count(int) to sebez_jobs;
