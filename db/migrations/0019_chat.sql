-- Chat: a client's key for a message is its author's own, and says of what it was the key.
set local role sebez_owner;

alter table message add column client_digest uuid;
alter table message drop constraint message_conversation_id_author_client_id_key;
alter table message add unique (conversation_id, author, author_id, client_id);

alter table message_held add column client_digest uuid;
alter table message_held drop constraint message_held_conversation_id_author_client_id_key;
alter table message_held add unique (conversation_id, author, author_id, client_id);

grant select on message_held to sebez_kernel;

-- What is written of a message includes what its key stands for (db/functions/chat_send.sql).
drop function message_add(uuid, uuid, uuid, text, timestamptz, uuid, text, uuid, text, text, text, json,
	json, int);

-- What a message said before it was changed is in no feed (message_retell): found by its id.
create index event_message on event ((payload ->> 'id')) where kind in ('message_sent', 'message_edited');
grant update (payload) on event to sebez_kernel;

update event e
set payload = (e.payload::jsonb || case e.kind
	when 'message_edited' then jsonb_build_object('text', m.text)
	else jsonb_build_object('text', m.text, 'attachments', m.attachments, 'card', m.card) end)::json
from message m
where (m.deleted_at is not null or m.edited_at is not null)
and e.kind in ('message_sent', 'message_edited') and e.payload ->> 'id' = m.id::text;

-- Who wants what they wrote to be gone, from all conversations. Taken up by a job, which goes from
-- conversation to conversation (chat_erase_step) and remembers how far it is.
create table chat_erasure (
	account_id uuid primary key references account (id),
	asked_at   timestamptz not null,
	beyond     uuid, -- the last conversation that is done
	done_at    timestamptz
);
create index chat_erasure_open on chat_erasure (asked_at) where done_at is null;
alter table chat_erasure enable row level security, force row level security;
create policy everything on chat_erasure to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on chat_erasure to sebez_customer using (account_id = current_account())
	with check (account_id = current_account());
grant select, insert, update on chat_erasure to sebez_customer, sebez_admin;
grant select, update (beyond, done_at) on chat_erasure to sebez_jobs;
create trigger audit after insert or update of asked_at on chat_erasure for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

drop function chat_erase(uuid);
grant update (customer_unread, awaiting_since) on conversation to sebez_jobs;
grant update (client_id, client_digest) on message to sebez_jobs;
grant update (client_id, client_digest, state, decided_at) on message_held to sebez_jobs;

-- The words of people are no part of the audit trail, for they go when the people say so.
update audit_log set before = before - array['text', 'attachments', 'card', 'comment'],
	after = after - array['text', 'attachments', 'card', 'comment']
where object_kind in ('message_held', 'message_report');

-- Notices for push that nobody took are removed by their age.
create index outbox_push_old on outbox (created_at) where topic = 'message_push' and attempts > 0;
