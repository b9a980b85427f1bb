-- Statements of the acting vendor: a month (UTC) of its ledger, by the time in the ids of journals.

-- statements_list (): many
-- Every month since the first entry, newest first.
select to_char(m.start, 'YYYY-MM') as id, m.start at time zone 'UTC' as from,
       (m.start + interval '1 month') at time zone 'UTC' as until,
       m.start + interval '1 month' > now() at time zone 'UTC' as open
from (select date_trunc('month', uuid_time(j.id) at time zone 'UTC') as first from journal j
      where j.vendor_id = current_vendor() order by j.id limit 1) f
cross join lateral generate_series(f.first, now() at time zone 'UTC', interval '1 month') m (start)
order by m.start desc;

-- statement_vendor (): one -> (name text)
select v.name from vendor v where v.id = current_vendor();

-- statement_head (month text): one -> (currency text, from time, until time, from_journal uuid, until_journal uuid,
--     first_id bigint?, last_id bigint?, opening_pending bigint, opening_available bigint,
--     opening_reserved bigint, opening_in_payout bigint,
--     closing_pending bigint, closing_available bigint, closing_reserved bigint, closing_in_payout bigint)
-- The balance less what was entered since: so it costs no more than the entries since the month began. The bounds of
-- ids are computed once: for each entry, they would take most of the time.
with bounds as materialized (
	select m.from, m.until, uuid_at(m.from) as from_journal, uuid_at(m.until) as until_journal
	from (select x.start at time zone 'UTC' as from, (x.start + interval '1 month') at time zone 'UTC' as until
	      from (select (:month || '-01')::timestamp as start) x) m
), since as materialized (
	select e.id, e.account, -e.amount as amount, j.id < b.until_journal as within
	from bounds b
	join journal j on j.vendor_id = current_vendor() and j.id >= b.from_journal
	join journal_entry e on e.journal_id = j.id and e.vendor_id = current_vendor()
), sums as (
	select s.account, sum(s.amount)::bigint as since,
	       coalesce(sum(s.amount) filter (where not s.within), 0)::bigint as after
	from since s group by s.account
)
select f.currency, b.from, b.until, b.from_journal, b.until_journal,
       (select min(s.id) from since s where s.within) as first_id,
       (select max(s.id) from since s where s.within) as last_id,
       coalesce(v.pending, 0) - coalesce(p.since, 0) as opening_pending,
       coalesce(v.available, 0) - coalesce(a.since, 0) as opening_available,
       coalesce(v.reserved, 0) - coalesce(r.since, 0) as opening_reserved,
       coalesce(v.in_payout, 0) - coalesce(i.since, 0) as opening_in_payout,
       coalesce(v.pending, 0) - coalesce(p.after, 0) as closing_pending,
       coalesce(v.available, 0) - coalesce(a.after, 0) as closing_available,
       coalesce(v.reserved, 0) - coalesce(r.after, 0) as closing_reserved,
       coalesce(v.in_payout, 0) - coalesce(i.after, 0) as closing_in_payout
from platform f cross join bounds b
left join vendor_balance v on v.vendor_id = current_vendor() and v.currency = f.currency
left join sums p on p.account = 'pending'
left join sums a on a.account = 'available'
left join sums r on r.account = 'reserved'
left join sums i on i.account = 'in_payout';

-- statement_lines (from_journal uuid, until_journal uuid, after bigint, last bigint, most int): many -> (id bigint,
--     at time, cause text, account text, item text, amount.amount bigint, amount.currency text, order_number text?,
--     sub_order_number text?, payout_id uuid?, commission_rules json?, reason text?)
-- commission_rules: the names of those that took it; null: the vendor's or the marketplace's rate.
select e.id, j.at, j.cause_kind as cause, e.account, e.item, -e.amount as "amount.amount",
       j.currency as "amount.currency", left(s.number, 9) as order_number, s.number as sub_order_number,
       case when j.cause_kind like 'payout_%' then j.cause_id end as payout_id,
       case when e.item in ('commission', 'commission_tax') then (
	       select json_agg(distinct r.name) from order_line l join commission_rule r on r.id = l.commission_rule_id
	       where l.vendor_id = e.vendor_id and l.sub_order_id = j.sub_order_id) end as commission_rules,
       j.reason
from journal_entry e
join journal j on j.id = e.journal_id
left join sub_order s on s.vendor_id = j.vendor_id and s.id = j.sub_order_id
where e.vendor_id = current_vendor() and e.id > :after and e.id <= :last
and j.id >= :from_journal and j.id < :until_journal
order by e.id
limit :most;
