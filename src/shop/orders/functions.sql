-- Status of orders, and payments as derived from sub-orders.
set local role sebez_owner;

-- Neither finished nor cancelled.
create or replace function open_states() returns text[] language sql immutable parallel safe
return array(select state from unnest(array[:SubOrderStatus]) state where state not in ('completed', 'cancelled'));
grant execute on function open_states() to sebez_vendor;

-- The state of a sub-order, as in events and sync. A quoted body: with a SQL-standard body, no column could be
-- added to the table (PostgreSQL 17).
create or replace function sub_order_state(s sub_order) returns json language sql stable as $$
	select shape_sub_order_state(id => s.id, order_id => s.order_id, vendor_id => s.vendor_id,
		number => s.number, status => s.state, version => s.version,
		cancelled_total => shape_money(amount => s.cancelled_total, currency => s.currency))
$$;
grant execute on function sub_order_state(sub_order) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

-- The status of an order is derived from its sub-orders, only here, and never stored.
create or replace function order_status(states text[]) returns text language sql immutable parallel safe
return (
	with live as (select distinct state from unnest(states) as s (state) where state <> 'cancelled')
	select case
		when count(*) = 0 then 'cancelled'
		when count(*) = 1 then min(state)
		when bool_and(state in ('delivered', 'completed')) then 'delivered'
		when bool_and(state in ('shipped', 'delivered', 'completed')) then 'shipped'
		when bool_or(state in ('partially_shipped', 'shipped', 'delivered', 'completed'))
			then 'partially_shipped'
		else 'processing'
	end
	from live
);
grant execute on function order_status(text[]) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

-- What goes of an amount with goods that are cancelled or refunded: in proportion to their price before, all of it with
-- all goods. Of the sum that is gone, so that the parts of many steps add up to the whole.
create or replace function gone_share(amount bigint, gone numeric, subtotal bigint)
returns bigint language sql immutable parallel safe
return coalesce(round(amount * gone / nullif(subtotal, 0)), 0)::bigint;
grant execute on function gone_share(bigint, numeric, bigint) to sebez_customer, sebez_vendor, sebez_admin,
	sebez_jobs, sebez_kernel;

-- What of a sub-order is no longer owed, without what was granted as goodwill. gone: the price of goods that were
-- cancelled or refunded, with which their shares of the percentage fee, the discount and the tax go.
create or replace function sub_order_gone(gone numeric, subtotal bigint, percent_fee bigint, discount bigint,
	tax bigint, refunded_shipping bigint)
returns bigint language sql immutable parallel safe
return gone::bigint + gone_share(percent_fee, gone, subtotal) - gone_share(discount, gone, subtotal)
	+ gone_share(tax, gone, subtotal) + refunded_shipping;
grant execute on function sub_order_gone(numeric, bigint, bigint, bigint, bigint, bigint) to sebez_customer,
	sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

-- The commission on what is left of a line: 0 when nothing is left, that of the sale when everything is.
create or replace function kept_commission(commission bigint, quantity int, kept int)
returns bigint language sql immutable parallel safe
return round(commission::numeric * kept / quantity)::bigint;
grant execute on function kept_commission(bigint, int, int) to sebez_vendor, sebez_admin, sebez_kernel;

-- The commission on the shipping of a line, when that of a part of the shipping was given back.
create or replace function kept_shipping_commission(commission bigint, shipping bigint, without bigint)
returns bigint language sql immutable parallel safe
return coalesce(round(commission::numeric * (shipping - without) / nullif(shipping, 0)), commission)::bigint;
grant execute on function kept_shipping_commission(bigint, bigint, bigint) to sebez_vendor, sebez_admin, sebez_kernel;

-- The tax on a commission.
create or replace function commission_tax(commission bigint, basis_points int)
returns bigint language sql immutable parallel safe
return round(commission::numeric * basis_points / 10000)::bigint;
grant execute on function commission_tax(bigint, int) to sebez_vendor, sebez_admin, sebez_kernel;

-- received and refunded: amounts; received null: nothing received.
create or replace function payment_share_state(cancelled boolean, received bigint, refunded bigint, due bigint)
returns text language sql immutable parallel safe
return case
	when received is null then case when cancelled then 'cancelled' else 'pending' end
	when received - refunded > due then 'refund_due'
	when refunded > 0 then 'refunded'
	else 'received'
end;
grant execute on function payment_share_state(boolean, bigint, bigint, bigint) to sebez_kernel;

-- The state of a payment is derived from its shares.
create or replace function payment_state(shares text[]) returns text language sql immutable parallel safe
return case
	when 'refund_due' = any (shares) then 'refund_due'
	when 'pending' = any (shares) then 'pending'
	when 'refunded' = any (shares) then 'refunded'
	when 'received' = any (shares) then 'received'
	else 'cancelled'
end;
grant execute on function payment_state(text[]) to sebez_kernel;

-- The account that a payment by this method comes to.
create or replace function payment_account(method text) returns text language sql immutable parallel safe
return case method when 'cash_on_delivery' then 'vendor_cash' when 'manual' then 'bank' else 'provider:' || method end;
grant execute on function payment_account(text) to sebez_kernel;

set local role sebez_kernel;

-- What is paid of these sub-orders, and what that money is for: the amounts of what is not cancelled. Sub-orders of
-- which nothing was received are left out.
create or replace function sub_orders_worth(sub_orders uuid[])
returns table (vendor_id uuid, sub_order_id uuid, order_id uuid, currency text, account text, delivered boolean,
	received bigint, refunded bigint, goods bigint, shipping bigint, discount bigint, tax bigint, service_fee bigint,
	commission bigint, commission_tax bigint, goodwill bigint, platform_goodwill bigint)
language sql stable set search_path = public, pg_temp as $$
	select s.vendor_id, s.id, s.order_id, s.currency, payment_account(p.method),
	       s.state in ('delivered', 'completed'), s.received_amount, s.refunded_amount, k.goods, k.shipping, k.discount,
	       k.tax, g.due + g.given - (k.goods + k.shipping - k.discount + k.tax), k.commission,
	       k.commission_tax, least(s.goodwill, g.given), g.given - least(s.goodwill, g.given)
	from sub_order s
	join payment p on p.order_id = s.order_id
	cross join lateral (
		select case when s.state = 'cancelled' then 0 else 1 end as one,
		       sum(l.price * (l.quantity - l.cancelled_quantity - l.refunded_quantity))::bigint as goods,
		       sum(l.price * (l.cancelled_quantity + l.refunded_quantity)) as gone,
		       sum(c.amount)::bigint as commission,
		       sum(commission_tax(c.amount, l.commission_tax_basis_points))::bigint as commission_tax
		from order_line l
		cross join lateral (select kept_commission(l.commission, l.quantity, l.quantity - l.cancelled_quantity
				- l.refunded_quantity + l.commissioned_quantity)
			+ kept_shipping_commission(l.shipping_commission, s.shipping, s.uncommissioned_shipping) as amount) c
		where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) l
	cross join lateral (
		select l.goods * l.one as goods, (s.shipping - s.refunded_shipping) * l.one as shipping,
		       (s.discount - gone_share(s.discount, l.gone, s.subtotal)) * l.one as discount,
		       (s.tax - gone_share(s.tax, l.gone, s.subtotal)) * l.one as tax,
		       l.commission * l.one as commission, l.commission_tax * l.one as commission_tax) k
	-- Of the goodwill, no more is given than what is left of the total.
	cross join lateral (
		select s.total - s.cancelled_total as due, case s.state when 'cancelled' then 0 else s.cancelled_total
			- sub_order_gone(l.gone, s.subtotal, s.percent_fee, s.discount, s.tax, s.refunded_shipping) end as given) g
	where s.id = any (sub_orders) and s.received_at is not null
$$;
grant execute on function sub_orders_worth(uuid[]) to sebez_owner;

-- Derives the shares of the sub-orders in their payments, the payments from their shares, and the journals. It takes no
-- other input but the word for what made less owed, so every role that may move a sub-order may call it. The sub-orders
-- are locked already; payments are locked after them, then balances, before stock.
create or replace function settle_payments(sub_orders uuid[], cause text default 'cancelled') returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	one record;
begin
	for one in
		select p.id, p.order_id, p.method = 'cash_on_delivery' as in_cash from payment p
		where p.order_id in (select s.order_id from sub_order s where s.id = any (sub_orders))
		order by p.id for no key update
	loop
		-- Cash counts as received once the sub-order is delivered.
		update sub_order s
		set received_at = n.received_at, received_amount = n.received, payment_state = n.state
		from sub_order x
		cross join lateral (select x.total - x.cancelled_total as due, one.in_cash
			and x.received_at is null and x.state in ('delivered', 'completed') as handed_over) d
		cross join lateral (select d.due, case when d.handed_over then now() else x.received_at end as received_at,
			case when d.handed_over then d.due else x.received_amount end as received) r
		cross join lateral (select r.*, payment_share_state(x.state = 'cancelled', r.received,
			x.refunded_amount, r.due) as state) n
		where x.id = any (sub_orders) and x.order_id = one.order_id and s.vendor_id = x.vendor_id and s.id = x.id
		and (s.received_amount, s.payment_state) is distinct from (n.received, n.state);

		update payment p
		set state = n.state, refunded_amount = n.refunded,
		    received_at = case when n.here then n.received_at end,
		    received_amount = case when n.here then n.received end
		from (select w.state, w.received_at, w.received, h.here, case when h.here then w.refunded else 0 end as refunded
		      from (select payment_state(array_agg(s.payment_state)) as state, max(s.received_at) as received_at,
		                   sum(s.received_amount) as received, sum(s.refunded_amount) as refunded
		            from sub_order s where s.order_id = one.order_id) w
		      cross join lateral (select w.state in ('received', 'refund_due', 'refunded') as here) h) n
		where p.id = one.id
		and (p.state, p.received_amount, p.refunded_amount)
		    is distinct from (n.state, case when n.here then n.received end, n.refunded);
	end loop;
	perform refund_by_providers(sub_orders);
	perform ledger_settle(sub_orders, cause);
end $$;
grant execute on function settle_payments(uuid[], text) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

set local role sebez_owner;

-- All sums of the written orders match, and their sub-orders, lines and payments are there.
create or replace function orders_add_up() returns trigger language plpgsql set search_path = public, pg_temp
security definer as $$
declare
	wrong text;
begin
	select string_agg(o.number, ', ') into wrong
	from written o
	where not exists (select from payment p
		where p.order_id = o.id and p.amount = o.total and p.account_id = o.account_id)
	or (select sum(s.total) = o.total and sum(s.fee) = o.fee and sum(s.subtotal) = o.subtotal
	           and bool_and(s.account_id = o.account_id
		and s.subtotal is not distinct from (select sum(l.total) from order_line l
		                                     where l.vendor_id = s.vendor_id and l.sub_order_id = s.id))
	    from sub_order s where s.order_id = o.id) is not true;
	if wrong is not null then
		raise exception 'order % does not add up', wrong using errcode = 'check_violation';
	end if;
	return null;
end $$;

-- Notes an event for the customer when a payment is received, by whatever path.
create or replace function note_payment() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	perform feed_add_events(event_payment_received(new.account_id, order_id => new.order_id,
		method => new.method, by => current_setting('sebez.actor', true)));
	return null;
end $$;
