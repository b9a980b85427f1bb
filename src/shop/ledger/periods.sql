-- Months of the ledger, as admins see and close them.

-- periods_list (): many
-- Every month since the first journal, newest first. One without journals is closed with the next one.
with month as (
	select m.start::date as start
	from (select period_of(j.id) as first from journal j order by j.id limit 1) f
	cross join lateral generate_series(f.first, now() at time zone 'UTC', interval '1 month') m (start)
)
select to_char(m.start, 'YYYY-MM') as id, m.start::timestamp at time zone 'UTC' as from,
       (m.start + interval '1 month') at time zone 'UTC' as until, c.closed_at, c.closed_by,
       case when c.month = m.start then c.note end as note,
       case when c.month = m.start then c.journals when c.month is not null then 0 end as journals,
       period_accounts(case when c.month = m.start then c.accounts when c.month is not null then '[]' end) as accounts
from month m
left join lateral (select x.* from period_close x where x.month >= m.start order by x.month limit 1) c on true
order by m.start desc;

-- period_read (month text): one
select to_char(c.month, 'YYYY-MM') as id, c.month::timestamp at time zone 'UTC' as from,
       (c.month + interval '1 month') at time zone 'UTC' as until, c.closed_at, c.closed_by, c.note, c.journals,
       period_accounts(c.accounts) as accounts
from period_close c where to_char(c.month, 'YYYY-MM') = :month;

-- period_close (id uuid, month text, note text?): one writes
select period_close(:id, (:month || '-01')::date, :note);

-- periods_sum_up (): one writes -> (done int)
select periods_sum_up() as done;
