-- Chat between customers and vendors. Whoever sends locks the conversation's row, counts its
-- last_seq up and writes the message in the same transaction: seq has no gaps and commits in order.
--
-- Notes of the staff are no messages: they have a table and numbers of their own, and customers no
-- grant on it. So a note can neither be seen nor be guessed from a gap.
--
-- Unread, for the customer: messages of the vendor and the system; for the vendor: those of the
-- customer; beyond what the side has read, and not deleted. The counts are kept beside the marks,
-- under the same lock, so they are exact.
set local role sebez_owner;

alter table platform
	add chat_phone text not null default 'allow' check (chat_phone in ('allow', 'mask', 'hold')),
	add chat_email text not null default 'allow' check (chat_email in ('allow', 'mask', 'hold')),
	add chat_link text not null default 'allow' check (chat_link in ('allow', 'mask', 'hold')),
	add chat_retention_days int not null default 1095 check (chat_retention_days between 1 and 36500);

create table conversation (
	vendor_id          uuid not null references vendor (id),
	id                 uuid not null,
	account_id         uuid not null references account (id),
	product_id         uuid,
	sub_order_id       uuid,
	customer_name      text not null, -- as at its opening: the vendor cannot read accounts
	state              text not null default 'open' check (state in ('open', 'closed')),
	assigned_to        uuid,
	last_seq           int not null default 0,
	last_message_at    timestamptz not null default now(), -- of its opening, until there is one
	last_note          int not null default 0,
	awaiting_since     timestamptz, -- the customer's first message that nobody has answered
	customer_read      int not null default 0,
	customer_delivered int not null default 0,
	customer_unread    int not null default 0,
	vendor_read        int not null default 0,
	vendor_delivered   int not null default 0,
	vendor_unread      int not null default 0,
	created_at         timestamptz not null default now(),
	primary key (vendor_id, id),
	unique (id),
	unique nulls not distinct (vendor_id, account_id, product_id, sub_order_id),
	foreign key (vendor_id, product_id) references product (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	foreign key (vendor_id, assigned_to) references staff (vendor_id, account_id)
		on delete set null (assigned_to),
	check (customer_read <= customer_delivered and customer_delivered <= last_seq),
	check (vendor_read <= vendor_delivered and vendor_delivered <= last_seq),
	check (customer_unread >= 0 and vendor_unread >= 0)
);
create index conversation_inbox on conversation (vendor_id, state, last_message_at desc, id desc);
create index conversation_account on conversation (account_id, last_message_at desc, id desc);
create index conversation_unread on conversation (vendor_id) where vendor_unread > 0;
create index conversation_assigned on conversation (vendor_id, assigned_to) where assigned_to is not null;
create index conversation_sub_order on conversation (sub_order_id) where sub_order_id is not null;
create index conversation_age on conversation (last_message_at);

create table message (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	seq             int not null check (seq > 0),
	id              uuid not null unique,
	account_id      uuid not null, -- the conversation's customer
	author          text not null check (author in ('customer', 'vendor', 'system')),
	author_id       uuid,
	client_id       text check (length(client_id) <= 64),
	kind            text not null check (kind in ('text', 'image', 'product', 'order', 'system')),
	text            text not null check (length(text) <= 4000),
	attachments     json not null default '[]',
	card            json, -- the product or sub-order as it was when it was sent
	reply_to        int,
	created_at      timestamptz not null,
	edited_at       timestamptz,
	deleted_at      timestamptz,
	primary key (vendor_id, conversation_id, seq),
	unique (conversation_id, author, client_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);

-- What a message said before it was changed; for admins.
create table message_history (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	seq             int not null,
	number          int not null,
	account_id      uuid not null,
	action          text not null check (action in ('edited', 'deleted', 'removed')),
	text            text not null,
	attachments     json not null,
	by_account      uuid,
	at              timestamptz not null default now(),
	primary key (vendor_id, conversation_id, seq, number),
	foreign key (vendor_id, conversation_id, seq)
		references message (vendor_id, conversation_id, seq) on delete cascade
);

create table reaction (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	seq             int not null,
	by_account      uuid not null,
	account_id      uuid not null,
	side            text not null check (side in ('customer', 'vendor')),
	emoji           text not null check (length(emoji) between 1 and 16),
	created_at      timestamptz not null default now(),
	primary key (vendor_id, conversation_id, seq, by_account),
	foreign key (vendor_id, conversation_id, seq)
		references message (vendor_id, conversation_id, seq) on delete cascade
);

create table staff_read (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	staff_id        uuid not null,
	seq             int not null,
	primary key (vendor_id, conversation_id, staff_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);

create table conversation_note (
	vendor_id       uuid not null,
	conversation_id uuid not null,
	number          int not null,
	author_id       uuid not null,
	text            text not null check (length(text) <= 4000),
	after_seq       int not null, -- the last message at that moment: where it stands between them
	created_at      timestamptz not null,
	primary key (vendor_id, conversation_id, number),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);

create table canned_reply (
	vendor_id  uuid not null references vendor (id),
	id         uuid not null,
	title      text not null check (length(title) between 1 and 100),
	text       text not null check (length(text) between 1 and 4000),
	created_at timestamptz not null default now(),
	primary key (vendor_id, id)
);

create table message_report (
	vendor_id       uuid not null,
	id              uuid not null,
	conversation_id uuid not null,
	seq             int not null,
	account_id      uuid not null,
	side            text not null check (side in ('customer', 'vendor')), -- who reports
	by_account      uuid not null,
	reason          text not null check (reason in ('spam', 'abuse', 'fraud', 'contact', 'other')),
	comment         text,
	state           text not null default 'open' check (state in ('open', 'dismissed', 'removed')),
	decided_by      uuid,
	decided_at      timestamptz,
	created_at      timestamptz not null default now(),
	primary key (vendor_id, id),
	unique (vendor_id, conversation_id, seq, by_account),
	foreign key (vendor_id, conversation_id, seq)
		references message (vendor_id, conversation_id, seq) on delete cascade
);
create index message_report_queue on message_report (state, created_at desc, id desc);

-- A message that a rule holds has no seq until an admin releases it: nobody sees a gap.
create table message_held (
	vendor_id       uuid not null,
	id              uuid not null,
	conversation_id uuid not null,
	account_id      uuid not null,
	author          text not null check (author in ('customer', 'vendor')),
	author_id       uuid not null,
	client_id       text not null,
	kind            text not null,
	text            text not null,
	attachments     json not null,
	card            json,
	reply_to        int,
	found           text[] not null, -- phone, email, link
	state           text not null default 'held' check (state in ('held', 'released', 'refused')),
	decided_by      uuid,
	decided_at      timestamptz,
	created_at      timestamptz not null default now(),
	primary key (vendor_id, id),
	unique (conversation_id, author, client_id),
	foreign key (vendor_id, conversation_id) references conversation (vendor_id, id) on delete cascade
);
create index message_held_queue on message_held (state, created_at desc, id desc);

-- Who does not want to hear of whom; it ends all their conversations.
create table chat_block (
	vendor_id  uuid not null references vendor (id),
	account_id uuid not null references account (id),
	side       text not null check (side in ('customer', 'vendor')), -- who blocks
	by_account uuid not null,
	created_at timestamptz not null default now(),
	primary key (vendor_id, account_id, side)
);

-- How fast a vendor answers: a moving average over the last 50 first answers.
create table vendor_response (
	vendor_id uuid primary key references vendor (id),
	answers   bigint not null,
	seconds   double precision not null
);

-- Up to which event the devices of an owner have got.
create table chat_acknowledged (
	owner_id uuid primary key,
	number   bigint not null
);

create index outbox_push_new on outbox (lease_until) where topic = 'message_push' and attempts = 0;

-- Functions --------------------------------------------------------------------------------------

create function chat_side() returns text language sql stable parallel safe
return case current_setting('sebez.actor', true) when 'customer' then 'customer' when 'staff' then 'vendor' end;

-- Every event of chat goes through here. A payload that is null: that side is not told.
create function chat_announce(vendor uuid, account uuid, kind text, to_customer json, to_vendor json)
returns void language plpgsql set search_path = public, pg_temp as $$
begin
	if to_customer is not null then
		perform feed_note(account, kind, to_customer);
	end if;
	if to_vendor is not null then
		perform feed_note(vendor, kind, to_vendor);
	end if;
end $$;

-- Until the end of the transaction: a conversation that is opened tells of blocks, and an event of a
-- block comes before it or after it as the block itself does.
create function chat_lock_blocks(vendor uuid, account uuid) returns void
language sql volatile set search_path = public, pg_temp as $$
	select pg_advisory_xact_lock(hashtextextended(vendor::text || account::text, 0))
$$;

-- This side has blocked the other, or no longer does.
create function chat_block_changed(vendor uuid, account uuid, blocked boolean)
returns void language sql volatile set search_path = public, pg_temp as $$
	select chat_lock_blocks(vendor, account);
	select chat_announce(vendor, account, 'block_changed', told, told)
	from json_build_object('vendor_id', vendor, 'customer_id', account, 'side', chat_side(),
		'blocked', blocked) told
$$;

-- Which side has blocked the other, as the state to start from says it.
create function chat_blocks(vendor uuid, account uuid) returns json
language sql stable set search_path = public, pg_temp as $$
	select json_build_object('customer', coalesce(bool_or(b.side = 'customer'), false),
		'vendor', coalesce(bool_or(b.side = 'vendor'), false))
	from chat_block b where b.vendor_id = chat_blocks.vendor and b.account_id = chat_blocks.account
$$;

-- What the rules against contact leaks make of a text: masked, and what of it is to be held.
create function chat_rules(given text, out said text, out leaks text[])
language plpgsql stable set search_path = public, pg_temp as $$
declare
	rule record;
begin
	said := given;
	leaks := '{}';
	for rule in
		select r.name, r.pattern, r.does from platform p cross join lateral (values
			('email', p.chat_email, '[[:alnum:]._%+-]+@[[:alnum:]-]+(\.[[:alnum:]-]+)+'),
			('link', p.chat_link, '((https?://|www\.)[^[:space:]]+|\m[[:alnum:]-]+\.(com|net|org|info|biz|shop|store|io|me|co|de|fr|uk|ru|cn)\M(/[^[:space:]]*)?)'),
			('phone', p.chat_phone, '\+?([[:digit:]][ ()./-]{0,2}){8,}[[:digit:]]')
		) as r (name, does, pattern)
		where r.does <> 'allow'
	loop
		if said !~* rule.pattern then
			continue;
		elsif rule.does = 'hold' then
			leaks := leaks || rule.name;
		else
			said := regexp_replace(said, rule.pattern, '•••', 'gi');
		end if;
	end loop;
end $$;

-- One more message. The caller holds the conversation's lock and has looked at it.
create function message_add(vendor uuid, conversation uuid, account uuid, was_state text,
	waiting timestamptz, the_id uuid, the_author text, the_author_id uuid, the_client text,
	the_kind text, the_text text, the_attachments json, the_card json, reply int) returns int
language plpgsql set search_path = public, pg_temp as $$
declare
	number int;
	moment timestamptz := clock_timestamp();
	told json;
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
	if reply >= number then
		raise exception 'One field is wrong.' using errcode = 'SBI01', detail =
			'{"field":"/reply_to","code":"unknown","detail":"There is no such message."}';
	end if;
	insert into message (vendor_id, conversation_id, seq, id, account_id, author, author_id, client_id,
	                     kind, text, attachments, card, reply_to, created_at)
	values (vendor, conversation, number, the_id, account, the_author, the_author_id, the_client,
	        the_kind, the_text, coalesce(the_attachments, '[]'), the_card, reply, moment);
	-- Push waits three seconds for a device that has it.
	insert into outbox (topic, subject_id, payload, lease_until)
	values ('message_push', conversation, json_build_object('seq', number, 'vendor_id', vendor,
		'account_id', account, 'to', case the_author when 'customer' then 'vendor' else 'customer' end),
		moment + interval '3 seconds');
	if was_state = 'closed' and the_author <> 'system' then
		told := json_build_object('conversation_id', conversation);
		perform chat_announce(vendor, account, 'conversation_reopened', told, told);
	end if;
	perform chat_announce(vendor, account, 'message_sent',
		json_build_object('conversation_id', conversation, 'seq', number, 'id', the_id, 'author', the_author,
			'client_id', case the_author when 'customer' then the_client end,
			'kind', the_kind, 'text', the_text, 'attachments', coalesce(the_attachments, '[]'),
			'card', the_card, 'reply_to', reply, 'created_at', json_time(moment), 'edited_at', null,
			'deleted_at', null, 'reactions', json_build_array()),
		json_build_object('conversation_id', conversation, 'seq', number, 'id', the_id, 'author', the_author,
			'staff_id', case the_author when 'vendor' then the_author_id end,
			'client_id', case the_author when 'vendor' then the_client end,
			'kind', the_kind, 'text', the_text, 'attachments', coalesce(the_attachments, '[]'),
			'card', the_card, 'reply_to', reply, 'created_at', json_time(moment), 'edited_at', null,
			'deleted_at', null, 'reactions', json_build_array()));
	return number;
end $$;

create function product_card(vendor uuid, product uuid) returns json
language plpgsql stable set search_path = public, pg_temp as $$
declare
	card json;
begin
	select json_build_object('product_id', p.id, 'title', p.title, 'handle', p.handle,
		'price', json_build_object('amount', p.price, 'currency', p.currency),
		'image_url', p.images -> 0 ->> 'url') into card
	from product p where p.vendor_id = vendor and p.id = product;
	if not found then
		raise exception 'There is no such vendor, product or sub-order.' using errcode = 'SB404';
	end if;
	return card;
end $$;

create function sub_order_card(vendor uuid, account uuid, sub_order uuid) returns json
language plpgsql stable set search_path = public, pg_temp as $$
declare
	card json;
begin
	select json_build_object('sub_order_id', s.id, 'number', s.number, 'status', s.state,
		'total', json_build_object('amount', s.total, 'currency', s.currency)) into card
	from sub_order s where s.vendor_id = vendor and s.id = sub_order and s.account_id = account;
	if not found then
		raise exception 'There is no such vendor, product or sub-order.' using errcode = 'SB404';
	end if;
	return card;
end $$;

-- Sending. The same client_id again does nothing, whoever comes first.
create function message_send(conversation uuid, the_id uuid, the_client text, the_text text,
	the_attachments json, product uuid, sub_order uuid, reply int) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	side text := chat_side();
	c record;
	card json;
	what text := case when product is not null then 'product' when sub_order is not null then 'order'
	             when the_attachments is not null then 'image' else 'text' end;
	ruled record;
begin
	select x.vendor_id, x.account_id, x.state, x.awaiting_since into c
	from conversation x where x.id = conversation for no key update;
	if not found then
		raise exception 'There is no such conversation.' using errcode = 'SB404';
	end if;
	if exists (select from message m where m.conversation_id = conversation and m.author = side
	           and m.client_id = the_client)
	   or exists (select from message_held h where h.conversation_id = conversation and h.author = side
	              and h.client_id = the_client) then
		return;
	end if;
	if exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id) then
		raise exception 'This conversation is blocked.' using errcode = 'SB409';
	end if;
	if product is not null then
		card := product_card(c.vendor_id, product);
	end if;
	if sub_order is not null then
		card := (coalesce(card::jsonb, '{}')
			|| sub_order_card(c.vendor_id, c.account_id, sub_order)::jsonb)::json;
	end if;
	select * into ruled from chat_rules(the_text);
	if ruled.leaks <> '{}' then
		insert into message_held (vendor_id, id, conversation_id, account_id, author, author_id, client_id,
		                          kind, text, attachments, card, reply_to, found)
		values (c.vendor_id, the_id, conversation, c.account_id, side, current_account(), the_client,
		        what, ruled.said, coalesce(the_attachments, '[]'), card, reply, ruled.leaks);
		return;
	end if;
	perform message_add(c.vendor_id, conversation, c.account_id, c.state, c.awaiting_since, the_id, side,
		current_account(), the_client, what, ruled.said, the_attachments, card, reply);
end $$;

-- The message that its author may still change, locked with its conversation.
create function message_of_mine(conversation uuid, the_id uuid, out vendor_id uuid, out account_id uuid,
	out seq int, out customer_read int, out vendor_read int)
language plpgsql set search_path = public, pg_temp as $$
declare
	m record;
begin
	select c.vendor_id, c.account_id, c.customer_read, c.vendor_read
	into vendor_id, account_id, customer_read, vendor_read
	from conversation c where c.id = conversation for no key update;
	select x.seq, x.author, x.created_at, x.deleted_at into m
	from message x where x.conversation_id = conversation and x.id = the_id;
	if not found then
		raise exception 'There is no such message.' using errcode = 'SB404';
	elsif m.author <> chat_side() or m.deleted_at is not null
	      or m.created_at < now() - interval '15 minutes' then
		raise exception 'A message can be changed by its author, for 15 minutes.' using errcode = 'SB409';
	end if;
	if m.author = 'vendor' then -- by itself, for customers may not read author_id
		if not exists (select from message x where x.id = the_id and x.author_id = current_account()) then
			raise exception 'A message can be changed by its author, for 15 minutes.' using errcode = 'SB409';
		end if;
	end if;
	seq := m.seq;
end $$;

create function message_keep(vendor uuid, conversation uuid, number int, what text) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	insert into message_history (vendor_id, conversation_id, seq, number, account_id, action, text,
	                             attachments, by_account)
	select m.vendor_id, m.conversation_id, m.seq,
	       message_changes(vendor, conversation, message_keep.number) + 1, m.account_id, what, m.text,
	       m.attachments, current_account()
	from message m
	where m.vendor_id = vendor and m.conversation_id = conversation and m.seq = message_keep.number;
end $$;

create function message_edit(conversation uuid, the_id uuid, the_text text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	mine record;
	ruled record;
	moment timestamptz := clock_timestamp();
	told json;
begin
	select * into mine from message_of_mine(conversation, the_id);
	select * into ruled from chat_rules(the_text);
	if ruled.leaks <> '{}' then
		raise exception 'One field is wrong.' using errcode = 'SBI01', detail = json_build_object('field', '/text',
			'code', 'contact', 'detail', 'Contact details cannot be added to a message.');
	end if;
	perform message_keep(mine.vendor_id, conversation, mine.seq, 'edited');
	update message m set text = ruled.said, edited_at = moment
	where m.vendor_id = mine.vendor_id and m.conversation_id = conversation and m.seq = mine.seq;
	told := json_build_object('conversation_id', conversation, 'seq', mine.seq, 'id', the_id,
		'text', ruled.said, 'edited_at', json_time(moment));
	perform chat_announce(mine.vendor_id, mine.account_id, 'message_edited', told, told);
end $$;

-- Takes away what a message said. Its place stays; it counts as unread no longer, which whoever
-- counts learns by its author.
create function message_empty(vendor uuid, conversation uuid, account uuid, number int, what text)
returns void language plpgsql set search_path = public, pg_temp as $$
declare
	moment timestamptz := clock_timestamp();
	gone record;
	told json;
begin
	perform message_keep(vendor, conversation, number, what);
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
	    vendor_unread = c.vendor_unread - (gone.author = 'customer' and number > c.vendor_read)::int
	where c.vendor_id = vendor and c.id = conversation;
	told := json_build_object('conversation_id', conversation, 'seq', number, 'id', gone.id,
		'author', gone.author, 'deleted_at', json_time(moment));
	perform chat_announce(vendor, account, 'message_deleted', told, told);
end $$;

create function message_delete(conversation uuid, the_id uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	mine record;
begin
	select * into mine from message_of_mine(conversation, the_id);
	perform message_empty(mine.vendor_id, conversation, mine.account_id, mine.seq, 'deleted');
end $$;

-- The side has read up to here; never back, never beyond the last message.
create function conversation_mark_read(conversation uuid, up_to int) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	side text := chat_side();
	c record;
	left_over int;
	told json;
begin
	select x.vendor_id, x.account_id, x.last_seq,
	       case side when 'customer' then x.customer_read else x.vendor_read end as already into c
	from conversation x where x.id = conversation for no key update;
	if not found then
		raise exception 'There is no such conversation.' using errcode = 'SB404';
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
	told := json_build_object('conversation_id', conversation, 'side', side, 'seq', up_to);
	if side = 'customer' then
		update conversation x set customer_read = up_to, customer_unread = left_over,
			customer_delivered = greatest(x.customer_delivered, up_to) where x.id = conversation;
		perform chat_announce(c.vendor_id, c.account_id, 'message_read', json_build_object('conversation_id',
			conversation, 'side', side, 'seq', up_to, 'unread', left_over), told);
	else
		update conversation x set vendor_read = up_to, vendor_unread = left_over,
			vendor_delivered = greatest(x.vendor_delivered, up_to) where x.id = conversation;
		perform chat_announce(c.vendor_id, c.account_id, 'message_read', told, json_build_object(
			'conversation_id', conversation, 'side', side, 'seq', up_to, 'unread', left_over));
	end if;
end $$;

-- Null takes the reaction away. Under the conversation's lock: events tell of all reactions, and the
-- last one must know of every other.
create function message_react(conversation uuid, the_id uuid, the_emoji text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	m record;
	told json;
begin
	perform from conversation c where c.id = conversation for no key update;
	select x.vendor_id, x.account_id, x.seq into m
	from message x where x.conversation_id = conversation and x.id = the_id and x.deleted_at is null;
	if not found then
		raise exception 'There is no such message.' using errcode = 'SB404';
	end if;
	if the_emoji is null then
		delete from reaction r where r.vendor_id = m.vendor_id and r.conversation_id = conversation
		and r.seq = m.seq and r.by_account = current_account() and r.side = chat_side();
	else
		insert into reaction as r (vendor_id, conversation_id, seq, by_account, account_id, side, emoji)
		values (m.vendor_id, conversation, m.seq, current_account(), m.account_id, chat_side(), the_emoji)
		on conflict (vendor_id, conversation_id, seq, by_account) do update set emoji = excluded.emoji;
	end if;
	told := json_build_object('conversation_id', conversation, 'seq', m.seq, 'id', the_id,
		'reactions', message_reactions(m.vendor_id, conversation, m.seq));
	perform chat_announce(m.vendor_id, m.account_id, 'message_reacted', told, told);
end $$;

create function message_reactions(vendor uuid, conversation uuid, number int) returns json
language sql stable set search_path = public, pg_temp as $$
	select coalesce(json_agg(json_build_object('emoji', r.emoji, 'side', r.side) order by r.created_at), '[]')
	from reaction r
	where r.vendor_id = vendor and r.conversation_id = conversation and r.seq = number
$$;

-- The one conversation of a customer and a vendor about a subject; made when there is none.
create function conversation_open(vendor uuid, account uuid, the_id uuid, product uuid, sub_order uuid)
returns uuid language plpgsql set search_path = public, pg_temp as $$
declare
	opened uuid;
	who text;
begin
	if chat_side() = 'customer' then
		perform from vendor v where v.id = vendor;
		if not found then
			raise exception 'There is no such vendor, product or sub-order.' using errcode = 'SB404';
		end if;
		select a.name into who from account a where a.id = account;
	else
		select s.account_id, s.customer_name into account, who
		from sub_order s where s.vendor_id = vendor and s.id = sub_order;
		if not found then
			raise exception 'There is no such vendor, product or sub-order.' using errcode = 'SB404';
		end if;
	end if;
	if product is not null then
		perform product_card(vendor, product);
	end if;
	if sub_order is not null then
		perform sub_order_card(vendor, account, sub_order);
	end if;
	insert into conversation (vendor_id, id, account_id, product_id, sub_order_id, customer_name)
	values (vendor, the_id, account, product, sub_order, who)
	on conflict (vendor_id, account_id, product_id, sub_order_id) do nothing
	returning id into opened;
	if opened is not null then
		perform chat_lock_blocks(vendor, account);
		perform chat_announce(vendor, account, 'conversation_opened',
			json_build_object('conversation_id', opened, 'vendor_id', vendor, 'product_id', product,
				'sub_order_id', sub_order, 'blocked', chat_blocks(vendor, account)),
			json_build_object('conversation_id', opened, 'customer', json_build_object('id', account, 'name', who),
				'product_id', product, 'sub_order_id', sub_order, 'blocked', chat_blocks(vendor, account)));
		return opened;
	end if;
	return (select c.id from conversation c where c.vendor_id = vendor and c.account_id = account
		and c.product_id is not distinct from product and c.sub_order_id is not distinct from sub_order);
end $$;

-- Who leaves the staff is assigned to nothing any more, and the others are told.
create function unassign_staff() returns trigger
language plpgsql set search_path = public, pg_temp as $$
declare
	c record;
begin
	perform from staff s where s.vendor_id = old.vendor_id and s.account_id = old.account_id for update;
	for c in
		select x.id, x.account_id from conversation x
		where x.vendor_id = old.vendor_id and x.assigned_to = old.account_id
		order by x.id for no key update
	loop
		update conversation x set assigned_to = null where x.vendor_id = old.vendor_id and x.id = c.id;
		perform chat_announce(old.vendor_id, c.account_id, 'conversation_assigned', null,
			json_build_object('conversation_id', c.id, 'staff_id', null));
	end loop;
	return old;
end $$;
grant execute on function unassign_staff() to public;
create trigger unassign_staff before delete on staff for each row execute function unassign_staff();

create function conversation_note_add(conversation uuid, the_text text) returns int
language plpgsql set search_path = public, pg_temp as $$
declare
	c record;
begin
	update conversation x set last_note = x.last_note + 1 where x.id = conversation
	returning x.vendor_id, x.last_note, x.last_seq, x.account_id into c;
	if not found then
		raise exception 'There is no such conversation.' using errcode = 'SB404';
	end if;
	insert into conversation_note (vendor_id, conversation_id, number, author_id, text, after_seq, created_at)
	values (c.vendor_id, conversation, c.last_note, current_account(), the_text, c.last_seq, clock_timestamp());
	perform chat_announce(c.vendor_id, c.account_id, 'note_added', null, json_build_object('conversation_id',
		conversation, 'number', c.last_note, 'staff_id', current_account(), 'text', the_text,
		'after_seq', c.last_seq));
	return c.last_note;
end $$;

-- Grants -----------------------------------------------------------------------------------------

grant execute on function chat_side(), chat_announce(uuid, uuid, text, json, json), chat_rules(text),
	chat_lock_blocks(uuid, uuid), chat_block_changed(uuid, uuid, boolean), chat_blocks(uuid, uuid),
	message_add(uuid, uuid, uuid, text, timestamptz, uuid, text, uuid, text, text, text, json, json, int)
	to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;
grant execute on function json_time(timestamptz) to sebez_kernel;
grant execute on function product_card(uuid, uuid), sub_order_card(uuid, uuid, uuid),
	message_send(uuid, uuid, text, text, json, uuid, uuid, int), message_of_mine(uuid, uuid),
	message_edit(uuid, uuid, text), message_delete(uuid, uuid), conversation_mark_read(uuid, int),
	message_react(uuid, uuid, text), conversation_open(uuid, uuid, uuid, uuid, uuid)
	to sebez_customer, sebez_vendor;
grant execute on function message_reactions(uuid, uuid, int) to sebez_customer, sebez_vendor, sebez_admin;
grant execute on function message_keep(uuid, uuid, int, text), message_empty(uuid, uuid, uuid, int, text)
	to sebez_customer, sebez_vendor, sebez_admin;
grant execute on function conversation_note_add(uuid, text) to sebez_vendor;

-- A customer sees nothing of the staff: not who wrote, not who is assigned.
grant select (vendor_id, id, account_id, product_id, sub_order_id, state, last_seq, last_message_at,
	awaiting_since, customer_read, customer_delivered, customer_unread, vendor_read, vendor_delivered,
	vendor_unread, created_at) on conversation to sebez_customer;
grant insert (vendor_id, id, account_id, product_id, sub_order_id, customer_name) on conversation
	to sebez_customer, sebez_vendor;
grant update (last_seq, last_message_at, state, awaiting_since, customer_read, customer_delivered,
	customer_unread, vendor_unread) on conversation to sebez_customer;
grant select (vendor_id, conversation_id, seq, id, account_id, author, client_id, kind, text, attachments,
	card, reply_to, created_at, edited_at, deleted_at) on message to sebez_customer;
grant insert on message, message_history, message_held, message_report
	to sebez_customer, sebez_vendor;
grant update (text, attachments, card, edited_at, deleted_at) on message to sebez_customer, sebez_vendor;
grant select, insert, update (emoji), delete on reaction to sebez_customer, sebez_vendor;
grant select, insert, delete on chat_block to sebez_customer, sebez_vendor;
grant select on message_held to sebez_customer, sebez_vendor;
grant select on message_report to sebez_customer, sebez_vendor;
grant select on vendor_response to sebez_public, sebez_customer;

grant select on conversation, message to sebez_vendor;
grant update (last_seq, last_message_at, last_note, state, assigned_to, awaiting_since, customer_unread,
	vendor_read, vendor_delivered, vendor_unread) on conversation to sebez_vendor;
grant select, insert, update (seq) on staff_read to sebez_vendor;
grant select, insert on conversation_note to sebez_vendor;
grant select, insert, update (title, text), delete on canned_reply to sebez_vendor;
grant select, insert, update (answers, seconds) on vendor_response to sebez_vendor;

grant select on conversation, message, message_history, reaction, message_report, message_held, chat_block
	to sebez_admin;
grant update (last_seq, last_message_at, state, awaiting_since, customer_unread, vendor_unread)
	on conversation to sebez_admin;
grant insert, update (text, attachments, card, deleted_at) on message to sebez_admin;
grant insert on message_history to sebez_admin;
grant delete on reaction to sebez_admin;
grant update (state, decided_by, decided_at) on message_report, message_held to sebez_admin;
grant select, insert, update on vendor_response to sebez_admin;

grant select, delete on conversation to sebez_jobs;
grant update (customer_name) on conversation to sebez_jobs;
grant select, update (text, attachments, card, deleted_at, edited_at) on message to sebez_jobs;
grant select, update (text, attachments, card) on message_held to sebez_jobs;
grant select, delete on message_history, reaction to sebez_jobs;
grant select, update (comment) on message_report to sebez_jobs;

grant select on conversation, message, chat_block to sebez_kernel;
grant update (last_seq, last_message_at, state, awaiting_since, customer_unread, vendor_unread,
	customer_delivered, vendor_delivered) on conversation to sebez_kernel;
grant insert on message, outbox to sebez_kernel;
grant select on message_history to sebez_kernel;
grant select, insert, update on chat_acknowledged to sebez_kernel;

-- Rows -------------------------------------------------------------------------------------------

do $$
declare
	t text;
begin
	foreach t in array array['conversation', 'message', 'message_history', 'reaction', 'staff_read',
		'conversation_note', 'canned_reply', 'message_report', 'message_held', 'chat_block',
		'vendor_response', 'chat_acknowledged'] loop
		execute format('alter table %I enable row level security, force row level security', t);
		execute format('create policy everything on %I to sebez_admin, sebez_jobs, sebez_kernel, '
			'sebez_owner using (true) with check (true)', t);
	end loop;
	foreach t in array array['conversation', 'staff_read', 'conversation_note', 'canned_reply',
		'vendor_response'] loop
		execute format('create policy of_vendor on %I to sebez_vendor using (vendor_id = current_vendor()) '
			'with check (vendor_id = current_vendor())', t);
	end loop;
	-- Either side reads what both wrote, and writes its own.
	foreach t in array array['message', 'message_history', 'reaction', 'message_report', 'message_held'] loop
		execute format('create policy of_vendor on %1$I to sebez_vendor using (vendor_id = current_vendor()%2$s) '
			'with check (vendor_id = current_vendor()%3$s)', t,
			case when t in ('message_report', 'message_held') then format(' and %s = ''vendor''',
				case t when 'message_held' then 'author' else 'side' end) end,
			case when t = 'message_history' then ' and by_account = current_account()'
			     else format(' and %s = ''vendor''', case when t in ('message', 'message_held')
			                 then 'author' else 'side' end) end);
		execute format('create policy of_customer on %1$I to sebez_customer '
			'using (account_id = current_account()%2$s) with check (account_id = current_account()%3$s)', t,
			case when t in ('message_report', 'message_held') then format(' and %s = ''customer''',
				case t when 'message_held' then 'author' else 'side' end) end,
			case when t = 'message_history' then ' and by_account = current_account()'
			     else format(' and %s = ''customer''', case when t in ('message', 'message_held')
			                 then 'author' else 'side' end) end);
	end loop;
end $$;
create policy of_customer on conversation to sebez_customer using (account_id = current_account())
	with check (account_id = current_account());
-- Either side knows of a block; who made it takes it away.
create policy of_vendor on chat_block for select to sebez_vendor using (vendor_id = current_vendor());
create policy by_vendor on chat_block for insert to sebez_vendor
	with check (vendor_id = current_vendor() and side = 'vendor');
create policy undo_by_vendor on chat_block for delete to sebez_vendor
	using (vendor_id = current_vendor() and side = 'vendor');
create policy of_customer on chat_block for select to sebez_customer using (account_id = current_account());
create policy by_customer on chat_block for insert to sebez_customer
	with check (account_id = current_account() and side = 'customer');
create policy undo_by_customer on chat_block for delete to sebez_customer
	using (account_id = current_account() and side = 'customer');
create policy published on vendor_response for select to sebez_public, sebez_customer using (true);

do $$
declare
	audited text;
begin
	foreach audited in array array['canned_reply', 'message_report', 'message_held', 'chat_block'] loop
		execute format('create trigger audit after insert or delete or update on %I for each row '
			'when (current_setting(''sebez.actor'', true) = ''admin'') execute function audit()', audited);
	end loop;
end $$;

-- Across borders ---------------------------------------------------------------------------------

set local role sebez_kernel;

-- How often a message was changed: its author may not read what it said before.
create function message_changes(vendor uuid, conversation uuid, number int) returns int
language sql stable security definer set search_path = public, pg_temp as $$
	select coalesce(max(h.number), 0) from message_history h
	where h.vendor_id = vendor and h.conversation_id = conversation and h.seq = message_changes.number
$$;
grant execute on function message_changes(uuid, uuid, int) to sebez_customer, sebez_vendor, sebez_admin;

-- Tells the conversations of sub-orders what became of them, whoever moved them.
create function chat_tell(sub_orders uuid[], became text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	c record;
begin
	for c in
		select x.vendor_id, x.id, x.account_id, x.state, x.awaiting_since, s.number, s.id as sub_order_id
		from conversation x
		join sub_order s on s.vendor_id = x.vendor_id and s.id = x.sub_order_id
		where x.sub_order_id = any (sub_orders) and s.state = became and x.product_id is null
		order by x.id
		for no key update of x
	loop
		perform message_add(c.vendor_id, c.id, c.account_id, c.state, c.awaiting_since, gen_random_uuid(),
			'system', null, null, 'system', format('Order %s: %s', c.number, replace(became, '_', ' ')), null,
			json_build_object('sub_order_id', c.sub_order_id, 'number', c.number, 'status', became), null);
	end loop;
end $$;
grant execute on function chat_tell(uuid[], text) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

-- The devices of these owners have their events up to these numbers, and so the messages among them:
-- two statements however many owners there are, and one for each conversation that has moved.
create function feed_acknowledged(owners uuid[], numbers bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	got record;
	c record;
	told json;
begin
	for got in
		select g.owner, (e.payload ->> 'conversation_id')::uuid as id, max((e.payload ->> 'seq')::int) as seq
		from unnest(owners, numbers) as g (owner, number)
		left join chat_acknowledged a on a.owner_id = g.owner
		join event e on e.owner_id = g.owner and e.number > coalesce(a.number, 0) and e.number <= g.number
		     and e.kind = 'message_sent'
		group by 1, 2 order by 2, 1
	loop
		update conversation x
		set customer_delivered = case x.account_id when got.owner then got.seq else x.customer_delivered end,
		    vendor_delivered = case x.vendor_id when got.owner then got.seq else x.vendor_delivered end
		where x.id = got.id and (x.account_id = got.owner and x.customer_delivered < got.seq
		                         or x.vendor_id = got.owner and x.vendor_delivered < got.seq)
		returning x.vendor_id, x.account_id into c;
		if found then
			told := json_build_object('conversation_id', got.id, 'seq', got.seq,
				'side', case c.vendor_id when got.owner then 'vendor' else 'customer' end);
			perform chat_announce(c.vendor_id, c.account_id, 'message_delivered', told, told);
		end if;
	end loop;
	insert into chat_acknowledged as a (owner_id, number)
	select g.owner, g.number from unnest(owners, numbers) as g (owner, number) order by g.owner
	on conflict (owner_id) do update set number = excluded.number where a.number < excluded.number;
end $$;
grant execute on function feed_acknowledged(uuid[], bigint[]) to sebez_jobs;

-- Oversight --------------------------------------------------------------------------------------

set local role sebez_owner;

create function message_report_decide(report uuid, remove boolean) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	r record;
begin
	select x.vendor_id, x.conversation_id, x.account_id, x.seq, x.state into r
	from message_report x where x.id = report;
	if not found then
		raise exception 'There is no such report.' using errcode = 'SB404';
	end if;
	perform from conversation c where c.vendor_id = r.vendor_id and c.id = r.conversation_id
	for no key update;
	if not exists (select from message_report x where x.id = report and x.state = 'open') then
		raise exception 'This report is decided.' using errcode = 'SB409';
	end if;
	if remove and exists (select from message m where m.vendor_id = r.vendor_id
	                      and m.conversation_id = r.conversation_id and m.seq = r.seq
	                      and m.deleted_at is null) then
		perform message_empty(r.vendor_id, r.conversation_id, r.account_id, r.seq, 'removed');
	end if;
	update message_report x set state = case when remove then 'removed' else 'dismissed' end,
		decided_by = current_account(), decided_at = now()
	where x.vendor_id = r.vendor_id and x.conversation_id = r.conversation_id and x.seq = r.seq
	and x.state = 'open';
end $$;

create function message_remove(the_id uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	m record;
begin
	select x.vendor_id, x.conversation_id, x.account_id, x.seq into m from message x where x.id = the_id;
	if not found then
		raise exception 'There is no such message.' using errcode = 'SB404';
	end if;
	perform from conversation c where c.vendor_id = m.vendor_id and c.id = m.conversation_id
	for no key update;
	if exists (select from message x where x.id = the_id and x.deleted_at is null) then
		perform message_empty(m.vendor_id, m.conversation_id, m.account_id, m.seq, 'removed');
	end if;
end $$;

create function message_held_decide(held uuid, release boolean) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	h record;
	c record;
begin
	select x.* into h from message_held x where x.id = held for update;
	if not found then
		raise exception 'There is no such message.' using errcode = 'SB404';
	elsif h.state <> 'held' then
		raise exception 'This message is decided.' using errcode = 'SB409';
	end if;
	update message_held x set state = case when release then 'released' else 'refused' end,
		decided_by = current_account(), decided_at = now()
	where x.vendor_id = h.vendor_id and x.id = held;
	if release then
		select x.state, x.awaiting_since into c from conversation x
		where x.vendor_id = h.vendor_id and x.id = h.conversation_id for no key update;
		perform message_add(h.vendor_id, h.conversation_id, h.account_id, c.state, c.awaiting_since, h.id,
			h.author, h.author_id, h.client_id, h.kind, h.text, h.attachments, h.card, h.reply_to);
	end if;
end $$;
grant execute on function message_report_decide(uuid, boolean), message_remove(uuid),
	message_held_decide(uuid, boolean) to sebez_admin;

-- Nothing that a person wrote, was called or complained of is left; places and counts stay.
create function chat_erase(account uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	update conversation c set customer_name = 'Erased' where c.account_id = account;
	delete from message_history h using message m
	where m.vendor_id = h.vendor_id and m.conversation_id = h.conversation_id and m.seq = h.seq
	and m.account_id = account and m.author = 'customer';
	update message m set text = '', attachments = '[]', card = null, edited_at = null,
		deleted_at = coalesce(m.deleted_at, now())
	where m.account_id = account and m.author = 'customer' and m.vendor_id in
		(select c.vendor_id from conversation c where c.account_id = account)
	and m.conversation_id in (select c.id from conversation c where c.account_id = account);
	update conversation c set vendor_unread = 0 where c.account_id = account and c.vendor_unread > 0;
	update message_held h set text = '', attachments = '[]', card = null
	where h.account_id = account and h.author = 'customer';
	update message_report r set comment = null where r.account_id = account and r.side = 'customer';
	delete from reaction r using message m
	where m.vendor_id = r.vendor_id and m.conversation_id = r.conversation_id and m.seq = r.seq
	and m.account_id = account and m.author = 'customer';
	delete from reaction r where r.by_account = account;
end $$;
grant execute on function chat_erase(uuid) to sebez_jobs;
grant update (vendor_unread) on conversation to sebez_jobs;

-- What a message said before each change, oldest first; for admins.
create function message_past(vendor uuid, conversation uuid, number int) returns json
language sql stable set search_path = public, pg_temp as $$
	select coalesce(json_agg(json_build_object('action', h.action, 'text', h.text, 'attachments', h.attachments,
		'by', h.by_account, 'at', json_time(h.at)) order by h.number), '[]')
	from message_history h
	where h.vendor_id = vendor and h.conversation_id = conversation and h.seq = message_past.number
$$;
grant execute on function message_past(uuid, uuid, int) to sebez_admin;
