-- check: what is in payout is the sum of payouts that are under way
select coalesce(b.vendor_id, p.vendor_id)::text from vendor_balance b
full join (select x.vendor_id, x.currency, sum(x.amount) as amount from payout x
	where x.state in ('pending', 'approved') group by 1, 2) p on p.vendor_id = b.vendor_id and p.currency = b.currency
where coalesce(b.in_payout, 0) <> coalesce(p.amount, 0);

-- check: each payout has the journals of its moves, once
select p.id::text from payout p
cross join lateral (select count(*) filter (where j.cause_kind = 'payout_stamped') as stamped,
	count(*) filter (where j.cause_kind = 'payout_paid') as paid,
	count(*) filter (where j.cause_kind in ('payout_failed', 'payout_returned')) as back,
	count(*) filter (where (select sum(abs(e.amount)) from journal_entry e where e.journal_id = j.id)
		<> 2 * p.amount) as other
	from journal j where j.cause_kind in ('payout_stamped', 'payout_paid', 'payout_failed', 'payout_returned')
	and j.cause_id = p.id) j
where (j.stamped, j.paid, j.back, j.other) <> (1, (p.paid_at is not null)::int, (p.ended_at is not null)::int, 0)
union all
select j.id::text from journal j
where j.cause_kind in ('payout_stamped', 'payout_paid', 'payout_failed', 'payout_returned')
	and not exists (select from payout p where p.vendor_id = j.vendor_id and p.id = j.cause_id);

-- check: approved payouts were approved
select p.id::text from payout p
where p.state in ('approved', 'paid', 'returned') and p.approved_at is null;

-- check: what is reserved is the sum of what is held of shares
select coalesce(b.vendor_id, h.vendor_id)::text from vendor_balance b
full join (select x.vendor_id, x.currency, sum(x.held)
		+ coalesce(sum(x.reserved) filter (where x.reserved_until is not null), 0) as amount
	from ledger_share x where x.reserved_until is not null or x.held > 0 group by 1, 2) h
	on h.vendor_id = b.vendor_id and h.currency = b.currency
where coalesce(b.reserved, 0) <> coalesce(h.amount, 0);
