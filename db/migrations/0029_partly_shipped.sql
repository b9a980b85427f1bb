-- A part of it is under way: a state of its own.
set local role sebez_owner;

alter table sub_order drop constraint sub_order_state_check;
alter table sub_order add constraint sub_order_state_check check (state in ('awaiting_payment', 'placed',
	'accepted', 'packed', 'partially_shipped', 'shipped', 'delivered', 'completed', 'cancelled'));

do $$
declare
	part record;
	told boolean := false;
begin
	for part in
		with begun as (
			select s.vendor_id, s.id, s.state from sub_order s
			where s.state in ('accepted', 'packed') and exists (select from shipment h
				where h.vendor_id = s.vendor_id and h.sub_order_id = s.id)
			order by s.id for update
		)
		update sub_order s set state = 'partially_shipped', version = s.version + 1, updated_at = now()
		from begun b where s.vendor_id = b.vendor_id and s.id = b.id
		returning s.vendor_id, s.id, s.account_id, b.state as was
	loop
		insert into sub_order_history (vendor_id, sub_order_id, number, from_state, to_state, actor)
		select part.vendor_id, part.id, max(h.number) + 1, part.was, 'partially_shipped', 'system'
		from sub_order_history h where h.vendor_id = part.vendor_id and h.sub_order_id = part.id;
		perform feed_note(o.owner, 'sub_order_changed', sub_order_state(s))
		from sub_order s cross join lateral (values (s.account_id), (s.vendor_id)) o (owner)
		where s.vendor_id = part.vendor_id and s.id = part.id;
		told := true;
	end loop;
	if told then
		set local role sebez_kernel;
		perform feed_flush('{}', '{}', '{}');
		set local role sebez_owner;
	end if;
end $$;
