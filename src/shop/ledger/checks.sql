-- check: entries of a journal sum to zero
select j.id::text from journal j
where (select sum(e.amount) from journal_entry e where e.journal_id = j.id) is distinct from 0;

-- check: entries are of a journal
select e.id::text from journal_entry e where not exists (select from journal j where j.id = e.journal_id);

-- check: balances of vendors equal their entries
select coalesce(b.vendor_id, e.vendor_id)::text from vendor_balance b
full join (select e.vendor_id, j.currency,
	-coalesce(sum(e.amount) filter (where e.account = 'pending'), 0) as pending,
	-coalesce(sum(e.amount) filter (where e.account = 'available'), 0) as available,
	-coalesce(sum(e.amount) filter (where e.account = 'reserved'), 0) as reserved,
	-coalesce(sum(e.amount) filter (where e.account = 'in_payout'), 0) as in_payout
	from journal_entry e join journal j on j.id = e.journal_id where e.vendor_id is not null group by 1, 2) e
	on e.vendor_id = b.vendor_id and e.currency = b.currency
where (coalesce(b.pending, 0), coalesce(b.available, 0), coalesce(b.reserved, 0), coalesce(b.in_payout, 0))
	is distinct from
	(coalesce(e.pending, 0), coalesce(e.available, 0), coalesce(e.reserved, 0), coalesce(e.in_payout, 0));

-- check: entries of a vendor are in journals of that vendor
select e.id::text from journal_entry e join journal j on j.id = e.journal_id
where e.vendor_id is not null and e.vendor_id is distinct from j.vendor_id;

-- check: cash that vendors took is set off
select j.id::text from journal j where (select sum(e.amount) from journal_entry e
	where e.journal_id = j.id and e.account = 'vendor_cash') <> 0;

-- check: journals contain what sub-orders are worth
select s.number from sub_orders_worth(array(select id from sub_order where received_at is not null)) w
join sub_order s on s.id = w.sub_order_id
left join ledger_share h on h.vendor_id = w.vendor_id and h.sub_order_id = w.sub_order_id
where (w.received, w.refunded, w.goods, w.shipping, w.discount, w.tax, w.service_fee, w.commission,
	w.commission_tax, w.goodwill, w.platform_goodwill) <>
	(coalesce(h.received, 0), coalesce(h.refunded, 0), coalesce(h.goods, 0), coalesce(h.shipping, 0),
	 coalesce(h.discount, 0), coalesce(h.tax, 0), coalesce(h.service_fee, 0), coalesce(h.commission, 0),
	 coalesce(h.commission_tax, 0), coalesce(h.goodwill, 0), coalesce(h.platform_goodwill, 0))
union all
select h.sub_order_id::text from ledger_share h join sub_order s on s.vendor_id = h.vendor_id and s.id = h.sub_order_id
where s.received_at is null;

-- check: shares equal the entries of their journals
select h.sub_order_id::text from ledger_share h
cross join lateral (
	select coalesce(sum(e.amount) filter (where e.item = 'payment'), 0) as received,
		-coalesce(sum(e.amount) filter (where e.item = 'refund'), 0) as refunded,
		-coalesce(sum(e.amount) filter (where e.item = 'goods'), 0) as goods,
		-coalesce(sum(e.amount) filter (where e.item = 'shipping'), 0) as shipping,
		coalesce(sum(e.amount) filter (where e.item = 'discount'), 0) as discount,
		-coalesce(sum(e.amount) filter (where e.item = 'tax'), 0) as tax,
		-coalesce(sum(e.amount) filter (where e.item = 'service_fee'), 0) as service_fee,
		-coalesce(sum(e.amount) filter (where e.account = 'commission'), 0) as commission,
		coalesce(sum(e.amount) filter (where e.item = 'commission' and e.account <> 'commission'), 0) as taken,
		-coalesce(sum(e.amount) filter (where e.account = 'commission_tax'), 0) as commission_tax,
		coalesce(sum(e.amount) filter (where e.item = 'goodwill' and e.account <> 'goodwill'), 0) as goodwill,
		coalesce(sum(e.amount) filter (where e.account = 'goodwill'), 0) as platform_goodwill,
		-coalesce(sum(e.amount) filter (where e.account = 'refund_due'), 0) as refund_due,
		-coalesce(sum(e.amount) filter (where e.account = 'pending'), 0) as pending,
		count(distinct j.id) as journals
	from journal j join journal_entry e on e.journal_id = j.id
	where j.order_id = (select s.order_id from sub_order s where s.id = h.sub_order_id)
	and j.sub_order_id = h.sub_order_id) e
where (e.received, e.refunded, e.goods, e.shipping, e.discount, e.tax, e.service_fee, e.commission, e.taken,
	e.commission_tax, e.goodwill, e.platform_goodwill, e.refund_due, e.pending, e.journals) is distinct from
	(h.received, h.refunded, h.goods, h.shipping, h.discount, h.tax, h.service_fee, h.commission, h.commission,
	h.commission_tax, h.goodwill, h.platform_goodwill, h.received - h.refunded - (h.goods + h.shipping - h.discount
		+ h.tax + h.service_fee - h.goodwill - h.platform_goodwill),
	case when h.released_at is null then h.goods + h.shipping - h.discount + h.tax - h.commission
		- h.commission_tax - h.goodwill else 0 end,
	h.journals);

-- check: what is held back or held of sub-orders equals the entries
select h.sub_order_id::text from ledger_share h
where h.held + case when h.reserved_until is null then 0 else h.reserved end <> (
	select -coalesce(sum(e.amount), 0) from journal j join journal_entry e on e.journal_id = j.id
	where j.order_id = (select s.order_id from sub_order s where s.id = h.sub_order_id)
	and j.sub_order_id = h.sub_order_id and e.account = 'reserved');

-- check: what orders received and got back is the sum of their entries
select o.number from shop_order o
cross join lateral (select coalesce(sum(s.received_amount), 0) as received, sum(s.refunded_amount) as refunded
	from sub_order s where s.order_id = o.id) s
cross join lateral (select coalesce(sum(e.amount) filter (where e.item = 'payment'), 0) as received,
	-coalesce(sum(e.amount) filter (where e.item = 'refund'), 0) as refunded
	from journal j join journal_entry e on e.journal_id = j.id where j.order_id = o.id) e
where (s.received, s.refunded) <> (e.received, e.refunded);

-- check: delivered and paid sub-orders have a time of release
select s.number from ledger_share h join sub_order s on s.vendor_id = h.vendor_id and s.id = h.sub_order_id
where h.release_at is null and s.state in ('delivered', 'completed')
	or h.release_at is not null and s.state not in ('delivered', 'completed');

-- check: sums by day equal the entries that were carried
select coalesce(d.account, e.account) || ' ' || coalesce(d.day, e.day) from ledger_day d
full join (select (uuid_time(c.journal_id) at time zone 'UTC')::date as day, c.account, c.currency,
		sum(greatest(c.amount, 0)) as debit, sum(greatest(-c.amount, 0)) as credit,
		count(*) filter (where c.is_first) as journals
	from (select x.journal_id, x.account, x.amount, j.currency,
	             row_number() over (partition by x.journal_id order by x.id) = 1 as is_first
	      from journal j join journal_entry x on x.journal_id = j.id
	      where not exists (select from ledger_uncarried u where u.journal_id = j.id)) c
	group by 1, 2, 3) e
	on (e.day, e.account, e.currency) = (d.day, d.account, d.currency)
where (d.debit, d.credit, d.journals) is distinct from (e.debit, e.credit, e.journals);

-- check: closed months are as they were when they were closed
select c.month::text from period_close c cross join period_entries(c.month) s
where c.journals is not null and (c.journals, c.accounts::text) is distinct from (s.journals, s.accounts::text);
