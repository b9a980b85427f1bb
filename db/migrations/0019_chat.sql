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
