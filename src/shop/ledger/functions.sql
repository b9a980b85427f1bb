-- Writing journals. docs/MONEY.md.
set local role sebez_owner;

-- Version 7, as uuid_v7() makes them.
create or replace function journal_new_id() returns uuid language sql volatile as $$
	select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
	        || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;
grant execute on function journal_new_id() to sebez_kernel;

-- Refuses journals without entries or of a closed month, and leaves the others to ledger_carry().
create or replace function post_journals() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if exists (select from written w where not exists (select from journal_entry e where e.journal_id = w.id)) then
		raise exception 'a journal has no entries' using errcode = 'check_violation';
	end if;
	perform pg_advisory_xact_lock_shared(hashtextextended('sebez periods', 0)); -- period_close()
	if exists (select from written w cross join closed_until() c where w.at < c or w.id < uuid_at(c)) then
		raise exception 'The month is closed.' using errcode = 'SB409';
	end if;
	insert into ledger_uncarried (journal_id) select w.id from written w;
	return null;
end $$;

-- Refuses entries that do not sum to zero or that are added to an existing journal, and adds the others to the
-- balances of their vendors.
create or replace function post_entries() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	wrong uuid;
begin
	select w.journal_id into wrong
	from (select x.journal_id, sum(x.amount) as sum, count(*) as count from written x group by x.journal_id) w
	where w.sum <> 0 or not exists (select from journal j where j.id = w.journal_id)
	or w.count <> (select count(*) from journal_entry e where e.journal_id = w.journal_id)
	limit 1;
	if found then
		raise exception 'journal % does not balance', wrong using errcode = 'check_violation';
	end if;
	insert into vendor_balance as b (vendor_id, currency, pending, available, reserved, in_payout)
	select w.vendor_id, j.currency, coalesce(-sum(w.amount) filter (where w.account = 'pending'), 0),
	       coalesce(-sum(w.amount) filter (where w.account = 'available'), 0),
	       coalesce(-sum(w.amount) filter (where w.account = 'reserved'), 0),
	       coalesce(-sum(w.amount) filter (where w.account = 'in_payout'), 0)
	from written w join journal j on j.id = w.journal_id
	where w.vendor_id is not null
	group by w.vendor_id, j.currency
	order by w.vendor_id, j.currency
	on conflict (vendor_id, currency) do update
	set pending = b.pending + excluded.pending, available = b.available + excluded.available,
	    reserved = b.reserved + excluded.reserved, in_payout = b.in_payout + excluded.in_payout;
	return null;
end $$;

-- The entries of a journal that changes the worth of a share by these amounts. paid_to: the account that the payment
-- came to; earnings: the account of the vendor that has what it earned; from_reserve: so much of it is held back.
create or replace function share_entries(paid_to text, earnings text, received bigint, refunded bigint, goods bigint,
	shipping bigint, discount bigint, tax bigint, service_fee bigint, commission bigint, commission_tax bigint,
	goodwill bigint, platform_goodwill bigint, from_reserve bigint)
returns table (number int, account text, is_vendors boolean, item text, amount bigint)
language sql immutable parallel safe as $$
	select e.* from (select goods + shipping - discount + tax as sold, paid_to = 'vendor_cash' as in_cash) w
	cross join lateral (select w.*, w.in_cash and received <> 0 as by_cash) x
	cross join lateral (select x.*, x.sold - commission - commission_tax - goodwill as earned) y
	cross join lateral (values
		(1, paid_to, x.in_cash, 'payment', received),
		(2, earnings, true, 'goods', -goods),
		(3, earnings, true, 'shipping', -shipping),
		(4, earnings, true, 'discount', discount),
		(5, earnings, true, 'tax', -tax),
		(6, earnings, true, 'commission', commission),
		(7, earnings, true, 'commission_tax', commission_tax),
		(7, earnings, true, 'goodwill', goodwill),
		(8, 'commission', false, 'commission', -commission),
		(8, 'commission_tax', false, 'commission_tax', -commission_tax),
		(8, 'service_fee', false, 'service_fee', -service_fee),
		(8, 'goodwill', false, 'goodwill', platform_goodwill),
		(9, 'refund_due', false, 'refund_due', y.sold + service_fee - goodwill - platform_goodwill - received
		                                       + refunded),
		(10, case when x.in_cash then 'bank' else paid_to end, false, 'refund', -refunded),
		-- The vendor keeps what it earned of the cash, and owes the rest.
		(11, earnings, true, 'set_off', case when y.by_cash then y.earned end),
		(12, 'available', true, 'set_off', case when y.by_cash then received - y.earned end),
		(13, 'vendor_cash', true, 'set_off', case when y.by_cash then -received end),
		(14, 'reserved', true, 'reserve', from_reserve),
		(15, 'available', true, 'reserve', -from_reserve)
	) e (number, account, is_vendors, item, amount)
$$;
grant execute on function share_entries(text, text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint,
	bigint, bigint, bigint, bigint) to sebez_kernel;

set local role sebez_kernel;

-- Locks the balances of these vendors, so that the entries that follow are numbered in the order of their commits.
create or replace function ledger_lock(vendors uuid[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	insert into vendor_balance (vendor_id, currency)
	select distinct v.id, f.currency from unnest(vendors) v (id) cross join platform f order by 1
	on conflict do nothing;
	perform from vendor_balance b where b.vendor_id = any (vendors) order by b.vendor_id, b.currency for no key update;
end $$;

-- Writes a journal for each of these sub-orders whose worth is not what its journals contain. The sub-orders and their
-- payments are locked already. less: the cause when less is owed. What was released is taken from what is held back of
-- the same sub-order first. Delivered ones get the time of their release.
create or replace function ledger_settle(sub_orders uuid[], less text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from sub_order s where s.id = any (sub_orders) and s.received_at is not null) then
		return;
	end if;
	perform ledger_lock(array(select s.vendor_id from sub_order s where s.id = any (sub_orders)));
	with compared as materialized (
		select w.*, h.released_at is not null as released, coalesce(h.journals, 0) as journals,
		       case when h.reserved_until is null then 0 else h.reserved end as kept_back,
		       h.sub_order_id is not null and h.release_at is null as awaits_delivery,
		       w.received - coalesce(h.received, 0) as d_received, w.refunded - coalesce(h.refunded, 0) as d_refunded,
		       w.goods - coalesce(h.goods, 0) as d_goods, w.shipping - coalesce(h.shipping, 0) as d_shipping,
		       w.discount - coalesce(h.discount, 0) as d_discount, w.tax - coalesce(h.tax, 0) as d_tax,
		       w.service_fee - coalesce(h.service_fee, 0) as d_service_fee,
		       w.commission - coalesce(h.commission, 0) as d_commission,
		       w.commission_tax - coalesce(h.commission_tax, 0) as d_commission_tax,
		       w.goodwill - coalesce(h.goodwill, 0) as d_goodwill,
		       w.platform_goodwill - coalesce(h.platform_goodwill, 0) as d_platform_goodwill
		from sub_orders_worth(sub_orders) w
		left join ledger_share h on h.vendor_id = w.vendor_id and h.sub_order_id = w.sub_order_id
	), worth as materialized (
		select c.*, least(c.kept_back, greatest(0, -(c.d_goods + c.d_shipping - c.d_discount + c.d_tax - c.d_commission
		            - c.d_commission_tax - c.d_goodwill))) as from_reserve,
		            (c.d_received, c.d_refunded, c.d_goods, c.d_shipping, c.d_discount, c.d_tax, c.d_service_fee,
		             c.d_commission, c.d_commission_tax, c.d_goodwill, c.d_platform_goodwill)
		            <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) as differs
		from compared c
	), change as materialized (
		select w.*, journal_new_id() as id from worth w where w.differs
	), written as (
		insert into journal (id, cause_kind, cause_id, cause_number, currency, vendor_id, sub_order_id, order_id,
		                     actor, actor_id)
		select c.id, case when c.d_received <> 0 and c.account = 'vendor_cash' then 'cash_received'
		                  when c.d_received <> 0 then 'payment_received'
		                  when c.d_refunded < 0 then 'refund_failed'
		                  when c.d_refunded <> 0 then 'refunded' else less end,
		       c.sub_order_id, c.journals + 1, c.currency, c.vendor_id, c.sub_order_id, c.order_id,
		       current_setting('sebez.actor', true), current_account()
		from change c
	), entries as (
		insert into journal_entry (journal_id, account, vendor_id, item, amount)
		select c.id, e.account, case when e.is_vendors then c.vendor_id end, e.item, e.amount
		from change c cross join share_entries(c.account, case when c.released then 'available' else 'pending' end,
			c.d_received, c.d_refunded, c.d_goods, c.d_shipping, c.d_discount, c.d_tax, c.d_service_fee,
			c.d_commission, c.d_commission_tax, c.d_goodwill, c.d_platform_goodwill, c.from_reserve) e
		where e.amount <> 0
		order by c.vendor_id, c.sub_order_id, e.number
	)
	insert into ledger_share as h (vendor_id, sub_order_id, currency, received, refunded, goods, shipping, discount,
	                               tax, service_fee, commission, commission_tax, goodwill, platform_goodwill,
	                               journals, release_at, released_at, reserved, reserved_until)
	select w.vendor_id, w.sub_order_id, w.currency, w.received, w.refunded, w.goods, w.shipping, w.discount, w.tax,
	       w.service_fee, w.commission, w.commission_tax, w.goodwill, w.platform_goodwill,
	       w.journals + w.differs::int,
	       case when w.delivered then now() + make_interval(days => p.hold_days) end,
	       case when w.account = 'vendor_cash' then now() end, w.from_reserve, null
	from worth w cross join platform p
	where w.differs or w.awaits_delivery and w.delivered
	on conflict (vendor_id, sub_order_id) do update
	set received = excluded.received, refunded = excluded.refunded, goods = excluded.goods,
	    shipping = excluded.shipping, discount = excluded.discount, tax = excluded.tax,
	    service_fee = excluded.service_fee, commission = excluded.commission,
	    commission_tax = excluded.commission_tax, goodwill = excluded.goodwill,
	    platform_goodwill = excluded.platform_goodwill, journals = excluded.journals,
	    reserved = h.reserved - excluded.reserved, -- what was taken of it; 0 of a new share
	    reserved_until = case when h.reserved > excluded.reserved then h.reserved_until end,
	    release_at = coalesce(h.release_at, excluded.release_at);
end $$;
grant execute on function ledger_settle(uuid[], text) to sebez_kernel;

-- Releases the earnings of up to `most` sub-orders whose time has come and of which nothing is returned, disputed or
-- charged back.
-- Never waits for a sub-order. Returns how many.
create or replace function ledger_release(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	due uuid[];
begin
	due := array(
		select s.id from ledger_share h
		join sub_order s on s.vendor_id = h.vendor_id and s.id = h.sub_order_id
		where h.released_at is null and h.release_at <= now()
		and not exists (select from goods_return g where g.vendor_id = h.vendor_id
			and g.sub_order_id = h.sub_order_id and g.state = any (return_open_states()))
		and not is_kept_back(h.vendor_id, h.sub_order_id)
		order by h.release_at
		limit most
		for no key update of s skip locked);
	-- Again, under the lock: a return may have been asked for, or a dispute opened, until it was taken.
	due := array(select s.id from sub_order s where s.id = any (due)
		and not exists (select from goods_return g where g.vendor_id = s.vendor_id
			and g.sub_order_id = s.id and g.state = any (return_open_states()))
		and not is_kept_back(s.vendor_id, s.id));
	perform ledger_lock(array(select s.vendor_id from sub_order s where s.id = any (due)));
	with share as materialized (
		select h.*, s.order_id, journal_new_id() as id, e.earned, r.days,
		       case when r.days > 0 and e.earned > 0 then round(e.earned::numeric * r.basis_points / 10000)::bigint
		            else 0 end as kept
		from sub_order s join ledger_share h on h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		cross join platform f
		left join payout_terms t on t.vendor_id = s.vendor_id
		cross join lateral (select h.goods + h.shipping - h.discount + h.tax - h.commission - h.commission_tax
			- h.goodwill as earned) e
		cross join lateral (select coalesce(t.reserve_basis_points, f.payout_reserve_basis_points) as basis_points,
			coalesce(t.reserve_days, f.payout_reserve_days) as days) r
		where s.id = any (due) and h.released_at is null
	), written as (
		insert into journal (id, cause_kind, cause_id, currency, vendor_id, sub_order_id, order_id, actor)
		select h.id, 'released', h.sub_order_id, h.currency, h.vendor_id, h.sub_order_id, h.order_id, 'system'
		from share h where h.earned <> 0
	), entries as (
		insert into journal_entry (journal_id, account, vendor_id, item, amount)
		select h.id, e.account, h.vendor_id, e.item, e.amount
		from share h cross join lateral (values
			(1, 'pending', 'release', h.earned), (2, 'available', 'release', h.kept - h.earned),
			(3, 'reserved', 'reserve', -h.kept)) e (position, account, item, amount)
		where e.amount <> 0
		order by h.vendor_id, h.sub_order_id, e.position
	)
	update ledger_share x set released_at = now(), journals = x.journals + (h.earned <> 0)::int, reserved = h.kept,
		reserved_until = case when h.kept > 0 then now() + make_interval(days => h.days) end
	from share h where x.vendor_id = h.vendor_id and x.sub_order_id = h.sub_order_id;
	return cardinality(due);
end $$;
grant execute on function ledger_release(int) to sebez_jobs;

-- Makes available what was held back of up to `most` sub-orders until now. Never waits for a sub-order. Returns how
-- many.
create or replace function ledger_release_reserves(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	due uuid[];
begin
	due := array(
		select s.id from ledger_share h
		join sub_order s on s.vendor_id = h.vendor_id and s.id = h.sub_order_id
		where h.reserved_until <= now()
		and not is_kept_back(h.vendor_id, h.sub_order_id)
		order by h.reserved_until
		limit most
		for no key update of s skip locked);
	due := array(select s.id from sub_order s where s.id = any (due) and not is_kept_back(s.vendor_id, s.id));
	perform ledger_lock(array(select s.vendor_id from sub_order s where s.id = any (due)));
	with share as materialized (
		select h.*, s.order_id, journal_new_id() as id
		from sub_order s join ledger_share h on h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		where s.id = any (due) and h.reserved_until <= now()
	), written as (
		insert into journal (id, cause_kind, cause_id, currency, vendor_id, sub_order_id, order_id, actor)
		select h.id, 'reserve_released', h.sub_order_id, h.currency, h.vendor_id, h.sub_order_id, h.order_id, 'system'
		from share h
	), entries as (
		insert into journal_entry (journal_id, account, vendor_id, item, amount)
		select h.id, e.account, h.vendor_id, 'reserve', e.amount
		from share h cross join lateral (values
			(1, 'reserved', h.reserved), (2, 'available', -h.reserved)) e (position, account, amount)
		order by h.vendor_id, h.sub_order_id, e.position
	)
	update ledger_share x set reserved_until = null, journals = x.journals + 1
	from share h where x.vendor_id = h.vendor_id and x.sub_order_id = h.sub_order_id;
	return cardinality(due);
end $$;
grant execute on function ledger_release_reserves(int) to sebez_jobs;

-- Adds the entries of up to `most` journals to the sums by day. Returns how many journals.
create or replace function ledger_carry(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	taken uuid[];
begin
	with gone as (
		delete from ledger_uncarried where journal_id in (
			select u.journal_id from ledger_uncarried u order by u.journal_id limit most for update skip locked)
		returning journal_id
	)
	select coalesce(array_agg(g.journal_id), '{}') into taken from gone g;
	insert into ledger_day as d (day, account, currency, debit, credit, journals)
	select (uuid_time(e.journal_id) at time zone 'UTC')::date, e.account, e.currency, sum(greatest(e.amount, 0)),
	       sum(greatest(-e.amount, 0)), count(*) filter (where e.is_first)
	from (select x.journal_id, x.account, x.amount, j.currency,
	             row_number() over (partition by x.journal_id order by x.id) = 1 as is_first
	      from journal j join journal_entry x on x.journal_id = j.id
	      where j.id = any (taken)) e
	group by 1, 2, 3
	order by 2, 3, 1
	on conflict (account, currency, day) do update
	set debit = d.debit + excluded.debit, credit = d.credit + excluded.credit,
	    journals = d.journals + excluded.journals;
	return cardinality(taken);
end $$;
grant execute on function ledger_carry(int) to sebez_jobs;
