-- Reading the ledger, and its jobs.

-- balance_read (): one
-- Of the acting vendor.
with mine as (
	select f.currency, coalesce(b.pending, 0) as pending, coalesce(b.available, 0) as available,
	       coalesce(b.reserved, 0) as reserved, coalesce(b.in_payout, 0) as in_payout
	from platform f left join vendor_balance b on b.vendor_id = current_vendor() and b.currency = f.currency
)
select m.currency, m.pending as "pending.amount", m.currency as "pending.currency",
       greatest(m.available, 0) as "available.amount", m.currency as "available.currency",
       m.reserved as "reserved.amount", m.currency as "reserved.currency", m.in_payout as "in_payout.amount",
       m.currency as "in_payout.currency", greatest(-m.available, 0) as "debt.amount",
       m.currency as "debt.currency",
       (select json_build_object('at', json_time(h.release_at), 'amount', json_build_object(
	       'amount', h.goods + h.shipping - h.discount + h.tax - h.commission - h.commission_tax - h.goodwill,
	       'currency', h.currency))
        from ledger_share h
        where h.vendor_id = current_vendor() and h.released_at is null and h.release_at is not null
        order by h.release_at limit 1) as next_release
from mine m;

-- ledger_page (sub_order uuid?, after_key bigint, after_id uuid, page_size int): many
-- Of the acting vendor. The number alone is a unique key; the cursor's format requires an id.
select e.id, j.at, e.journal_id, j.cause_kind as cause, e.account, e.item, -e.amount as "amount.amount",
       j.currency as "amount.currency", left(s.number, 9) as order_number, j.sub_order_id,
       s.number as sub_order_number, j.reason, e.id as "_key", :after_id as "_id"
from journal_entry e
join journal j on j.id = e.journal_id
left join sub_order s on s.vendor_id = j.vendor_id and s.id = j.sub_order_id
where e.vendor_id = current_vendor() and e.id < :after_key
[sub_order: and e.journal_id in (
	select x.id from sub_order p join journal x on x.order_id = p.order_id and x.sub_order_id = p.id
	where p.id = :sub_order)]
order by e.id desc
limit :page_size;

-- money_accounts (): many
with sums as (
	select d.account, d.currency, d.debit, d.credit from ledger_day d
	union all
	select e.account, j.currency, greatest(e.amount, 0), greatest(-e.amount, 0)
	from ledger_uncarried u
	join journal j on j.id = u.journal_id
	join journal_entry e on e.journal_id = j.id
), totals as (
	select x.account, x.currency, sum(x.debit)::bigint as debit, sum(x.credit)::bigint as credit,
	       case when x.account in ('bank', 'vendor_cash', 'chargebacks') or x.account like 'provider:%' then 'asset'
	            when x.account in ('commission', 'service_fee') then 'revenue'
	            when x.account in ('goodwill', 'chargeback_costs') then 'expense' else 'liability' end as kind
	from sums x group by x.account, x.currency
)
select t.account, t.kind, case when t.kind in ('asset', 'expense') then t.debit - t.credit
       else t.credit - t.debit end as "balance.amount", t.currency as "balance.currency", t.debit as "debit.amount",
       t.currency as "debit.currency", t.credit as "credit.amount", t.currency as "credit.currency"
from totals t order by t.account, t.currency;

-- journals_page (id uuid?, order uuid?, sub_order uuid?, vendor uuid?, slug text?, after_id uuid, page_size int): many
-- One journal, or a page of them: by id, which begins with the time.
select j.id, j.at, j.cause_kind as "cause.kind", j.cause_id as "cause.id", j.cause_number as "cause.number",
       j.vendor_id, j.order_id, j.sub_order_id,
       (select s.number from sub_order s where s.vendor_id = j.vendor_id and s.id = j.sub_order_id)
       as sub_order_number, j.actor as "by.kind", j.actor_id as "by.id", j.reason, j.reverses,
       (select json_agg(json_build_object('id', e.id, 'account', e.account, 'item', e.item, 'amount',
	       json_build_object('amount', e.amount, 'currency', j.currency)) order by e.id)
        from journal_entry e where e.journal_id = j.id) as entries, j.at as "_key"
from journal j
where true
[id: and j.id = :id]
[order: and j.order_id = :order]
[sub_order: and j.order_id = (select p.order_id from sub_order p where p.id = :sub_order)
             and j.sub_order_id = :sub_order]
[vendor: and j.vendor_id = :vendor]
[slug: and j.vendor_id = (select x.id from vendor x where x.slug = :slug)]
[!id: and j.id < :after_id
order by j.id desc
limit :page_size];

-- debt_paid (vendor uuid, amount bigint, currency text, reference text?): one writes -> (id uuid)
select ledger_debt_paid(:vendor, :amount, marketplace_currency(:currency, '/amount/currency'), :reference) as id;

-- journal_reverse (id uuid, reason text): one writes -> (id uuid)
select ledger_reverse(:id, :reason) as id;

-- ledger_release_some (most int): one writes -> (done int)
select ledger_release(:most) as done;

-- ledger_release_reserves_some (most int): one writes -> (done int)
select ledger_release_reserves(:most) as done;

-- ledger_carry_some (most int): one writes -> (done int)
select ledger_carry(:most) as done;
