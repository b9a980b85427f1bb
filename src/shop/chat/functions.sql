-- Chat: excerpts and cards of messages, and delivery.
set local role sebez_owner;

-- A message as shown in lists of conversations. Takes columns, not a row, as customers may not read all of
-- them.
create or replace function message_excerpt(seq int, author text, kind text, said text, sent timestamptz,
                                           deleted timestamptz) returns json language sql stable parallel safe
return json_build_object('seq', seq, 'author', author, 'kind', kind, 'text', left(said, 200),
	'created_at', json_time(sent), 'deleted_at', json_time(deleted));
grant execute on function message_excerpt(int, text, text, text, timestamptz, timestamptz) to sebez_customer,
	sebez_vendor;

-- A product or sub-order as shown in a conversation, and as kept with a message. For the quoted bodies see
-- db/README.md.
create or replace function product_card(p product) returns json language sql stable as $$
	select json_build_object('product_id', p.id, 'title', p.title, 'handle', p.handle,
		'price', json_build_object('amount', p.price, 'currency', p.currency),
		'image', p.images -> 0)
$$;
grant execute on function product_card(product) to sebez_customer, sebez_vendor;

create or replace function sub_order_card(s sub_order) returns json language sql stable as $$
	select json_build_object('sub_order_id', s.id, 'number', s.number, 'status', s.state,
		'total', json_build_object('amount', s.total, 'currency', s.currency))
$$;
grant execute on function sub_order_card(sub_order) to sebez_customer, sebez_vendor;

-- The same by key; raises when not found.
create or replace function product_card(vendor uuid, product uuid) returns json
language plpgsql stable set search_path = public, pg_temp as $$
declare
	card json;
begin
	select product_card(p) into card from product p where p.vendor_id = vendor and p.id = product;
	if not found then
		raise exception 'Vendor, product or sub-order not found.' using errcode = 'SB404';
	end if;
	return card;
end $$;
grant execute on function product_card(uuid, uuid) to sebez_customer, sebez_vendor;

create or replace function sub_order_card(vendor uuid, account uuid, sub_order uuid) returns json
language plpgsql stable set search_path = public, pg_temp as $$
declare
	card json;
begin
	select sub_order_card(s) into card
	from sub_order s where s.vendor_id = vendor and s.id = sub_order and s.account_id = account;
	if not found then
		raise exception 'Vendor, product or sub-order not found.' using errcode = 'SB404';
	end if;
	return card;
end $$;
grant execute on function sub_order_card(uuid, uuid, uuid) to sebez_customer, sebez_vendor;

-- Whether the account of this notice about a message need not be told of it any more: a device of theirs has it by its
-- feed, they have read it, or it is gone. What their colleagues have seen does not count.
create or replace function message_is_had(n notice) returns boolean language sql stable as $$
	select not exists (
		select from conversation c
		join message m on m.vendor_id = c.vendor_id and m.conversation_id = c.id and m.seq = (n.data ->> 'seq')::int
		where c.id = (n.data ->> 'conversation_id')::uuid and m.deleted_at is null
		and case when n.vendor_id is null then c.customer_delivered < m.seq
		         else not exists (
		                 select from staff_acknowledged a
		                 where a.vendor_id = n.vendor_id and a.account_id = n.account_id and a.number >= n.number)
		             and not exists (
		                 select from staff_read r
		                 where r.vendor_id = n.vendor_id and r.conversation_id = c.id and r.staff_id = n.account_id
		                 and r.seq >= m.seq) end)
$$;
grant execute on function message_is_had(notice) to sebez_jobs;

set local role sebez_kernel;

-- The devices of these owners acknowledged their events up to these numbers: marks the other side's messages
-- among them as delivered, and adds an event for that side. One statement for any number of owners.
-- Conversations are locked by id, as everywhere, to avoid deadlocks.
create or replace function feed_acknowledged(owners uuid[], numbers bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
	lines text;
begin
	with got as materialized (
		select g.owner, (e.payload ->> 'conversation_id')::uuid as id, e.payload ->> 'author' as author,
		       max((e.payload ->> 'seq')::int) as seq
		from unnest(owners, numbers) as g (owner, number)
		left join chat_acknowledged a on a.owner_id = g.owner
		-- One index scan per owner, whatever the statistics: offset prevents a join with the whole table.
		cross join lateral (
			select x.payload from event x
			where x.owner_id = g.owner and x.number > coalesce(a.number, 0) and x.number <= g.number
			and x.kind = 'message_sent' offset 0) e
		group by 1, 2, 3
	), held as materialized (
		select c.vendor_id, c.id, c.account_id, c.customer_delivered, c.vendor_delivered
		from conversation c where c.id in (select g.id from got g)
		order by c.id for no key update
	), reached as (
		select h.vendor_id, h.id, h.account_id,
		       max(g.seq) filter (where g.owner = h.account_id and g.author <> 'customer'
		                          and g.seq > h.customer_delivered) as customer_seq,
		       max(g.seq) filter (where g.owner = h.vendor_id and g.author = 'customer'
		                          and g.seq > h.vendor_delivered) as vendor_seq
		from held h join got g on g.id = h.id
		group by h.vendor_id, h.id, h.account_id
	), moved as (
		update conversation c
		set customer_delivered = coalesce(r.customer_seq, c.customer_delivered),
		    vendor_delivered = coalesce(r.vendor_seq, c.vendor_delivered)
		from reached r
		where c.vendor_id = r.vendor_id and c.id = r.id and coalesce(r.customer_seq, r.vendor_seq) is not null
		returning r.*
	)
	select string_agg(event_message_delivered(s.other, conversation_id => m.id, seq => s.seq, side => s.side), '')
	into lines
	from moved m
	cross join lateral (values ('customer', m.vendor_id, m.customer_seq), ('vendor', m.account_id, m.vendor_seq))
		as s (side, other, seq)
	where s.seq is not null;
	perform feed_add_events(lines);
	insert into chat_acknowledged as a (owner_id, number)
	select g.owner, g.number from unnest(owners, numbers) as g (owner, number) order by g.owner
	on conflict (owner_id) do update set number = excluded.number where a.number < excluded.number;
end $$;
grant execute on function feed_acknowledged(uuid[], bigint[]) to sebez_jobs;

set local role sebez_owner;

create or replace function chat_side() returns text language sql stable parallel safe
return case current_setting('sebez.actor', true) when 'customer' then 'customer' when 'staff' then 'vendor' end;
grant execute on function chat_side() to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;
