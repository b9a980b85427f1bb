-- The shared inbox of a vendor's staff.

-- inbox_page (id uuid?, vendor uuid, state text?, unread bool, mine bool, unassigned bool, sub_order uuid?,
--     after_key time, after_id uuid, page_size int): many
select c.id, c.account_id as "customer.id", c.customer_name as "customer.name",
       (select product_card(p) from product p where p.vendor_id = c.vendor_id and p.id = c.product_id) as product,
       (select sub_order_card(s) from sub_order s
        where s.vendor_id = c.vendor_id and s.id = c.sub_order_id) as sub_order,
       c.state as status, c.assigned_to as "assignee.id",
       (select a.name from account a where a.id = c.assigned_to) as "assignee.name",
       c.last_seq, c.vendor_unread as unread, c.last_note as notes,
       coalesce((select r.seq from staff_read r where r.vendor_id = c.vendor_id and r.conversation_id = c.id
                 and r.staff_id = current_account()), 0) as my_read_seq,
       c.customer_read as "read.customer", c.vendor_read as "read.vendor",
       c.customer_delivered as "delivered.customer", c.vendor_read as "delivered.vendor",
       (select message_excerpt(m.seq, m.author, m.kind, m.text, m.created_at, m.deleted_at)
        from message m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
        and m.seq = c.last_seq) as last_message,
       exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id) as blocked,
       exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id
               and b.side = 'vendor') as blocked_by_me,
       (select m.until from conversation_mute m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
        and m.account_id = current_account() and m.until > now()) as muted_until,
       c.awaiting_since, c.last_message_at, c.created_at, c.last_message_at as "_key",
       c.account_id as "_other"
from conversation c
where c.vendor_id = :vendor
and c.last_message_hour <= :after_key and (c.last_message_at, c.id) < (:after_key, :after_id)
[id: and c.id = :id]
[state: and c.state = :state]
[unread: and c.vendor_has_unread]
[mine: and c.assigned_to = current_account()]
[unassigned: and c.assigned_to is null]
[sub_order: and c.sub_order_id = :sub_order]
order by c.last_message_hour desc, c.last_message_at desc, c.id desc
limit :page_size;

-- inbox_unread (vendor uuid): one
select count(*) as conversations, coalesce(sum(c.vendor_unread), 0)::bigint as messages,
       count(*) filter (where c.assigned_to = current_account()) as mine
from conversation c where c.vendor_id = :vendor and c.vendor_has_unread;

-- conversation_assign (conversation uuid, staff uuid?): none writes
select conversation_assign(:conversation, :staff);

-- conversation_set_state (conversation uuid, state text): one
-- Adds an event only on change.
with before as (
	select c.id, c.vendor_id, c.account_id, c.state from conversation c where c.id = :conversation
	for no key update
), changed as (
	update conversation c set state = :state,
	    awaiting_since = case :state when 'closed' then null else c.awaiting_since end
	from before b where c.vendor_id = b.vendor_id and c.id = b.id and b.state <> :state
	returning c.id, c.vendor_id, c.account_id
), added as (
	select d.id from changed d, feed_add_events(case :state
		when 'closed' then event_conversation_closed(d.account_id, d.vendor_id, conversation_id => d.id)
		else event_conversation_reopened(d.account_id, d.vendor_id, conversation_id => d.id) end)
)
select b.id, (select count(*) from added) as "_added" from before b;

-- note_add (conversation uuid, text text): one writes -> (number int)
select conversation_note_add(:conversation, :text) as number;

-- notes_page (conversation uuid, after_key bigint, page_size int): many
select n.conversation_id, n.number, n.text, n.after_seq, n.author_id as staff_id,
       (select a.name from account a where a.id = n.author_id) as staff_name, n.created_at,
       n.number::bigint as "_key", n.conversation_id as "_id"
from conversation_note n
where n.conversation_id = :conversation
and n.vendor_id = current_vendor() and n.number > :after_key
order by n.number
limit :page_size;

-- notes_last (conversation uuid): one
-- The note that this transaction has just added.
select n.conversation_id, n.number, n.text, n.after_seq, n.author_id as staff_id,
       (select a.name from account a where a.id = n.author_id) as staff_name, n.created_at
from conversation_note n
where n.conversation_id = :conversation and n.vendor_id = current_vendor()
order by n.number desc
limit 1;

-- canned_replies (vendor uuid, after_key time, after_id uuid, page_size int): many
select r.id, r.title, r.text, r.created_at, r.created_at as "_key"
from canned_reply r
where r.vendor_id = :vendor and (r.created_at, r.id) > (:after_key, :after_id)
order by r.created_at, r.id
limit :page_size;

-- canned_reply_insert (vendor uuid, id uuid, title text, text text): one
insert into canned_reply (vendor_id, id, title, text) values (:vendor, :id, :title, :text)
returning id, title, text, created_at;

-- canned_reply_update (vendor uuid, id uuid, title text?, text text?): one
update canned_reply set title = coalesce(:title, title), text = coalesce(:text, text)
where vendor_id = :vendor and id = :id
returning id, title, text, created_at;

-- canned_reply_delete (vendor uuid, id uuid): one
delete from canned_reply where vendor_id = :vendor and id = :id returning id;
