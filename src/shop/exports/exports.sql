-- Copies of a person's data. docs/ACCOUNTS.md, "A copy of one's data".

-- export_ask (account uuid, by_admin bool): none
-- One that is being made, or is younger than a day, stays.
insert into account_export (account_id, by_admin) values (:account, :by_admin)
on conflict (account_id) do update
set asked_at = now(), by_admin = excluded.by_admin, due_at = now(), attempts = 0, ready_at = null, bytes = null,
    expires_at = null
where account_export.ready_at is not null and account_export.asked_at < now() - interval '1 day';

-- export_of (account uuid): maybe -> (asked_at time, by_admin bool, state text, ready_at time?, expires_at time?,
--     bytes bigint?)
select asked_at, by_admin, case when ready_at is null then 'preparing' else 'ready' end as state, ready_at, expires_at,
       bytes
from account_export where account_id = :account and (expires_at is null or expires_at > now());

-- export_expect_stays (account uuid): one writes
select account_expect_stays(:account);

-- export_claim (lease_ms bigint): maybe writes -> (account_id uuid, asked_at time, due_at time)
update account_export e
set due_at = now() + :lease_ms * interval '1 millisecond', attempts = e.attempts + 1
where e.account_id = (select x.account_id from account_export x where x.ready_at is null and x.due_at <= now()
                      order by x.due_at limit 1 for update skip locked)
returning e.account_id, e.asked_at, e.due_at;

-- export_page (account uuid, part text, after uuid, most int): many -> (id uuid, line text)
select p.id, p.line::text as line from export_page(:account, :part, :after, :most) p;

-- export_purchases (account uuid, after uuid, most int): many -> (id uuid, number text, placed_at time, vendor text,
--     title text, variant_title text?, quantity int, price bigint, total bigint, currency text, state text)
select p.id, p.number, p.placed_at, p.vendor, p.title, p.variant_title, p.quantity, p.price, p.total, p.currency,
       p.state
from export_purchases(:account, :after, :most) p;

-- export_files (account uuid, after uuid, most int): many -> (id uuid, visibility text, object_group text,
--     content_type text, width int?, format text?)
select f.id, f.visibility, f.object_group, f.content_type, f.width, f.format
from export_files(:account, :after, :most) f;

-- export_finish (account uuid, lease time, bytes bigint, days int): maybe writes -> (account_id uuid)
-- None: the lease was over, or the account was erased meanwhile.
update account_export e
set ready_at = now(), bytes = :bytes, expires_at = now() + make_interval(days => :days)
where e.account_id = :account and e.due_at = :lease and e.ready_at is null
returning e.account_id;

-- export_postpone (account uuid, lease time): none
-- A minute after the first failure, an hour after the sixth.
update account_export e
set due_at = now() + least(interval '1 minute' * power(2, least(e.attempts - 1, 6)), interval '1 hour')
where e.account_id = :account and e.due_at = :lease and e.ready_at is null;

-- export_exists (account uuid): one -> (is_there bool)
-- Whether there is, or will be, a file.
select exists (select from account_export e where e.account_id = :account) as is_there;

-- export_expired (most int): many -> (account_id uuid)
select account_id from account_export where expires_at <= now() order by expires_at limit :most;

-- export_forget (account uuid): none
delete from account_export where account_id = :account and expires_at <= now();
