-- Statements of the admin endpoints of chat.

-- reports_page (id uuid?, state text?, after_key time, after_id uuid, page_size int): many
select r.id, r.conversation_id, r.seq, r.side as reported_by, r.reason, r.comment, r.state as status,
       m.id as "message.id", m.author as "message.author", m.kind as "message.kind", m.text as "message.text",
       m.attachments as "message.attachments", m.created_at as "message.created_at",
       m.deleted_at as "message.deleted_at",
       v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       a.id as "customer.id", a.name as "customer.name", r.decided_at, r.created_at, r.created_at as "_key"
from message_report r
join message m on m.vendor_id = r.vendor_id and m.conversation_id = r.conversation_id and m.seq = r.seq
join vendor v on v.id = r.vendor_id
join account a on a.id = r.account_id
where (r.created_at, r.id) < (:after_key, :after_id)
[id: and r.id = :id]
[state: and r.state = :state]
order by r.created_at desc, r.id desc
limit :page_size;

-- report_decide (id uuid, remove bool): none writes
select message_report_decide(:id, :remove);

-- overseen_messages (id uuid, report bool, after_key bigint, page_size int): many
-- A page of a conversation, or ten messages before and after one that was reported; each with its content before
-- each change.
select m.id, m.seq, m.author, m.author_id, m.kind, m.text, m.attachments, m.created_at, m.edited_at, m.deleted_at,
       coalesce((
		select json_agg(json_build_object('action', h.action, 'text', h.text, 'attachments', h.attachments,
			'by', h.by_account, 'at', json_time(h.at)) order by h.number)
		from message_history h
		where h.vendor_id = m.vendor_id and h.conversation_id = m.conversation_id and h.seq = m.seq), '[]') as history,
       m.seq::bigint as "_key"
[report: from message_report r
join message m on m.vendor_id = r.vendor_id and m.conversation_id = r.conversation_id
     and m.seq between r.seq - 10 and r.seq + 10
where r.id = :id
order by m.seq]
[!report: from message m
where m.conversation_id = :id
and m.vendor_id = (select c.vendor_id from conversation c where c.id = :id)
and m.seq < :after_key
order by m.seq desc
limit :page_size];

-- message_remove (id uuid): none writes
select message_remove(:id);

-- held_page (state text, after_key time, after_id uuid, page_size int): many
select h.id, h.conversation_id, h.author, h.kind, h.text, h.attachments, to_json(h.found) as found,
       h.state as status, v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       a.id as "customer.id", a.name as "customer.name", h.decided_at, h.created_at, h.created_at as "_key"
from message_held h
join vendor v on v.id = h.vendor_id
join account a on a.id = h.account_id
where h.state = :state and (h.created_at, h.id) < (:after_key, :after_id)
order by h.created_at desc, h.id desc
limit :page_size;

-- held_decide (id uuid, release bool): none writes
select message_held_decide(:id, :release);

-- chat_settings (): one
select f.chat_phone as phone, f.chat_email as email, f.chat_link as link,
       f.chat_retention_days as retention_days
from platform f;

-- chat_settings_put (phone text, email text, link text, retention_days int): one
update platform set chat_phone = :phone, chat_email = :email, chat_link = :link,
       chat_retention_days = :retention_days, version = version + 1
returning chat_phone as phone, chat_email as email, chat_link as link,
          chat_retention_days as retention_days;
