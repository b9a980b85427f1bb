-- Chat: erasing a person's messages on request, and deleting conversations after the retention time.
set local role sebez_owner;

-- Held until the end of the transaction: a held message is released before its author requests erasure, or
-- never.
create or replace function chat_lock_erasure(account uuid) returns void language plpgsql as $$
begin
	perform pg_advisory_xact_lock(hashtextextended('erasure ' || account, 0));
end $$;
grant execute on function chat_lock_erasure(uuid) to sebez_customer, sebez_admin;

-- A repeated request starts again and covers what was written since.
create or replace function chat_erase_ask(account uuid, reason text)
returns table (asked_at timestamptz, done_at timestamptz)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	ignored text := set_config('sebez.reason', coalesce(reason, ''), true);
begin
	perform chat_lock_erasure(account);
	return query
	insert into chat_erasure as e (account_id, asked_at) values (account, clock_timestamp())
	on conflict (account_id) do update set asked_at = excluded.asked_at, beyond = null, done_at = null
	returning e.asked_at, e.done_at;
end $$;
grant execute on function chat_erase_ask(uuid, text) to sebez_customer, sebez_admin;

-- Erases the person's other data in a conversation whose messages are blank: files, message history, client_ids,
-- reactions, comments of reports, held messages, the name.
create or replace function chat_erase_traces(c conversation, up_to timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	r record;
begin
	perform attachments_erase(c.vendor_id, c.id, up_to);
	delete from message_history h using message m
	where h.vendor_id = c.vendor_id and h.conversation_id = c.id
	and m.vendor_id = h.vendor_id and m.conversation_id = h.conversation_id and m.seq = h.seq
	and m.author = 'customer' and m.created_at <= up_to;
	update message m set client_id = null, client_digest = null
	where m.vendor_id = c.vendor_id and m.conversation_id = c.id and m.author = 'customer'
	and m.created_at <= up_to;
	perform message_events_update(array(
		select m.id from message m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
		and m.author = 'customer' and m.created_at between now() - interval '31 days' and up_to));
	perform message_held_add_event(h.vendor_id, h.account_id, h.author, h.conversation_id, h.id, 'refused')
	from message_held h
	where h.vendor_id = c.vendor_id and h.conversation_id = c.id and h.author = 'customer'
	and h.created_at <= up_to and h.state = 'held';
	for r in
		select x.seq, m.id from reaction x
		join message m on m.vendor_id = x.vendor_id and m.conversation_id = x.conversation_id and m.seq = x.seq
		where x.vendor_id = c.vendor_id and x.conversation_id = c.id and x.by_account = c.account_id
		and x.side = 'customer' order by x.seq
	loop
		delete from reaction x where x.vendor_id = c.vendor_id and x.conversation_id = c.id
		and x.seq = r.seq and x.by_account = c.account_id;
		perform feed_add_events(event_message_reacted(c.account_id, c.vendor_id, conversation_id => c.id,
			seq => r.seq, id => r.id, reactions => message_reactions(c.vendor_id, c.id, r.seq)));
	end loop;
	update message_held h set text = '', attachments = '[]', card = null, client_id = h.id::text,
		client_digest = null, decided_at = coalesce(h.decided_at, now()),
		state = case h.state when 'held' then 'refused' else h.state end
	where h.vendor_id = c.vendor_id and h.conversation_id = c.id and h.author = 'customer'
	and h.created_at <= up_to;
	update message_report x set comment = null
	where x.vendor_id = c.vendor_id and x.conversation_id = c.id and x.by_account = c.account_id;
	if c.customer_name <> 'Erased' then
		update conversation x set customer_name = 'Erased' where x.vendor_id = c.vendor_id and x.id = c.id;
		perform conversation_events_update(c.vendor_id, c.id);
		perform feed_add_events(event_customer_erased(c.vendor_id, conversation_id => c.id,
			customer => shape_chat_customer(id => c.account_id, name => 'Erased')));
	end if;
end $$;
grant execute on function chat_erase_traces(conversation, timestamptz) to sebez_jobs;

-- One step of a requested erasure, under the lock of one conversation: blanks up to `most` messages, and erases
-- the remaining traces once none is left. False when no erasure is pending.
create or replace function chat_erase_step(most int) returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
	e chat_erasure;
	c conversation;
	number int;
	emptied int := 0;
begin
	select x.* into e from chat_erasure x where x.done_at is null
	order by x.asked_at limit 1 for update skip locked;
	if not found then
		return false;
	end if;
	select x.* into c from conversation x
	where x.account_id = e.account_id and x.created_at <= e.asked_at and (e.beyond is null or x.id > e.beyond)
	order by x.id limit 1 for no key update;
	if not found then
		update chat_erasure x set done_at = now() where x.account_id = e.account_id;
		return true;
	end if;
	for number in
		select m.seq from message m
		where m.vendor_id = c.vendor_id and m.conversation_id = c.id and m.author = 'customer'
		and m.deleted_at is null and m.created_at <= e.asked_at
		order by m.seq limit most
	loop
		perform message_blank(c.vendor_id, c.id, c.account_id, number);
		emptied := emptied + 1;
	end loop;
	if emptied < most then
		perform chat_erase_traces(c, e.asked_at);
		update chat_erasure x set beyond = c.id where x.account_id = e.account_id;
	end if;
	return true;
end $$;
grant execute on function chat_erase_step(int) to sebez_jobs;

-- Deletes a conversation without messages for longer than the retention time, unless it is locked. Notifies
-- both sides, and blanks its messages and notes in the events.
create or replace function conversation_forget(conversation uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	c record;
begin
	select x.vendor_id, x.account_id into c from conversation x, platform f
	where x.id = conversation and x.last_message_at < now() - make_interval(days => f.chat_retention_days)
	for update of x skip locked;
	if not found then
		return;
	end if;
	update message m set text = '', attachments = '[]', card = null
	where m.vendor_id = c.vendor_id and m.conversation_id = conversation
	and m.created_at > now() - interval '31 days';
	perform message_events_update(array(
		select m.id from message m where m.vendor_id = c.vendor_id and m.conversation_id = conversation
		and m.created_at > now() - interval '31 days'));
	perform note_events_blank(c.vendor_id, conversation);
	delete from conversation x where x.vendor_id = c.vendor_id and x.id = conversation;
	perform feed_add_events(event_conversation_forgotten(c.account_id, c.vendor_id,
		conversation_id => conversation));
end $$;
grant execute on function conversation_forget(uuid) to sebez_jobs;

set local role sebez_kernel;

-- As message_events_update, for the customer's name in the event of the conversation's opening.
create or replace function conversation_events_update(vendor uuid, conversation uuid) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
	update event e
	set payload = jsonb_set(e.payload::jsonb, '{customer,name}', to_jsonb(c.customer_name))::json
	from conversation c
	where c.vendor_id = vendor and c.id = conversation
	and e.tx = c.tx and e.owner_id = vendor and e.kind = 'conversation_opened'
	and e.payload ->> 'conversation_id' = c.id::text
$$;
grant execute on function conversation_events_update(uuid, uuid) to sebez_jobs;

-- Blanks the text in the events of a conversation's notes.
create or replace function note_events_blank(vendor uuid, conversation uuid) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
	update event e
	set payload = jsonb_set(e.payload::jsonb, '{text}', '""')::json
	from conversation_note n
	where n.vendor_id = vendor and n.conversation_id = conversation
	and n.created_at > now() - interval '31 days'
	and e.tx = n.tx and e.owner_id = vendor and e.kind = 'note_added'
	and e.payload ->> 'conversation_id' = conversation::text and (e.payload ->> 'number')::int = n.number
$$;
grant execute on function note_events_blank(uuid, uuid) to sebez_jobs;
