-- Chat: editing, deleting and reacting to messages.
set local role sebez_owner;

-- A message that the caller may change or has deleted. Locks its conversation.
create or replace function message_of_mine(conversation uuid, the_id uuid, out vendor_id uuid,
	out account_id uuid, out seq int, out deleted boolean)
language plpgsql set search_path = public, pg_temp as $$
declare
	m record;
	mine boolean;
begin
	select c.vendor_id, c.account_id into vendor_id, account_id
	from conversation c where c.id = conversation for no key update;
	select x.seq, x.author, x.created_at, x.deleted_at into m
	from message x where x.conversation_id = conversation and x.id = the_id;
	if not found then
		raise exception 'Message not found.' using errcode = 'SB404';
	end if;
	mine := m.author = chat_side();
	if mine and m.author = 'vendor' then -- separate: customers may not read author_id
		mine := exists (select from message x where x.id = the_id and x.author_id = current_account());
	end if;
	seq := m.seq;
	deleted := m.deleted_at is not null;
	if not mine or (m.created_at < now() - interval '15 minutes' and not deleted) then
		raise exception 'Only its author can change a message, within 15 minutes.' using errcode = 'SB409';
	end if;
end $$;
grant execute on function message_of_mine(uuid, uuid) to sebez_customer, sebez_vendor;

create or replace function message_edit(conversation uuid, the_id uuid, rules text, wrong json, the_text text)
returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	mine record;
	moment timestamptz := clock_timestamp();
begin
	perform chat_judged(rules);
	select * into mine from message_of_mine(conversation, the_id);
	if mine.deleted then
		raise exception 'The message is deleted.' using errcode = 'SB409';
	end if;
	perform chat_refuse_blocked(mine.vendor_id, mine.account_id);
	if wrong is not null then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail = wrong;
	end if;
	if exists (select from message m where m.vendor_id = mine.vendor_id and m.conversation_id = conversation
	           and m.seq = mine.seq and m.text = the_text) then
		return; -- unchanged
	end if;
	perform message_history_add(mine.vendor_id, conversation, mine.seq, 'edited');
	update message m set text = the_text, edited_at = moment
	where m.vendor_id = mine.vendor_id and m.conversation_id = conversation and m.seq = mine.seq;
	perform message_events_update(array[the_id]);
	perform feed_add_events(event_message_edited(mine.account_id, mine.vendor_id,
		conversation_id => conversation, seq => mine.seq, id => the_id, text => the_text, edited_at => moment));
end $$;
grant execute on function message_edit(uuid, uuid, text, json, text) to sebez_customer, sebez_vendor;

-- Blanks a message in its row and in its events. Its row and number stay. It no longer counts as unread; the
-- event has the author so that clients can adjust their counts. The caller holds the conversation's lock.
create or replace function message_blank(vendor uuid, conversation uuid, account uuid, number int)
returns void language plpgsql set search_path = public, pg_temp as $$
declare
	moment timestamptz := clock_timestamp();
	gone record;
begin
	update message m set text = '', attachments = '[]', card = null, deleted_at = moment
	where m.vendor_id = vendor and m.conversation_id = conversation and m.seq = number
	and m.deleted_at is null
	returning m.id, m.author into gone;
	if not found then
		return;
	end if;
	delete from reaction r where r.vendor_id = vendor and r.conversation_id = conversation and r.seq = number;
	update conversation c
	set customer_unread = c.customer_unread - (gone.author <> 'customer' and number > c.customer_read)::int,
	    vendor_unread = c.vendor_unread - (gone.author = 'customer' and number > c.vendor_read)::int,
	    awaiting_since = case when c.awaiting_since is not null then (
			select min(m.created_at) from message m
			where m.vendor_id = vendor and m.conversation_id = conversation and m.author = 'customer'
			and m.deleted_at is null and m.created_at >= c.awaiting_since) end
	where c.vendor_id = vendor and c.id = conversation;
	perform message_events_update(array[gone.id]);
	perform feed_add_events(event_message_deleted(account, vendor, conversation_id => conversation,
		seq => number, id => gone.id, author => gone.author, deleted_at => moment));
end $$;
grant execute on function message_blank(uuid, uuid, uuid, int) to sebez_customer, sebez_vendor, sebez_admin,
	sebez_jobs;

create or replace function message_empty(vendor uuid, conversation uuid, account uuid, number int, what text)
returns void language plpgsql set search_path = public, pg_temp as $$
begin
	perform message_history_add(vendor, conversation, number, what);
	perform message_blank(vendor, conversation, account, number);
end $$;
grant execute on function message_empty(uuid, uuid, uuid, int, text) to sebez_customer, sebez_vendor, sebez_admin;

-- Idempotent.
create or replace function message_delete(conversation uuid, the_id uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	mine record;
begin
	select * into mine from message_of_mine(conversation, the_id);
	if mine.deleted then
		return;
	end if;
	perform message_empty(mine.vendor_id, conversation, mine.account_id, mine.seq, 'deleted');
end $$;
grant execute on function message_delete(uuid, uuid) to sebez_customer, sebez_vendor;

-- Null removes the reaction; blocked actors may do that, too. Runs under the conversation's lock: each event
-- lists all reactions, so the last one must see all others. Adds an event only on change.
create or replace function message_react(conversation uuid, the_id uuid, the_emoji text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	m record;
begin
	perform from conversation c where c.id = conversation for no key update;
	select x.vendor_id, x.account_id, x.seq into m
	from message x where x.conversation_id = conversation and x.id = the_id and x.deleted_at is null;
	if not found then
		raise exception 'Message not found.' using errcode = 'SB404';
	end if;
	if the_emoji is null then
		delete from reaction r where r.vendor_id = m.vendor_id and r.conversation_id = conversation
		and r.seq = m.seq and r.by_account = current_account() and r.side = chat_side();
	else
		perform chat_refuse_blocked(m.vendor_id, m.account_id);
		insert into reaction as r (vendor_id, conversation_id, seq, by_account, account_id, side, emoji)
		values (m.vendor_id, conversation, m.seq, current_account(), m.account_id, chat_side(), the_emoji)
		on conflict (vendor_id, conversation_id, seq, by_account) do update set emoji = excluded.emoji
		where r.emoji <> excluded.emoji;
	end if;
	if not found then
		return;
	end if;
	perform feed_add_events(event_message_reacted(m.account_id, m.vendor_id, conversation_id => conversation,
		seq => m.seq, id => the_id, reactions => message_reactions(m.vendor_id, conversation, m.seq)));
end $$;
grant execute on function message_react(uuid, uuid, text) to sebez_customer, sebez_vendor;

-- Raises for a message of the caller's own side, which cannot be reported.
create or replace function message_is_theirs(conversation uuid, the_id uuid) returns void
language plpgsql stable set search_path = public, pg_temp as $$
begin
	if exists (select from message m where m.conversation_id = conversation and m.id = the_id
	           and m.author = chat_side()) then
		raise exception 'You cannot report a message of your own side.' using errcode = 'SB409';
	end if;
end $$;
grant execute on function message_is_theirs(uuid, uuid) to sebez_customer, sebez_vendor;

set local role sebez_kernel;

-- Updates the events of these messages to the current content, so that late devices do not receive deleted or
-- edited text. Event numbers stay; processes and Redis drop their cached events of a feed when they receive the
-- event of the change (src/shop/feed/hub.h). It only copies current content, so every role may call it.
create or replace function message_events_update(messages uuid[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
	update event e
	set payload = (e.payload::jsonb || jsonb_build_object('text', m.text, 'attachments',
		attachments_told(m.attachments), 'card', m.card,
		'client_id', case when e.payload ->> 'client_id' is not null then m.client_id end))::json
	from message m
	where m.id = any (messages) and e.tx = m.tx and e.kind = 'message_sent' and e.payload ->> 'id' = m.id::text;
	update event e set payload = (e.payload::jsonb || jsonb_build_object('text', m.text))::json
	from message m
	where m.id = any (messages) and e.kind = 'message_edited' and e.payload ->> 'id' = m.id::text
$$;
grant execute on function message_events_update(uuid[]) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

set local role sebez_owner;

-- Editing leaves the attachments: they are kept with what was deleted or removed.
create or replace function message_history_add(vendor uuid, conversation uuid, number int, what text) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	insert into message_history (vendor_id, conversation_id, seq, number, account_id, action, text,
	                             attachments, by_account)
	select m.vendor_id, m.conversation_id, m.seq,
	       message_changes(vendor, conversation, message_history_add.number) + 1, m.account_id, what, m.text,
	       case what when 'edited' then '[]' else m.attachments end, current_account()
	from message m
	where m.vendor_id = vendor and m.conversation_id = conversation and m.seq = message_history_add.number;
end $$;
grant execute on function message_history_add(uuid, uuid, int, text) to sebez_customer, sebez_vendor, sebez_admin;

create or replace function message_reactions(vendor uuid, conversation uuid, number int) returns json
language sql stable set search_path = public, pg_temp as $$
	select coalesce(json_agg(shape_reaction(emoji => r.emoji, side => r.side) order by r.created_at), '[]')
	from reaction r
	where r.vendor_id = vendor and r.conversation_id = conversation and r.seq = number
$$;
grant execute on function message_reactions(uuid, uuid, int) to sebez_customer, sebez_vendor, sebez_admin,
	sebez_jobs;

set local role sebez_kernel;

-- The number of changes of a message. SECURITY DEFINER, as authors may not read the history.
create or replace function message_changes(vendor uuid, conversation uuid, number int) returns int
language sql stable security definer set search_path = public, pg_temp as $$
	select coalesce(max(h.number), 0) from message_history h
	where h.vendor_id = vendor and h.conversation_id = conversation and h.seq = message_changes.number
$$;
grant execute on function message_changes(uuid, uuid, int) to sebez_customer, sebez_vendor, sebez_admin;
