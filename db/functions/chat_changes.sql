-- Chat: changing and taking back what was said.
set local role sebez_owner;

create or replace function message_edit(conversation uuid, the_id uuid, the_text text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	mine record;
	ruled record;
	moment timestamptz := clock_timestamp();
	told json;
begin
	select * into mine from message_of_mine(conversation, the_id);
	select * into ruled from chat_rules(the_text);
	if exists (select from chat_block b where b.vendor_id = mine.vendor_id and b.account_id = mine.account_id) then
		raise exception 'This conversation is blocked.' using errcode = 'SB409';
	elsif ruled.leaks <> '{}' then
		raise exception 'One field is wrong.' using errcode = 'SBI01', detail = json_build_object('field', '/text',
			'code', 'contact', 'detail', 'Contact details cannot be added to a message.');
	end if;
	perform message_keep(mine.vendor_id, conversation, mine.seq, 'edited');
	update message m set text = ruled.said, edited_at = moment
	where m.vendor_id = mine.vendor_id and m.conversation_id = conversation and m.seq = mine.seq;
	perform message_retell(array[the_id]);
	told := json_build_object('conversation_id', conversation, 'seq', mine.seq, 'id', the_id,
		'text', ruled.said, 'edited_at', json_time(moment));
	perform chat_announce(mine.vendor_id, mine.account_id, 'message_edited', told, told);
end $$;

-- Takes away what a message said, from its row and from what the feeds tell of it. Its place stays; it
-- counts as unread no longer, which whoever counts learns by its author. The caller holds the
-- conversation's lock.
create or replace function message_blank(vendor uuid, conversation uuid, account uuid, number int)
returns void language plpgsql set search_path = public, pg_temp as $$
declare
	moment timestamptz := clock_timestamp();
	gone record;
	told json;
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
	perform message_retell(array[gone.id]);
	told := json_build_object('conversation_id', conversation, 'seq', number, 'id', gone.id,
		'author', gone.author, 'deleted_at', json_time(moment));
	perform chat_announce(vendor, account, 'message_deleted', told, told);
end $$;

create or replace function message_empty(vendor uuid, conversation uuid, account uuid, number int, what text)
returns void language plpgsql set search_path = public, pg_temp as $$
begin
	perform message_keep(vendor, conversation, number, what);
	perform message_blank(vendor, conversation, account, number);
end $$;

grant execute on function message_blank(uuid, uuid, uuid, int)
	to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

set local role sebez_kernel;

-- The events of these messages say what the messages say by now: what was taken back is told to no
-- device that comes late. They keep their numbers; processes and Redis forget what they hold of a feed
-- when they hear of the change (src/shop/feed/hub.h). Only what is told changes, so that anybody may
-- call it.
create or replace function message_retell(messages uuid[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
	update event e
	set payload = (e.payload::jsonb || case e.kind
		when 'message_edited' then jsonb_build_object('text', m.text)
		else jsonb_build_object('text', m.text, 'attachments', m.attachments, 'card', m.card,
			'client_id', case when e.payload ->> 'client_id' is not null then m.client_id end) end)::json
	from message m
	where m.id = any (messages) and e.kind in ('message_sent', 'message_edited')
	and e.payload ->> 'id' = m.id::text
$$;
grant execute on function message_retell(uuid[])
	to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
