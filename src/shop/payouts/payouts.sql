-- Bank details and payouts, as vendors and admins see them.

-- payout_accounts (): one
-- Of the acting vendor.
with mine as (
	select a.* from (select x.id, x.holder, x.country, x.masked, x.active_at from payout_account x
	                 where x.vendor_id = current_vendor() and x.ended_at is null) a
), shown as (
	select m.active_at > now() as held, m.active_at, json_build_object('holder', m.holder, 'country', m.country,
	       'number', m.masked, 'active_at', json_time(m.active_at)) as account
	from mine m
)
select (select s.account from shown s where not s.held order by s.active_at desc limit 1) as current,
       (select s.account from shown s where s.held order by s.active_at desc limit 1) as held;

-- payout_accounts_lock (vendor uuid): one -> (any bool)
-- Serializes changes. Whether there are bank details.
select exists (select from payout_account a where a.vendor_id = v.id and a.ended_at is null) as any
from vendor v where v.id = :vendor for no key update of v;

-- payout_account_withdraw (): many -> (id uuid)
-- Ends what is held.
update payout_account set ended_at = now()
where vendor_id = current_vendor() and ended_at is null and active_at > now()
returning id;

-- payout_account_insert (id uuid, holder text, country text, iban text?, number text?, bank_code text?, masked text,
--     hold_hours int): one -> (active_at time)
insert into payout_account (vendor_id, id, holder, country, iban, number, bank_code, masked, entered_by, active_at)
values (current_vendor(), :id, :holder, :country, :iban, :number, :bank_code, :masked, current_account(),
        now() + make_interval(hours => :hold_hours))
returning active_at;

-- payouts_page (id uuid?, status text?, after_id uuid, page_size int): many -> (id uuid, vendor_id uuid,
--     amount.amount bigint, amount.currency text)
-- One payout, or a page of them, of the acting vendor, or of all for an admin.
select p.id, p.vendor_id, p.amount as "amount.amount", p.currency as "amount.currency", p.state as status,
       a.holder as "to.holder", a.masked as "to.number", p.created_at, p.approved_at, p.paid_at, p.reference,
       p.ended_at, p.reason, 0::bigint as "_key"
from payout p join payout_account a on a.vendor_id = p.vendor_id and a.id = p.account_id
where true
[id: and p.id = :id]
[status: and p.state = :status]
[!id: and p.id < :after_id
order by p.id desc
limit :page_size];

-- payouts_run (most int, vendor uuid?): one writes
select x.count, x.total as "total.amount", f.currency as "total.currency", x.count = :most as more
from payouts_stamp(:most, :vendor) x cross join platform f;

-- payouts_run_some (most int): one writes -> (done int)
select x.count as done from payouts_stamp(:most, null) x;

-- payout_approve (id uuid): one writes
select payout_approve(:id);

-- payout_end (id uuid, target text, note text?): one writes
select payout_end(:id, :target, :note);

-- payouts_export (id uuid, only_ibans bool, debtor_name text, debtor_iban text, execute_on text, most int): one writes
--     -> (id uuid?)
select payouts_export(:id, :only_ibans, :debtor_name, :debtor_iban, :execute_on::date, :most) as id;

-- payout_export_row (id uuid): maybe -> (count int, total bigint, currency text, debtor_name text, debtor_iban text,
--     execute_on text, created text, only_ibans bool)
select e.id, e.only_ibans, e.count, e.total, e.currency, e.debtor_name, e.debtor_iban, e.execute_on::text as execute_on,
       to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created
from payout_export e where e.id = :id;

-- payout_export_view (id uuid): one
select e.id, e.count, e.total as "total.amount", e.currency as "total.currency", e.created_at
from payout_export e where e.id = :id;

-- payout_export_page (id uuid, after uuid, most int): many -> (id uuid, amount bigint, currency text, holder text,
--     country text, iban text?, number text?, bank_code text?)
select p.id, p.amount, p.currency, a.holder, a.country, a.iban, a.number, a.bank_code
from payout p join payout_account a on a.vendor_id = p.vendor_id and a.id = p.account_id
where p.export_id = :id and p.id > :after
order by p.id
limit :most;

-- payout_terms_read (vendor uuid): one
select coalesce(t.schedule, f.payout_schedule) as schedule, coalesce(t.minimum, f.payout_minimum) as "minimum.amount",
       f.currency as "minimum.currency",
       coalesce(t.reserve_basis_points, f.payout_reserve_basis_points) as reserve_basis_points,
       coalesce(t.reserve_days, f.payout_reserve_days) as reserve_days, t.held_reason
from vendor v cross join platform f left join payout_terms t on t.vendor_id = v.id
where v.id = :vendor;

-- payout_terms_put (vendor uuid, schedule text?, minimum bigint?, currency text?, reserve_basis_points int?,
--     reserve_days int?, held_reason text?): none
insert into payout_terms as t (vendor_id, schedule, minimum, reserve_basis_points, reserve_days, held_reason)
select v.id, :schedule, case when marketplace_currency(:currency, '/minimum/currency') is not null then :minimum end,
       :reserve_basis_points, :reserve_days, :held_reason
from vendor v where v.id = :vendor
on conflict (vendor_id) do update
set schedule = excluded.schedule, minimum = excluded.minimum, reserve_basis_points = excluded.reserve_basis_points,
    reserve_days = excluded.reserve_days, held_reason = excluded.held_reason, version = t.version + 1;
