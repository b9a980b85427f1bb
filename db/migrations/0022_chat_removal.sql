-- What admins take away of conversations is in the audit trail; what is deleted already is told apart.
set local role sebez_owner;

create trigger audit after update of deleted_at on message for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

-- Its result changes (db/functions/chat_changes.sql).
drop function message_of_mine(uuid, uuid);
