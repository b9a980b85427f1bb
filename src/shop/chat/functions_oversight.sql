-- Chat: decisions of admins.
set local role sebez_owner;

-- Notes the event of a held message's status. Only the author's side is notified.
create or replace function message_held_add_event(vendor uuid, account uuid, author text, conversation uuid,
                                             held uuid, status text)
returns void language plpgsql as $$
begin
	perform feed_add_events(event_message_held(case author when 'customer' then account else vendor end,
		conversation_id => conversation, id => held, status => status));
end $$;
grant execute on function message_held_add_event(uuid, uuid, text, uuid, uuid, text) to sebez_customer, sebez_vendor,
	sebez_admin, sebez_jobs;

-- Lock order as in an erasure: erasure request, conversation, held message. A message whose author has
-- requested erasure cannot be released, even before the job has processed it.
create or replace function message_held_decide(held uuid, release boolean) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	h message_held;
	c record;
begin
	select x.* into h from message_held x where x.id = held;
	if not found then
		raise exception 'Message not found.' using errcode = 'SB404';
	end if;
	perform chat_lock_erasure(h.account_id);
	select x.state, x.awaiting_since into c from conversation x
	where x.vendor_id = h.vendor_id and x.id = h.conversation_id for no key update;
	select x.* into h from message_held x where x.vendor_id = h.vendor_id and x.id = held for update;
	if h.state is distinct from 'held' then
		raise exception 'This message was already reviewed.' using errcode = 'SB409';
	elsif release and h.author = 'customer' and exists (select from chat_erasure e
	      where e.account_id = h.account_id and e.done_at is null and e.asked_at >= h.created_at) then
		raise exception 'The author has deleted this message.' using errcode = 'SB409';
	end if;
	update message_held x set state = case when release then 'released' else 'refused' end,
		decided_by = current_account(), decided_at = now()
	where x.vendor_id = h.vendor_id and x.id = held;
	perform message_held_add_event(h.vendor_id, h.account_id, h.author, h.conversation_id, held,
		case when release then 'released' else 'refused' end);
	if release then
		perform chat_refuse_blocked(h.vendor_id, h.account_id);
		perform message_add(h.vendor_id, h.conversation_id, h.account_id, c.state, c.awaiting_since, h.id,
			h.author, h.author_id, h.client_id, h.client_digest, h.kind, h.text,
			nullif(h.attachments::text, '[]')::json, h.card, h.reply_to);
	end if;
end $$;
grant execute on function message_held_decide(uuid, boolean) to sebez_admin;

create or replace function message_report_decide(report uuid, remove boolean) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	r record;
begin
	select x.vendor_id, x.conversation_id, x.account_id, x.seq, x.state into r
	from message_report x where x.id = report;
	if not found then
		raise exception 'Report not found.' using errcode = 'SB404';
	end if;
	perform from conversation c where c.vendor_id = r.vendor_id and c.id = r.conversation_id
	for no key update;
	if not exists (select from message_report x where x.id = report and x.state = 'open') then
		raise exception 'This report was already closed.' using errcode = 'SB409';
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
grant execute on function message_report_decide(uuid, boolean) to sebez_admin;

create or replace function message_remove(the_id uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	m record;
begin
	select x.vendor_id, x.conversation_id, x.account_id, x.seq into m from message x where x.id = the_id;
	if not found then
		raise exception 'Message not found.' using errcode = 'SB404';
	end if;
	perform from conversation c where c.vendor_id = m.vendor_id and c.id = m.conversation_id
	for no key update;
	if exists (select from message x where x.id = the_id and x.deleted_at is null) then
		perform message_empty(m.vendor_id, m.conversation_id, m.account_id, m.seq, 'removed');
	end if;
end $$;
grant execute on function message_remove(uuid) to sebez_admin;
