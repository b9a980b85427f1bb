-- Chat: opening and assigning conversations, blocks, read marks.
set local role sebez_owner;

-- Runs for each message. In plpgsql, because PostgreSQL caches plans of plpgsql functions only.
create or replace function chat_is_blocked(vendor uuid, account uuid) returns boolean
language plpgsql stable as $$
begin
	return exists (select from chat_block b where b.vendor_id = vendor and b.account_id = account);
end $$;
grant execute on function chat_is_blocked(uuid, uuid) to sebez_customer, sebez_vendor, sebez_admin;

create or replace function chat_refuse_blocked(vendor uuid, account uuid) returns void
language plpgsql stable as $$
begin
	if chat_is_blocked(vendor, account) then
		raise exception 'This conversation is blocked.' using errcode = 'SB409';
	end if;
end $$;
grant execute on function chat_refuse_blocked(uuid, uuid) to sebez_customer, sebez_vendor, sebez_admin;

-- The one conversation of a customer and a vendor about a subject; created if missing. An existing one stays
-- readable whatever the state of the vendor, the product, or blocks.
create or replace function conversation_open(vendor uuid, account uuid, the_id uuid, product uuid, sub_order uuid)
returns uuid language plpgsql set search_path = public, pg_temp as $$
declare
	opened uuid;
	who text;
	blocks json;
begin
	if chat_side() = 'vendor' then
		select s.account_id, s.customer_name into account, who
		from sub_order s where s.vendor_id = vendor and s.id = sub_order;
	end if;
	select c.id into opened from conversation c where c.vendor_id = vendor and c.account_id = account
	and c.product_id is not distinct from product and c.sub_order_id is not distinct from sub_order;
	if found then
		return opened;
	end if;
	if chat_side() = 'customer' then
		select a.name into who from account a
		where a.id = account and exists (select from vendor v where v.id = vendor);
	end if;
	if who is null then
		raise exception 'Vendor, product or sub-order not found.' using errcode = 'SB404';
	end if;
	if product is not null then
		perform product_card(vendor, product);
	end if;
	if sub_order is not null then
		perform sub_order_card(vendor, account, sub_order);
	end if;
	perform chat_lock_blocks(vendor, account);
	perform chat_refuse_blocked(vendor, account);
	insert into conversation (vendor_id, id, account_id, product_id, sub_order_id, customer_name)
	values (vendor, the_id, account, product, sub_order, who)
	on conflict (vendor_id, account_id, product_id, sub_order_id) do nothing
	returning id into opened;
	if opened is not null then
		blocks := chat_blocks(vendor, account);
		perform feed_add_events(
			event_conversation_opened(account, conversation_id => opened, vendor_id => vendor,
				product_id => product, sub_order_id => sub_order, blocked => blocks)
			|| event_conversation_opened(vendor, conversation_id => opened, product_id => product,
				sub_order_id => sub_order, blocked => blocks,
				customer => shape_chat_customer(id => account, name => who)));
		return opened;
	end if;
	return (select c.id from conversation c where c.vendor_id = vendor and c.account_id = account
		and c.product_id is not distinct from product and c.sub_order_id is not distinct from sub_order);
end $$;
grant execute on function conversation_open(uuid, uuid, uuid, uuid, uuid) to sebez_customer, sebez_vendor;

-- Assigns to staff whose role reads conversations, or to nobody. Adds an event only on change. Lock order as
-- in unassign_staff(): staff, then conversation.
create or replace function conversation_assign(conversation uuid, assignee uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	c record;
	assignee_role text;
begin
	select s.role into assignee_role from staff s
	where s.vendor_id = current_vendor() and s.account_id = assignee for key share;
	select x.vendor_id, x.account_id, x.assigned_to into c
	from conversation x where x.id = conversation for no key update;
	if not found then
		raise exception 'Conversation not found.' using errcode = 'SB404';
	elsif not reads_conversations(assignee_role) then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail =
			'{"field":"/user_id","code":"role","detail":"This role cannot read conversations."}';
	elsif c.assigned_to is not distinct from assignee then
		return;
	end if;
	update conversation x set assigned_to = assignee where x.vendor_id = c.vendor_id and x.id = conversation;
	perform feed_add_events(event_conversation_assigned(c.vendor_id, conversation_id => conversation,
		staff_id => assignee));
end $$;
grant execute on function conversation_assign(uuid, uuid) to sebez_vendor;

-- Unassigns all conversations of staff who leave or whose new role cannot read conversations, and notifies the
-- vendor.
create or replace function unassign_staff() returns trigger
language plpgsql set search_path = public, pg_temp as $$
declare
	c record;
begin
	if tg_op = 'UPDATE' and reads_conversations(new.role) then
		return new;
	end if;
	perform from staff s where s.vendor_id = old.vendor_id and s.account_id = old.account_id for update;
	for c in
		select x.id from conversation x
		where x.vendor_id = old.vendor_id and x.assigned_to = old.account_id
		order by x.id for no key update
	loop
		update conversation x set assigned_to = null where x.vendor_id = old.vendor_id and x.id = c.id;
		perform feed_add_events(event_conversation_assigned(old.vendor_id, conversation_id => c.id,
			staff_id => null));
	end loop;
	return case tg_op when 'UPDATE' then new else old end;
end $$;

-- Held until the end of the transaction: the event of an opened conversation includes blocks, so it must be
-- ordered with events of block changes as the changes themselves are.
create or replace function chat_lock_blocks(vendor uuid, account uuid) returns void
language sql volatile set search_path = public, pg_temp as $$
	select pg_advisory_xact_lock(hashtextextended(vendor::text || account::text, 0))
$$;
grant execute on function chat_lock_blocks(uuid, uuid) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

-- Notes the event that the caller's side has blocked or unblocked the other.
create or replace function chat_block_changed(vendor uuid, account uuid, blocked boolean)
returns void language sql volatile set search_path = public, pg_temp as $$
	select chat_lock_blocks(vendor, account);
	select feed_add_events(event_block_changed(account, vendor, vendor_id => vendor, customer_id => account,
		side => chat_side(), blocked => blocked))
$$;
grant execute on function chat_block_changed(uuid, uuid, boolean) to sebez_customer, sebez_vendor, sebez_admin,
	sebez_jobs, sebez_kernel;

-- Which sides have blocked the other, as in sync.
create or replace function chat_blocks(vendor uuid, account uuid) returns json
language sql stable set search_path = public, pg_temp as $$
	select shape_blocks(customer => coalesce(bool_or(b.side = 'customer'), false),
		vendor => coalesce(bool_or(b.side = 'vendor'), false))
	from chat_block b where b.vendor_id = chat_blocks.vendor and b.account_id = chat_blocks.account
$$;
grant execute on function chat_blocks(uuid, uuid) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

-- Advances the read mark of the caller's side; never backwards, never beyond the last message.
create or replace function conversation_mark_read(conversation uuid, up_to int) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	side text := chat_side();
	c record;
	left_over int;
	reader uuid;
	other uuid;
begin
	select x.vendor_id, x.account_id, x.last_seq,
	       case side when 'customer' then x.customer_read else x.vendor_read end as already into c
	from conversation x where x.id = conversation for no key update;
	if not found then
		raise exception 'Conversation not found.' using errcode = 'SB404';
	end if;
	up_to := least(up_to, c.last_seq);
	if side = 'vendor' then
		insert into staff_read as r (vendor_id, conversation_id, staff_id, seq)
		values (c.vendor_id, conversation, current_account(), up_to)
		on conflict (vendor_id, conversation_id, staff_id) do update set seq = excluded.seq
		where r.seq < excluded.seq;
	end if;
	if up_to <= c.already then
		return;
	end if;
	select count(*) into left_over from message m
	where m.vendor_id = c.vendor_id and m.conversation_id = conversation and m.seq > up_to
	and m.deleted_at is null and (m.author = 'customer') = (side = 'vendor');
	if side = 'customer' then
		reader := c.account_id;
		other := c.vendor_id;
		update conversation x set customer_read = up_to, customer_unread = left_over,
			customer_delivered = greatest(x.customer_delivered, up_to) where x.id = conversation;
	else
		reader := c.vendor_id;
		other := c.account_id;
		update conversation x set vendor_read = up_to, vendor_unread = left_over,
			vendor_delivered = greatest(x.vendor_delivered, up_to) where x.id = conversation;
	end if;
	perform feed_add_events(
		event_message_read(reader, conversation_id => conversation, side => side, seq => up_to,
			unread => left_over)
		|| event_message_read(other, conversation_id => conversation, side => side, seq => up_to));
end $$;
grant execute on function conversation_mark_read(uuid, int) to sebez_customer, sebez_vendor;

create or replace function conversation_note_add(conversation uuid, the_text text) returns int
language plpgsql set search_path = public, pg_temp as $$
declare
	c record;
begin
	update conversation x set last_note = x.last_note + 1 where x.id = conversation
	returning x.vendor_id, x.last_note, x.last_seq into c;
	if not found then
		raise exception 'Conversation not found.' using errcode = 'SB404';
	end if;
	insert into conversation_note (vendor_id, conversation_id, number, author_id, text, after_seq, created_at)
	values (c.vendor_id, conversation, c.last_note, current_account(), the_text, c.last_seq, clock_timestamp());
	perform feed_add_events(event_note_added(c.vendor_id, conversation_id => conversation,
		number => c.last_note, staff_id => current_account(), text => the_text, after_seq => c.last_seq));
	return c.last_note;
end $$;
grant execute on function conversation_note_add(uuid, text) to sebez_vendor;
