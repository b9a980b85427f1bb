-- check: numbers of invoices have no gaps
select s.issuer_id::text || ' ' || s.year from invoice_series s
left join (select i.issuer_id, i.year, count(*) as count, min(i.serial) as first, max(i.serial) as last
	from invoice i group by 1, 2) i on i.issuer_id = s.issuer_id and i.year = s.year
where (i.count, i.first, i.last) is distinct from (s.last, 1, s.last)
union all
select i.number from invoice i
where not exists (select from invoice_series s where s.issuer_id = i.issuer_id and s.year = i.year)
	or extract(year from i.issued_at at time zone 'UTC') <> i.year;

-- check: later numbers of an issuer are of later times
select i.number from (select x.number, x.issued_at, lag(x.issued_at) over (partition by x.issuer_id, x.year
	order by x.serial) as before from invoice x) i where i.before > i.issued_at;

-- check: what was shipped is invoiced
-- Since there are invoices: what a release without them shipped has none.
select s.number from sub_order s
where s.state in ('shipped', 'delivered', 'completed')
	and exists (select from sub_order_history h
		where h.vendor_id = s.vendor_id and h.sub_order_id = s.id and h.to_state = 'shipped'
		and h.at >= (select min(x.supplied_at) from invoice x where x.kind = 'invoice'))
	and not exists (select from invoice i
		where i.vendor_id = s.vendor_id and i.sub_order_id = s.id and i.kind = 'invoice');

-- check: invoices less credit notes are what sub-orders are worth
select i.number from invoice i
join sub_order s on s.vendor_id = i.vendor_id and s.id = i.sub_order_id
join sub_orders_worth(array(select id from sub_order where received_at is not null)) w
	on w.vendor_id = i.vendor_id and w.sub_order_id = i.sub_order_id
cross join lateral (
	select coalesce(sum(c.goods), 0) as goods, coalesce(sum(c.shipping), 0) as shipping,
		coalesce(sum(c.discount), 0) as discount, coalesce(sum(c.tax), 0) as tax,
		coalesce(sum(c.goodwill), 0) as goodwill
	from invoice c where c.vendor_id = i.vendor_id and c.corrects_id = i.id) c
where i.kind = 'invoice' and (i.goods - c.goods, i.shipping - c.shipping, i.discount - c.discount, i.tax - c.tax,
	c.goodwill) is distinct from (w.goods, w.shipping, w.discount, w.tax, w.goodwill);

-- check: lines of invoices add up to their goods
select i.number from invoice i
where i.goods <> (select coalesce(sum((l #>> '{total,amount}')::bigint), 0) from json_array_elements(i.lines) l);

-- check: commissions of months that are invoiced are those of the journals
select v.vendor_id::text from (
	select x.vendor_id, sum(x.commission) as commission, sum(x.commission_tax) as tax from vendor_sales x
	where x.dimension = 'all' and x.grain = 'month' and x.start <= (select max(m.month) from invoice_month m)
	group by 1) v
cross join lateral (
	select coalesce(sum(case i.kind when 'commission_invoice' then i.goods else -i.goods end), 0) as commission,
		coalesce(sum(case i.kind when 'commission_invoice' then i.tax else -i.tax end), 0) as tax
	from invoice i where i.vendor_id = v.vendor_id and i.period <= (select max(m.month) from invoice_month m)) i
where (v.commission, v.tax) <> (i.commission, i.tax);
