-- Chat: system messages about orders.
set local role sebez_kernel;

-- Adds a system message about the new state to the conversations of sub-orders; said contains %s for the
-- number. Called by everything that moves sub-orders: customer, vendor, admin, jobs.
create or replace function chat_system_message(sub_orders uuid[], became text, said text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	c record;
begin
	for c in
		select x.vendor_id, x.id, x.account_id, x.state, x.awaiting_since, s.number, s.id as sub_order_id
		from conversation x
		join sub_order s on s.vendor_id = x.vendor_id and s.id = x.sub_order_id
		where x.sub_order_id = any (sub_orders) and s.state = became
		and (x.account_id = current_account() or x.vendor_id = current_vendor()
		     or current_setting('sebez.actor', true) in ('admin', 'system'))
		order by x.id
		for no key update of x
	loop
		perform message_add(c.vendor_id, c.id, c.account_id, c.state, c.awaiting_since, gen_random_uuid(),
			'system', null, null, null, 'system', format(said, c.number), null,
			json_build_object('sub_order_id', c.sub_order_id, 'number', c.number, 'status', became), null);
	end loop;
end $$;
grant execute on function chat_system_message(uuid[], text, text)
	to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
