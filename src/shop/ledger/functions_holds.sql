-- Money of a vendor that is held while a sub-order is disputed or charged back. docs/MONEY.md.
set local role sebez_kernel;

-- Whether earnings of a sub-order are kept back: it is disputed or charged back. What is being returned keeps back only
-- what is pending.
create or replace function is_kept_back(vendor uuid, of_sub_order uuid) returns boolean language plpgsql stable
set search_path = public, pg_temp as $$
begin
	return is_charged_back(vendor, of_sub_order) or exists (select from dispute d where d.vendor_id = vendor
		and d.sub_order_id = of_sub_order and d.state = any (dispute_open_states()));
end $$;

-- Holds what was earned of a sub-order and is available; what is pending is not released meanwhile. Not of cash: that
-- the vendor has. The sub-order is locked already.
create or replace function ledger_hold(of_sub_order uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	perform ledger_lock(array(select s.vendor_id from sub_order s where s.id = of_sub_order));
	with share as materialized (
		select h.*, s.order_id, journal_new_id() as id, h.goods + h.shipping - h.discount + h.tax - h.commission
			- h.commission_tax - h.goodwill - case when h.reserved_until is null then 0 else h.reserved end as amount
		from sub_order s join ledger_share h on h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		join payment p on p.order_id = s.order_id and p.method <> 'cash_on_delivery'
		where s.id = of_sub_order and h.released_at is not null and h.held = 0
	), written as (
		insert into journal (id, cause_kind, cause_id, cause_number, currency, vendor_id, sub_order_id, order_id, actor,
		                     actor_id)
		select h.id, 'held', h.sub_order_id, h.journals + 1, h.currency, h.vendor_id, h.sub_order_id, h.order_id,
		       current_setting('sebez.actor', true), current_account()
		from share h where h.amount > 0
	), entries as (
		insert into journal_entry (journal_id, account, vendor_id, item, amount)
		select h.id, e.account, h.vendor_id, 'hold', e.amount
		from share h cross join lateral (values (1, 'available', h.amount), (2, 'reserved', -h.amount))
			e (position, account, amount)
		where h.amount > 0 order by e.position
	)
	update ledger_share x set held = h.amount, journals = x.journals + 1
	from share h where x.vendor_id = h.vendor_id and x.sub_order_id = h.sub_order_id and h.amount > 0;
end $$;

-- Makes available again what is held of a sub-order, unless something else holds it still.
create or replace function ledger_unhold(of_sub_order uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	perform ledger_lock(array(select s.vendor_id from sub_order s where s.id = of_sub_order));
	with share as materialized (
		select h.*, s.order_id, journal_new_id() as id
		from sub_order s join ledger_share h on h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		where s.id = of_sub_order and h.held > 0 and not is_kept_back(s.vendor_id, s.id)
	), written as (
		insert into journal (id, cause_kind, cause_id, cause_number, currency, vendor_id, sub_order_id, order_id, actor,
		                     actor_id)
		select h.id, 'hold_released', h.sub_order_id, h.journals + 1, h.currency, h.vendor_id, h.sub_order_id,
		       h.order_id, current_setting('sebez.actor', true), current_account()
		from share h
	), entries as (
		insert into journal_entry (journal_id, account, vendor_id, item, amount)
		select h.id, e.account, h.vendor_id, 'hold', e.amount
		from share h cross join lateral (values (1, 'reserved', h.held), (2, 'available', -h.held))
			e (position, account, amount)
		order by e.position
	)
	update ledger_share x set held = 0, journals = x.journals + 1
	from share h where x.vendor_id = h.vendor_id and x.sub_order_id = h.sub_order_id;
end $$;
