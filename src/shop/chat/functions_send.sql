-- Chat: sending a message.
set local role sebez_owner;

-- The events of a sent message, for both sides. the_attachments: as events show them (attachments_told()).
create or replace function message_sent_events(vendor uuid, account uuid, conversation uuid, number int,
	the_id uuid, the_author text, the_author_id uuid, the_client text, the_kind text, the_text text,
	the_attachments json, the_card json, reply int, moment timestamptz) returns text language sql stable as $$
	select event_message_sent(account, conversation_id => conversation, seq => number, id => the_id,
			author => the_author, client_id => case the_author when 'customer' then the_client end,
			kind => the_kind, text => the_text, attachments => the_attachments, card => the_card,
			reply_to => reply, reactions => '[]', created_at => moment)
		|| event_message_sent(vendor, conversation_id => conversation, seq => number, id => the_id,
			author => the_author, staff_id => case the_author when 'vendor' then the_author_id end,
			staff_id_given => true, client_id => case the_author when 'vendor' then the_client end,
			kind => the_kind, text => the_text, attachments => the_attachments, card => the_card,
			reply_to => reply, reactions => '[]', created_at => moment)
$$;
grant execute on function message_sent_events(uuid, uuid, uuid, int, uuid, text, uuid, text, text, text, json,
	json, int, timestamptz) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

-- Adds a message. The caller holds the conversation's lock and passes its state.
create or replace function message_add(vendor uuid, conversation uuid, account uuid, was_state text,
	waiting timestamptz, the_id uuid, the_author text, the_author_id uuid, the_client text,
	the_digest uuid, the_kind text, the_text text, the_attachments json, the_card json, reply int) returns int
language plpgsql as $$
declare
	number int;
	moment timestamptz := clock_timestamp();
	told json := case when the_attachments is null then '[]' else attachments_told(the_attachments) end;
	ignored text;
begin
	if the_author = 'vendor' and waiting is not null then
		insert into vendor_response as r (vendor_id, answers, seconds)
		values (vendor, 1, extract(epoch from moment - waiting))
		on conflict (vendor_id) do update set answers = r.answers + 1,
			seconds = r.seconds + (excluded.seconds - r.seconds) / least(r.answers + 1, 50);
	end if;
	update conversation c set last_seq = c.last_seq + 1, last_message_at = moment,
		state = case when the_author = 'system' then c.state else 'open' end,
		customer_unread = c.customer_unread + (the_author <> 'customer')::int,
		vendor_unread = c.vendor_unread + (the_author = 'customer')::int,
		awaiting_since = case the_author when 'customer' then coalesce(c.awaiting_since, moment)
		                 when 'system' then c.awaiting_since end
	where c.vendor_id = vendor and c.id = conversation
	returning c.last_seq into number;
	insert into message (vendor_id, conversation_id, seq, id, account_id, author, author_id, client_id,
	                     client_digest, kind, text, attachments, card, reply_to, created_at)
	values (vendor, conversation, number, the_id, account, the_author, the_author_id, the_client,
	        the_digest, the_kind, the_text, coalesce(the_attachments, '[]'), the_card, reply, moment);
	if was_state = 'closed' and the_author <> 'system' then
		perform feed_add_events(event_conversation_reopened(account, vendor, conversation_id => conversation));
	end if;
	ignored := feed_add_events(message_sent_events(vendor, account, conversation, number, the_id, the_author,
		the_author_id, the_client, the_kind, the_text, told, the_card, reply, moment));
	return number;
end $$;
grant execute on function message_add(uuid, uuid, uuid, text, timestamptz, uuid, text, uuid, text, uuid, text,
	text, json, json, int) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

-- Raises SBM01 when the rules against contact leaks differ from those C judged the text by. C then judges again
-- (chat/send.c).
create or replace function chat_judged(rules text) returns void language plpgsql stable as $$
declare
	present text;
begin
	select concat_ws(' ', f.chat_email, f.chat_link, f.chat_phone) into present from platform f;
	if rules <> present then
		raise exception 'The rules for contact details have just changed; try again.' using errcode = 'SBM01',
			detail = present;
	end if;
end $$;
grant execute on function chat_judged(text) to sebez_customer, sebez_vendor;

-- Sends a message. Repeating the client_id of the same author has no effect, also concurrently. leaks hold the
-- message.
create or replace function message_send(conversation uuid, the_id uuid, the_client text, digest uuid,
	rules text, leaks text[], what text, the_text text, the_attachments json, product uuid, sub_order uuid,
	reply int) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	side text := chat_side();
	c record;
	card json;
begin
	perform chat_judged(rules);
	select x.vendor_id, x.account_id, x.state, x.awaiting_since, x.last_seq into c
	from conversation x where x.id = conversation for no key update;
	if not found then
		raise exception 'Conversation not found.' using errcode = 'SB404';
	end if;
	if message_is_known(conversation, the_client, digest) then
		return;
	end if;
	perform chat_refuse_blocked(c.vendor_id, c.account_id);
	if product is not null then
		card := product_card(c.vendor_id, product);
	end if;
	if sub_order is not null then
		card := (coalesce(card::jsonb, '{}')
			|| sub_order_card(c.vendor_id, c.account_id, sub_order)::jsonb)::json;
	end if;
	if reply > c.last_seq then -- checked now, as a held message is reviewed much later
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail =
			'{"field":"/reply_to","code":"unknown","detail":"Message not found."}';
	end if;
	if the_attachments is not null then
		perform attachments_refer(c.vendor_id, conversation, c.account_id, the_id, the_attachments);
	end if;
	if leaks <> '{}' then
		insert into message_held (vendor_id, id, conversation_id, account_id, author, author_id, client_id,
		                          client_digest, kind, text, attachments, card, reply_to, found)
		values (c.vendor_id, the_id, conversation, c.account_id, side, current_account(), the_client, digest,
		        what, the_text, coalesce(the_attachments, '[]'), card, reply, leaks);
		perform message_held_add_event(c.vendor_id, c.account_id, side, conversation, the_id, 'held');
		return;
	end if;
	perform message_add(c.vendor_id, conversation, c.account_id, c.state, c.awaiting_since, the_id, side,
		current_account(), the_client, digest, what, the_text, the_attachments, card, reply);
end $$;
grant execute on function message_send(uuid, uuid, text, uuid, text, text[], text, text, json, uuid, uuid,
	int) to sebez_customer, sebez_vendor;

set local role sebez_kernel;

-- Sends the plain ones of messages that arrived together, each from another conversation, in one transaction, and
-- returns them; message_send sends the others or says why not. Plain is what needs nothing but its text: from a
-- live session whose account, or vendor with a role that may, is a side of the conversation, which is open and
-- unlocked, under a client_id that is new; no block, and no answer whose time counts. SECURITY DEFINER, as the
-- authors differ: the checks are those of act_as_customer, act_as_staff, the policies and message_send.
create or replace function messages_send(side text, rules text, accounts uuid[], sessions uuid[], vendors uuid[],
	roles int[], conversations uuid[], ids uuid[], clients text[], digests uuid[], texts text[], replies int[])
	returns setof message
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
	moment timestamptz;
	locked uuid[] := array(
		select c.id from conversation c where c.id = any (conversations) order by c.id for no key update skip locked);
begin
	moment := clock_timestamp(); -- the next statement sees what was committed before the locks
	return query
	with plain as materialized (
		select s.*, c.vendor_id, c.account_id, c.last_seq + 1 as seq
		from unnest(accounts, sessions, vendors, roles, conversations, ids, clients, digests, texts, replies)
			as s (author, session, vendor, roles, conversation, id, client, digest, said, reply)
		join conversation c on c.id = s.conversation
		join session e on e.id = s.session and e.account_id = s.author and e.ended_at is null and e.expires_at > now()
		join account a on a.id = s.author and a.locked_at is null
		where s.conversation = any (locked) and c.state = 'open'
		and case side when 'customer' then c.account_id = s.author
			else c.vendor_id = s.vendor and c.awaiting_since is null and exists (
				select from staff f where f.vendor_id = s.vendor and f.account_id = s.author
				and staff_role_bit(f.role) & s.roles <> 0) end
		and coalesce(s.reply <= c.last_seq, true)
		and rules = (select concat_ws(' ', f.chat_email, f.chat_link, f.chat_phone) from platform f)
		and not exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id)
		and not exists (select from message m where m.conversation_id = s.conversation and m.author = side
			and m.author_id = s.author and m.client_id = s.client)
		and not exists (select from message_held h where h.conversation_id = s.conversation and h.author = side
			and h.author_id = s.author and h.client_id = s.client)
	), moved as (
		update conversation c
		set last_seq = p.seq, last_message_at = moment,
		    customer_unread = c.customer_unread + (side <> 'customer')::int,
		    vendor_unread = c.vendor_unread + (side = 'customer')::int,
		    awaiting_since = case side when 'customer' then coalesce(c.awaiting_since, moment) end
		from plain p where c.vendor_id = p.vendor_id and c.id = p.conversation
	), written as (
		insert into message (vendor_id, conversation_id, seq, id, account_id, author, author_id, client_id,
		                     client_digest, kind, text, reply_to, created_at)
		select p.vendor_id, p.conversation, p.seq, p.id, p.account_id, side, p.author, p.client, p.digest,
		       'text', p.said, p.reply, moment
		from plain p
		returning *
	), added as materialized (
		select feed_add_events(string_agg(message_sent_events(w.vendor_id, w.account_id, w.conversation_id, w.seq,
			w.id, side, w.author_id, w.client_id, w.kind, w.text, '[]', w.card, w.reply_to, moment), ''))
		from written w
	)
	select w.* from written w cross join added;
end $$;
grant execute on function messages_send(text, text, uuid[], uuid[], uuid[], int[], uuid[], uuid[], text[], uuid[],
	text[], int[]) to sebez_jobs;

-- Whether the caller has already sent this message under this client_id. SECURITY DEFINER, as customers may not
-- read author_id. Raises when the client_id was used with other content: the message must not be lost silently.
create or replace function message_is_known(conversation uuid, the_client text, digest uuid)
returns boolean language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	known record;
begin
	select x.client_digest into known from (
		select m.client_digest from message m
		where m.conversation_id = conversation and m.author = chat_side() and m.author_id = current_account()
		and m.client_id = the_client
		union all
		select h.client_digest from message_held h
		where h.conversation_id = conversation and h.author = chat_side() and h.author_id = current_account()
		and h.client_id = the_client) x
	limit 1;
	if not found then
		return false;
	elsif known.client_digest <> digest then -- null: older than digests
		raise exception 'This client_id was used for another message.' using errcode = 'SB409';
	end if;
	return true;
end $$;
grant execute on function message_is_known(uuid, text, uuid) to sebez_customer, sebez_vendor;
