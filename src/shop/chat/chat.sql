-- Conversations and messages for both sides. Row level security limits what an actor may see and write; changes
-- that need one transaction under the conversation's lock are functions (functions_*.sql).

-- conversation_open (vendor uuid, account uuid?, id uuid, product uuid?, sub_order uuid?): one writes -> (id uuid)
select conversation_open(:vendor, :account, :id, :product, :sub_order) as id;

-- conversations_page (id uuid?, account uuid, state text?, unread bool, after_key time, after_id uuid,
--     page_size int): many
-- A customer's conversations, by newest message first; or one of them.
select c.id, c.vendor_id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       (select product_card(p) from product p where p.vendor_id = c.vendor_id and p.id = c.product_id) as product,
       (select sub_order_card(s) from sub_order s
        where s.vendor_id = c.vendor_id and s.id = c.sub_order_id) as sub_order,
       c.state as status, c.last_seq, c.customer_unread as unread,
       c.customer_read as "read.customer", c.vendor_read as "read.vendor",
       c.customer_read as "delivered.customer", c.vendor_delivered as "delivered.vendor",
       (select message_excerpt(m.seq, m.author, m.kind, m.text, m.created_at, m.deleted_at)
        from message m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
        and m.seq = c.last_seq) as last_message,
       exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id) as blocked,
       exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id
               and b.side = 'customer') as blocked_by_me,
       (select m.until from conversation_mute m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
        and m.account_id = current_account() and m.until > now()) as muted_until,
       c.last_message_at, c.created_at, c.last_message_at as "_key", c.vendor_id as "_other"
from conversation c
left join vendor v on v.id = c.vendor_id
where c.account_id = :account
and c.last_message_hour <= :after_key and (c.last_message_at, c.id) < (:after_key, :after_id)
[id: and c.id = :id]
[state: and c.state = :state]
[unread: and c.customer_unread > 0]
order by c.last_message_hour desc, c.last_message_at desc, c.id desc
limit :page_size;

-- conversation_parties (id uuid): one -> (vendor_id uuid, account_id uuid, blocked bool)
select c.vendor_id, c.account_id,
       exists (select from chat_block b where b.vendor_id = c.vendor_id and b.account_id = c.account_id) as blocked
from conversation c where c.id = :id;

-- unread_total (account uuid): one
select count(*) filter (where c.customer_unread > 0) as conversations,
       coalesce(sum(c.customer_unread), 0)::bigint as messages
from conversation c where c.account_id = :account;

-- message_send (conversation uuid, id uuid, client_id text, digest uuid, rules text, found text[], kind text,
--     text text, attachments json?, product uuid?, sub_order uuid?, reply_to int?): none writes
-- Raises SBM01 with the current rules when they differ from those the message was judged by.
select message_send(:conversation, :id, :client_id, :digest, :rules, :found, :kind, :text, :attachments::json,
	:product, :sub_order, :reply_to);

-- messages_send (staff bool, side text, rules text, sent rows(author uuid, session uuid, vendor uuid?, roles int,
--     conversation uuid, id uuid, client_id text, digest uuid, text text, reply_to int?)): many writes
-- The messages that were sent, each as the statement messages shows it to its author.
select m.id, m.conversation_id, m.seq, m.author,
       [staff: m.author_id as staff_id, (select a.name from account a where a.id = m.author_id) as staff_name,]
       m.client_id, m.kind, m.text, m.attachments, m.card, m.reply_to, '[]'::json as reactions,
       m.created_at, m.edited_at, m.deleted_at
from messages_send(:side, :rules, :sent.author, :sent.session, :sent.vendor, :sent.roles, :sent.conversation,
	:sent.id, :sent.client_id, :sent.digest, :sent.text, :sent.reply_to) m;

-- messages (conversation uuid, id uuid?, client_id text?, author text?, by uuid?, staff bool, order choice(newest,
--     oldest), after_seq int?, before_seq int?, after_key bigint, page_size int): many
-- A page of a conversation, or one message of it.
select m.id, m.conversation_id, m.seq, m.author,
       [staff: case m.author when 'vendor' then m.author_id end as staff_id,
        (select a.name from account a where a.id = m.author_id and m.author = 'vendor') as staff_name,]
       case when m.author = chat_side() then m.client_id end as client_id,
       m.kind, m.text, m.attachments, m.card, m.reply_to,
       coalesce((select json_agg(shape_reaction(emoji => r.emoji, side => r.side) order by r.created_at)
                 from reaction r where r.vendor_id = m.vendor_id and r.conversation_id = m.conversation_id
                 and r.seq = m.seq), '[]'::json) as reactions,
       m.created_at, m.edited_at, m.deleted_at, m.seq::bigint as "_key"
from message m
where m.conversation_id = :conversation
and m.vendor_id = (select c.vendor_id from conversation c where c.id = :conversation)
[id: and m.id = :id]
[client_id: and m.client_id = :client_id]
[author: and m.author = :author]
[by: and m.author_id = :by]
[after_seq: and m.seq > :after_seq]
[before_seq: and m.seq < :before_seq]
[order = newest: and m.seq < :after_key]
[order = oldest: and m.seq > :after_key]
[order = newest: order by m.seq desc]
[order = oldest: order by m.seq]
limit :page_size;

-- held_of_mine (conversation uuid, client_id text): maybe
-- The caller's message with this client_id that is or was held.
select h.client_id, h.id, h.state = 'held' as held, h.state as status from message_held h
where h.conversation_id = :conversation and h.author = chat_side() and h.author_id = current_account()
and h.client_id = :client_id;

-- message_edit (conversation uuid, id uuid, rules text, wrong json?, text text): none writes
-- Raises SBM01 as message_send does.
select message_edit(:conversation, :id, :rules, :wrong::json, :text);

-- message_delete (conversation uuid, id uuid): none writes
select message_delete(:conversation, :id);

-- message_react (conversation uuid, id uuid, emoji text?): none writes
select message_react(:conversation, :id, :emoji);

-- message_is_theirs (conversation uuid, message uuid): none
select message_is_theirs(:conversation, :message);

-- message_report (id uuid, conversation uuid, message uuid, reason text, comment text?): one
-- One report per person and message. Messages of other conversations are not found.
with reported as (
	insert into message_report (vendor_id, id, conversation_id, seq, account_id, side, by_account, reason,
	                            comment)
	select m.vendor_id, :id, m.conversation_id, m.seq, m.account_id, chat_side(), current_account(), :reason,
	       :comment
	from message m
	where m.conversation_id = :conversation and m.id = :message
	returning id, reason, state, created_at
)
select r.id, r.reason, r.state as status, r.created_at from reported r;

-- conversation_read (conversation uuid, seq int): none writes
select conversation_mark_read(:conversation, :seq);

-- messages_found (account uuid?, vendor uuid?, q text, after_key time, after_id uuid, page_size int): many slow
-- Search in the actor's own conversations, newest first.
select m.id, m.conversation_id, m.seq, m.author, m.kind, m.text, m.created_at, m.created_at as "_key"
from message m
where m.text ilike containing(:q) and m.deleted_at is null
and (m.created_at, m.id) < (:after_key, :after_id)
[account: and m.account_id = :account
 and (m.vendor_id, m.conversation_id) in (select c.vendor_id, c.id from conversation c where c.account_id = :account)]
[vendor: and m.vendor_id = :vendor]
order by m.created_at desc, m.id desc
limit :page_size;

-- conversation_mute (conversation uuid, until time?): one
insert into conversation_mute as m (vendor_id, conversation_id, account_id, until)
select c.vendor_id, c.id, current_account(), coalesce(:until, timestamptz '9999-12-31 00:00Z')
from conversation c where c.id = :conversation
on conflict (vendor_id, conversation_id, account_id) do update set until = excluded.until;

-- conversation_unmute (conversation uuid): none
delete from conversation_mute m using conversation c
where c.id = :conversation and m.vendor_id = c.vendor_id and m.conversation_id = c.id
and m.account_id = current_account();

-- block_add (conversation uuid): none
-- Adds an event only when the block is new.
with blocked as (
	insert into chat_block (vendor_id, account_id, side, by_account)
	select c.vendor_id, c.account_id, chat_side(), current_account()
	from conversation c where c.id = :conversation
	on conflict (vendor_id, account_id, side) do nothing
	returning vendor_id, account_id
)
select chat_block_changed(b.vendor_id, b.account_id, true) from blocked b;

-- block_remove (conversation uuid): none
with removed as (
	delete from chat_block b using conversation c
	where c.id = :conversation and b.vendor_id = c.vendor_id and b.account_id = c.account_id
	and b.side = chat_side()
	returning b.vendor_id, b.account_id
)
select chat_block_changed(r.vendor_id, r.account_id, false) from removed r;

-- conversations_lock (sub_orders uuid[]): many writes
select c.id from conversation c where c.sub_order_id = any (:sub_orders) order by c.id for no key update;

-- chat_system_message (sub_orders uuid[], became text, said text): none writes
-- said contains %s for the number of the sub-order.
select chat_system_message(:sub_orders, :became, :said);

-- conversations_silent (most int): many -> (id uuid)
-- Conversations without messages for longer than the retention time.
select c.id from conversation c
cross join (select now() - make_interval(days => f.chat_retention_days) as since from platform f) r
where c.last_message_hour <= r.since and c.last_message_at < r.since
order by c.last_message_hour
limit :most;

-- conversation_forget (id uuid): none writes
select conversation_forget(:id);

-- chat_erase_ask (account uuid, reason text?): one writes
select e.asked_at, e.done_at from chat_erase_ask(:account, :reason) e;

-- chat_erase_step (most int): one writes -> (more bool)
select chat_erase_step(:most) as more;

-- staff_acknowledged (readers rows(vendor uuid, account uuid, number bigint)): none
-- Those who have left the staff meanwhile are left out.
insert into staff_acknowledged as a (vendor_id, account_id, number)
select r.vendor, r.account, max(r.number) from :readers as r
where exists (select from staff s where s.vendor_id = r.vendor and s.account_id = r.account)
group by r.vendor, r.account order by r.vendor, r.account
on conflict (vendor_id, account_id) do update set number = excluded.number where a.number < excluded.number;

-- chat_acknowledged (owners uuid[], numbers bigint[]): none writes
select feed_acknowledged(:owners, :numbers);
