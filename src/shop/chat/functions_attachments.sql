-- Chat: attachments of messages, which are kept with them as JSON (attachments.c).
set local role sebez_owner;

-- As events show them: without what links are made of.
create or replace function attachments_told(attachments json) returns json language sql stable as $$
	select coalesce(json_agg(shape_message_attachment(id => (a.value ->> 'id')::uuid, kind => a.value ->> 'kind',
		name => a.value ->> 'name', image => null, file => null, expires_at => null) order by a.ordinality), '[]')
	from json_array_elements(attachments) with ordinality a
$$;
grant execute on function attachments_told(json) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

-- Refers to the uploads of a new message, sent or held.
create or replace function attachments_refer(vendor uuid, conversation uuid, account uuid, message uuid,
	attachments json) returns void language plpgsql as $$
begin
	insert into message_attachment (vendor_id, conversation_id, message_id, upload_id, account_id)
	select vendor, conversation, message, (a.value ->> 'id')::uuid, account from json_array_elements(attachments) a;
end $$;
grant execute on function attachments_refer(uuid, uuid, uuid, uuid, json) to sebez_customer, sebez_vendor;

-- Removes the files that a customer attached in a conversation until then, unless they are used elsewhere.
create or replace function attachments_erase(vendor uuid, conversation uuid, up_to timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	released uuid[];
begin
	with gone as (
		delete from message_attachment a
		where a.vendor_id = vendor and a.conversation_id = conversation and a.message_id in (
			select m.id from message m where m.vendor_id = vendor and m.conversation_id = conversation
			and m.author = 'customer' and m.created_at <= up_to
			union all
			select h.id from message_held h where h.vendor_id = vendor and h.conversation_id = conversation
			and h.author = 'customer' and h.created_at <= up_to)
		returning a.upload_id
	)
	select array_agg(g.upload_id) into released from gone g;
	perform uploads_discard(released);
end $$;
grant execute on function attachments_erase(uuid, uuid, timestamptz) to sebez_jobs;

-- Of the uploads' showing (media/functions_images.sql).
create or replace function show_in_message(u upload, beyond uuid, most int) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
	ids uuid[] := array(select a.message_id from message_attachment a where a.upload_id = u.id and a.message_id > beyond
	                    order by a.message_id limit most);
begin
	perform from message m where m.id = any (ids) order by m.id for no key update;
	update message m set attachments = attachments_renewed(m.attachments, u)
	where m.id = any (ids) and m.deleted_at is null;
	update message_held h set attachments = attachments_renewed(h.attachments, u)
	from message_attachment a
	where a.upload_id = u.id and a.message_id = any (ids) and h.vendor_id = a.vendor_id and h.id = a.message_id
	and h.state = 'held';
	return case when cardinality(ids) = most then ids[most] end;
end $$;

-- The kept attachments with the present facts of one of their uploads.
create or replace function attachments_renewed(attachments json, u upload) returns json language sql immutable as $$
	select json_agg(case when (a.value ->> 'id')::uuid = u.id
		then (a.value::jsonb || jsonb_build_object('facts', upload_facts(u)))::json else a.value end
		order by a.ordinality)
	from json_array_elements(attachments) with ordinality a
$$;
