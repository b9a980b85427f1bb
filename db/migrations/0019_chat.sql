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
