-- Attempts: of their customers, and their phases.

-- order_to_pay (order uuid): one -> (method text, currency text, due bigint, tried bigint, under_way bool,
--     expires_at time)
-- due: of what is not paid, also where an admin placed it without a payment. expires_at: when the first sub-order that
-- awaits its payment is cancelled; when none does, an hour from now.
select p.method, p.currency, coalesce(s.due, 0)::bigint as due, a.tried, a.under_way, s.expires_at
from payment p
cross join lateral (
	select sum(x.total - x.cancelled_total) as due,
	       coalesce(min(x.deadline_at) filter (where x.state = 'awaiting_payment'),
	                now() + interval '1 hour') as expires_at
	from sub_order x where x.order_id = p.order_id and x.payment_state = 'pending') s
cross join lateral (
	select count(*) as tried, coalesce(bool_or(x.state in ('authorised', 'unknown')), false) as under_way
	from payment_attempt x where x.order_id = p.order_id) a
where p.order_id = :order;

-- attempt_of_key (key text): maybe -> (id uuid, order_id uuid)
-- The customer's own.
select a.id, a.order_id from payment_attempt a
where a.account_id = current_account() and a.idempotency_key = :key;

-- attempt_insert (id uuid, order uuid, provider text, amount bigint, currency text, key text, token text?,
--     return_url text?, expires_at time): none
-- Phase 1. A repetition of the request changes nothing.
insert into payment_attempt (id, order_id, account_id, provider, amount, currency, idempotency_key, token, return_url,
                             expires_at)
values (:id, :order, current_account(), :provider, :amount, :currency, :key, :token, :return_url, :expires_at)
on conflict (account_id, idempotency_key) do nothing;

-- attempts_read (order uuid, id uuid?): many -> (id uuid)
-- As they are shown.
select a.id, a.order_id, a.provider as method, a.state as status, a.amount as "amount.amount",
       a.currency as "amount.currency", case when a.state = 'needs_action' then a.action end as next_action,
       a.failure, a.expires_at, a.created_at
from payment_attempt a
where a.order_id = :order [id: and a.id = :id]
order by a.id;

-- attempt_to_ask (id uuid): one -> (provider text, state text, amount bigint, currency text, token text?,
--     return_url text?, reference text?, number text, is_late bool)
-- is_late: its order does not wait for it any more.
select a.provider, a.state, a.amount, a.currency, a.token, a.return_url, a.reference, o.number,
       a.expires_at <= now() or p.state <> 'pending' as is_late
from payment_attempt a
join shop_order o on o.id = a.order_id
join payment p on p.order_id = a.order_id
where a.id = :id;

-- attempt_sub_orders_lock (id uuid): many writes -> (id uuid)
-- Before the attempt: sub-orders by id, as everywhere.
select s.id from sub_order s where s.order_id = (select a.order_id from payment_attempt a where a.id = :id)
order by s.id for update;

-- attempt_lock (id uuid): one writes -> (state text, order_id uuid, account_id uuid, amount bigint, currency text,
--     provider text, is_old bool, is_over bool, is_long_over bool, order_waits bool)
-- is_old: a request to begin it can no longer be on its way. is_over: nobody pays it any more. is_long_over: for a day.
-- order_waits: for money, or it was cancelled before any came; and the amount is no less than what is due.
select a.state, a.order_id, a.account_id, a.amount, a.currency, a.provider,
       a.created_at < now() - interval '2 minutes' as is_old,
       a.expires_at < now() - interval '1 day' as is_over, a.expires_at < now() - interval '2 days' as is_long_over,
       p.received_at is null and a.amount between s.due and p.amount as order_waits
from payment_attempt a
join payment p on p.order_id = a.order_id
cross join lateral (select sum(x.total - x.cancelled_total) as due from sub_order x where x.order_id = a.order_id) s
where a.id = :id for update of a;

-- attempt_write (id uuid, state text, reference text?, action text?, failure text?, outcome text?, again bool): none
-- An answer that does not follow from the state changes nothing of it. What is not over is asked about again, and so is
-- for a month what is over, when again: soon at first, later once in ten minutes, or in an hour. When somebody wants it
-- to be asked about now, since it was asked about, that stays.
update payment_attempt a
set state = n.state, reference = coalesce(:reference, a.reference), action = coalesce(:action::json, a.action),
    failure = case when n.state in ('failed', 'cancelled', 'expired') then coalesce(:failure, a.failure) end,
    outcome = :outcome, updated_at = now(),
    ask_at = case when n.state = 'captured' then null
                  when a.ask_at <= clock_timestamp() then a.ask_at
                  when n.is_open or :again and a.expires_at > now() - interval '30 days'
                  then now() + make_interval(secs => least(case when n.is_open then 600 else 3600 end,
                                                           5 * 2 ^ least(a.asked, 10))) end
from (select x.id, y.state, y.state in ('created', 'needs_action', 'authorised', 'unknown') as is_open
      from payment_attempt x
      cross join lateral (
	select case when payment_attempt_may(x.state, :state) then :state else x.state end as state) y
      where x.id = :id) n
where a.id = n.id;

-- attempt_extra (id uuid): none writes
select refund_extra(:id);

-- attempts_due (provider text, most int): many -> (id uuid)
-- Takes those of a provider that are due; another one may after two minutes.
update payment_attempt a set ask_at = now() + interval '2 minutes', asked = a.asked + 1
from (select x.id from payment_attempt x where x.ask_at <= now() and x.provider = :provider
      order by x.ask_at limit :most for update skip locked) d
where a.id = d.id
returning a.id;

-- attempts_give_back (ids uuid[]): none
-- Those that were taken, and not asked about.
update payment_attempt a set ask_at = least(a.ask_at, now()), asked = greatest(a.asked - 1, 0)
where a.id = any (:ids) and a.ask_at is not null;

-- Refunds.

-- refunds_read (order uuid): many
-- As they are shown.
select r.id, r.attempt_id, r.state as status, r.amount as "amount.amount", r.currency as "amount.currency", r.failure,
       r.created_at
from payment_refund r
where r.order_id = :order
order by r.id;

-- refunds_to_send (ids uuid[]): many -> (id uuid, attempt_id uuid, provider text, amount bigint, currency text,
--     refund_amount bigint, token text?, reference text?, refund_reference text?, number text, is_made bool)
-- is_made: the provider said so, and tells now that something became of it.
select r.id, r.attempt_id, a.provider, a.amount, a.currency, r.amount as refund_amount, a.token, a.reference,
       r.reference as refund_reference, o.number, r.state = 'refunded' as is_made
from payment_refund r
join payment_attempt a on a.id = r.attempt_id
join shop_order o on o.id = r.order_id
where r.id = any (:ids) and (r.state in ('pending', 'failed') or r.state = 'refunded' and r.reference is not null);

-- refund_sub_orders_lock (id uuid): many writes -> (id uuid)
select s.id from sub_order s where s.order_id = (select r.order_id from payment_refund r where r.id = :id)
order by s.id for update;

-- refund_lock (id uuid): one writes -> (state text, attempt_id uuid, order_id uuid, account_id uuid, amount bigint,
--     currency text, is_extra bool, is_doubtful bool, is_charged_back bool)
-- is_doubtful: it was asked for before, and the provider may have made it. is_charged_back: a bank has
-- taken what it would pay back.
select r.state, r.attempt_id, r.order_id, r.account_id, r.amount, r.currency, r.sub_orders = '{}' as is_extra,
       r.updated_at > r.created_at and (r.state <> 'failed' or r.failure = 'unanswered') as is_doubtful,
       refund_is_charged_back(r.id) as is_charged_back
from payment_refund r where r.id = :id for update;

-- refund_write (id uuid, state text, reference text?, failure text?): none
update payment_refund r
set state = :state, reference = coalesce(:reference, r.reference), failure = :failure, updated_at = now()
where r.id = :id;

-- refund_failed (id uuid): none writes
select refund_failed(:id);

-- refund_undo (id uuid, why text): none writes
select refund_undo(:id, :why);

-- refunds_give_up (most int): one writes -> (done int)
select refunds_give_up(:most) as done;

-- refund_extra_done (attempt uuid): none writes
select ledger_extra(:attempt, 'extra_refunded');
