-- What grows is looked at by its index, and bounded.
set local role sebez_owner;

-- Each topic has a consumer that takes the oldest: rows of another that stay for days are not read.
create index outbox_topic on outbox (topic, id) where done_at is null;
drop index outbox_open;

-- Forgotten with the sessions (src/shop/accounts/upkeep.c).
create index staff_invitation_age on staff_invitation (expires_at);

-- Moving or removing a category asks for its products.
create index product_category on product (category_id) where category_id is not null;

-- Each conversation is forgotten by itself (conversation_forget, db/functions/chat_erase.sql).
drop function if exists conversations_forget(int);
grant select on conversation_note to sebez_kernel;

-- What a device starts from: what is open, newest first, among all that was ever sold.
create index sub_order_open on sub_order (vendor_id, created_at desc, id desc)
	where state not in ('completed', 'cancelled');
create index sub_order_open_account on sub_order (account_id, order_id)
	where state not in ('completed', 'cancelled');

-- A vendor's search in its messages goes from the newest: it read them all, whatever it found.
create index message_vendor on message (vendor_id, created_at desc, id desc);

-- Who customers are and where they live is no part of the audit trail (db/functions/audit.sql).
update audit_log a set before = a.before - n.words, after = a.after - n.words
from (values ('account', array['name', 'email']), ('conversation', array['customer_name']),
	('sub_order', array['customer_name', 'shipping_address', 'note'])) as n (kind, words)
where a.object_kind = n.kind and (a.before ?| n.words or a.after ?| n.words);

-- Who is given a role that reads no conversations is assigned to none, as who leaves.
create trigger unassign_role before update of role on staff for each row
	when (old.role <> new.role) execute function unassign_staff();
do $$
begin
	perform feed_note(c.vendor_id, 'conversation_assigned',
		json_build_object('conversation_id', c.id, 'staff_id', null))
	from conversation c join staff s on s.vendor_id = c.vendor_id and s.account_id = c.assigned_to
	where s.role = 'finance';
	update conversation c set assigned_to = null
	from staff s where s.vendor_id = c.vendor_id and s.account_id = c.assigned_to and s.role = 'finance';
	set local role sebez_kernel;
	perform feed_flush('{}', '{}', '{}');
	set local role sebez_owner;
end $$;

-- Who writes a row that hangs on another must see that other: it was asked only of who reads. By keys, as
-- placing an order asks for each of its rows.
do $$
declare
	hangs record;
begin
	for hangs in select * from (values
		('stock_reservation', 'order_line', 'order_line_id'),
		('sub_order_history', 'sub_order', 'sub_order_id'),
		('commission_line', 'sub_order', 'sub_order_id'),
		('shipment', 'sub_order', 'sub_order_id'),
		('message', 'conversation', 'conversation_id'),
		('message_history', 'conversation', 'conversation_id'),
		('message_held', 'conversation', 'conversation_id'),
		('message_report', 'conversation', 'conversation_id'),
		('reaction', 'conversation', 'conversation_id')) as h (child, parent, key)
	loop
		execute format('alter policy of_customer on %1$I with check (%4$s and exists (select from %2$I parent '
			'where parent.vendor_id = %1$I.vendor_id and parent.id = %1$I.%3$I))', hangs.child, hangs.parent,
			hangs.key, (select p.with_check from pg_policies p
			            where p.tablename = hangs.child and p.policyname = 'of_customer'));
	end loop;
	-- A notice is about an order, or a part of it, or a conversation, that whoever leaves it sees.
	for hangs in select * from (values ('sebez_customer'), ('sebez_vendor')) as w (who) loop
		execute format('alter policy %1$I on outbox with check (case topic
			when ''message_push'' then exists (select from conversation c where c.id = outbox.subject_id)
			when ''sub_order_changed'' then exists (select from sub_order s where s.id = outbox.subject_id)
			else exists (select from sub_order s where s.order_id = outbox.subject_id) end)', hangs.who);
	end loop;
end $$;
