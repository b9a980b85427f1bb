-- Chat: what admins decide.
set local role sebez_owner;

create or replace function message_held_decide(held uuid, release boolean) returns void
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
			h.author, h.author_id, h.client_id, h.client_digest, h.kind, h.text, h.attachments, h.card, h.reply_to);
	end if;
end $$;
