-- Reading the sums, with what was not counted yet: so a report is complete at any moment. Whole months are read as
-- such, the days before and after them one by one.
set local role sebez_kernel;

-- The whole months between two days, the second excluded; where there is none, both are the second.
create or replace function whole_months(first date, until date, out from_month date, out until_month date)
language sql immutable parallel safe as $$
	select case when m.first < m.last then m.first else until end, case when m.first < m.last then m.last else until end
	from (select date_trunc('month', first + interval '1 month' - interval '1 day')::date as first,
		date_trunc('month', until)::date as last) m
$$;
grant execute on function whole_months(date, date) to sebez_vendor, sebez_admin;

-- What a report by this reads: by a period the sums of all, else those of a dimension; and the whole months, of which
-- there are none in a report by day or week.
create or replace function report_range(by text, first date, until date, out period boolean, out dimension text,
	out from_month date, out until_month date)
language sql immutable parallel safe as $$
	select x.period, case when x.period then 'all' else by end,
	       case when by in ('day', 'week') then until else m.from_month end,
	       case when by in ('day', 'week') then until else m.until_month end
	from (select by in ('day', 'week', 'month', 'quarter', 'year') as period) x
	cross join whole_months(first, until) m
$$;
grant execute on function report_range(text, date, date) to sebez_vendor, sebez_admin;

-- What the acting vendor sold in these days, the second excluded: by day, week, month, quarter or year (start
-- is its first day), or by key of a dimension.
create or replace function vendor_sales_by(by text, first date, until date)
returns table (start date, key text,
	orders bigint, units bigint, returned bigint, gross bigint, discount bigint, shipping bigint, tax bigint,
	refunds bigint, refunded_tax bigint, service_fee bigint, commission bigint, commission_tax bigint, goodwill bigint)
language sql stable set search_path = public, pg_temp as $$
	with wanted as materialized (
		select r.* from report_range(by, first, until) r
	), part as (
		select s.* from wanted w join vendor_sales s on s.vendor_id = current_vendor() and s.dimension = w.dimension
			and s.grain = 'month' and s.start >= w.from_month and s.start < w.until_month
		union all
		select s.* from wanted w join vendor_sales s on s.vendor_id = current_vendor() and s.dimension = w.dimension
			and s.grain = 'day' and s.start >= first and s.start < w.from_month
		union all
		select s.* from wanted w join vendor_sales s on s.vendor_id = current_vendor() and s.dimension = w.dimension
			and s.grain = 'day' and s.start >= w.until_month and s.start < until
		union all
		select s.vendor_id, w.dimension, 'day', s.day, d.key, count(distinct s.sub_order),
		       sum(s.units)::bigint, sum(s.returned)::bigint, sum(s.gross)::bigint, sum(s.discount)::bigint,
		       sum(s.shipping)::bigint, sum(s.tax)::bigint, sum(s.refunds)::bigint,
		       sum(s.refunded_tax)::bigint, sum(s.service_fee)::bigint, sum(s.commission)::bigint,
		       sum(s.commission_tax)::bigint, sum(s.goodwill)::bigint
		from wanted w cross join sales_of(array(
			select u.journal_id from sale_uncounted u where u.vendor_id = current_vendor())) s
		cross join lateral (select case w.dimension when 'all' then '' when 'product' then s.product
			when 'category' then s.category else s.country end as key) d
		where s.day >= first and s.day < until
		group by 1, 2, 3, 4, 5
	)
	select case when w.period then date_trunc(by, p.start::timestamp)::date end, p.key,
	       sum(p.orders)::bigint, sum(p.units)::bigint, sum(p.returned)::bigint, sum(p.gross)::bigint,
	       sum(p.discount)::bigint, sum(p.shipping)::bigint, sum(p.tax)::bigint, sum(p.refunds)::bigint,
	       sum(p.refunded_tax)::bigint, sum(p.service_fee)::bigint, sum(p.commission)::bigint,
	       sum(p.commission_tax)::bigint, sum(p.goodwill)::bigint
	from wanted w cross join part p
	group by 1, 2
$$;
grant execute on function vendor_sales_by(text, date, date) to sebez_vendor;

-- What all vendors sold in these days, the second excluded: by day, week, month, quarter or year (start
-- is its first day), or by key of a dimension.
create or replace function platform_sales_by(by text, first date, until date)
returns table (start date, key text,
	orders bigint, units bigint, returned bigint, gross bigint, discount bigint, shipping bigint, tax bigint,
	refunds bigint, refunded_tax bigint, service_fee bigint, commission bigint, commission_tax bigint, goodwill bigint)
language sql stable set search_path = public, pg_temp as $$
	with wanted as materialized (
		select r.* from report_range(by, first, until) r
	), part as (
		select s.* from wanted w join platform_sales s on s.dimension = w.dimension
			and s.grain = 'month' and s.start >= w.from_month and s.start < w.until_month
		union all
		select s.* from wanted w join platform_sales s on s.dimension = w.dimension
			and s.grain = 'day' and s.start >= first and s.start < w.from_month
		union all
		select s.* from wanted w join platform_sales s on s.dimension = w.dimension
			and s.grain = 'day' and s.start >= w.until_month and s.start < until
		union all
		select w.dimension, 'day', s.day, d.key, count(distinct s.sub_order),
		       sum(s.units)::bigint, sum(s.returned)::bigint, sum(s.gross)::bigint, sum(s.discount)::bigint,
		       sum(s.shipping)::bigint, sum(s.tax)::bigint, sum(s.refunds)::bigint,
		       sum(s.refunded_tax)::bigint, sum(s.service_fee)::bigint, sum(s.commission)::bigint,
		       sum(s.commission_tax)::bigint, sum(s.goodwill)::bigint
		from wanted w cross join sales_of(array(select u.journal_id from sale_uncounted u)) s
		cross join lateral (select case w.dimension when 'all' then '' when 'vendor' then s.vendor_id::text
			when 'category' then s.category else s.country end as key) d
		where s.day >= first and s.day < until
		group by 1, 2, 3, 4
	)
	select case when w.period then date_trunc(by, p.start::timestamp)::date end, p.key,
	       sum(p.orders)::bigint, sum(p.units)::bigint, sum(p.returned)::bigint, sum(p.gross)::bigint,
	       sum(p.discount)::bigint, sum(p.shipping)::bigint, sum(p.tax)::bigint, sum(p.refunds)::bigint,
	       sum(p.refunded_tax)::bigint, sum(p.service_fee)::bigint, sum(p.commission)::bigint,
	       sum(p.commission_tax)::bigint, sum(p.goodwill)::bigint
	from wanted w cross join part p
	group by 1, 2
$$;
grant execute on function platform_sales_by(text, date, date) to sebez_admin;

-- An amount in JSON; null, which a sum of nothing is, is 0.
create or replace function report_money(amount numeric) returns json language sql stable
set search_path = public, pg_temp as $$
	select json_build_object('amount', coalesce(amount, 0), 'currency', f.currency) from platform f
$$;
grant execute on function report_money(numeric) to sebez_vendor, sebez_admin;

-- What the marketplace keeps of what customers paid, in basis points, as far as an int reaches; null: of nothing, or
-- when more went back than came.
create or replace function take_rate(revenue numeric, volume numeric) returns int language sql immutable parallel safe
return case when volume > 0
	then greatest(least(round(revenue * 10000 / volume), 2147483647), -2147483648)::int end;
grant execute on function take_rate(numeric, numeric) to sebez_admin;
