-- Before 0018, which adds a column to sub_order: PostgreSQL 17 refuses that while the body of a function
-- of its row type is SQL of the standard's form. db/functions/orders.sql says the same function.
set local role sebez_owner;

create or replace function sub_order_state(s sub_order) returns json language sql stable as $$
	select json_build_object('id', s.id, 'order_id', s.order_id, 'vendor_id', s.vendor_id, 'number', s.number,
		'status', s.state, 'cancelled_total',
		json_build_object('amount', s.cancelled_total, 'currency', s.currency), 'version', s.version)
$$;
