-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: messages of a conversation are numbered without a gap
select c.id::text from conversation c
left join (select m.conversation_id, count(*) n, max(m.seq) last from message m group by 1) m
	on m.conversation_id = c.id
where c.last_seq <> coalesce(m.n, 0) or c.last_seq <> coalesce(m.last, 0);

-- check: notes of a conversation are numbered without a gap
select c.id::text from conversation c
left join (select x.conversation_id, count(*) n, max(x.number) last from conversation_note x group by 1) x
	on x.conversation_id = c.id
where c.last_note <> coalesce(x.n, 0) or c.last_note <> coalesce(x.last, 0);

-- check: every message has exactly one event for each side, of its transaction
select m.id::text from message m join conversation c on c.id = m.conversation_id
cross join lateral (values (c.account_id), (c.vendor_id)) as o (owner_id)
left join (select e.owner_id, e.tx, e.payload ->> 'id' as id, (e.payload ->> 'seq')::int as seq, count(*) n
	from event e where e.kind = 'message_sent' group by 1, 2, 3, 4) e
	on e.owner_id = o.owner_id and e.tx = m.tx and e.id = m.id::text and e.seq = m.seq
where m.created_at > now() - interval '29 days' and e.n is distinct from 1;

-- check: unread counters equal the messages after the read position
select c.id::text from conversation c cross join lateral (select
	count(*) filter (where m.author <> 'customer' and m.seq > c.customer_read) of_customer,
	count(*) filter (where m.author = 'customer' and m.seq > c.vendor_read) of_vendor
	from message m where m.vendor_id = c.vendor_id and m.conversation_id = c.id
	and m.deleted_at is null) n
where (c.customer_unread, c.vendor_unread) is distinct from (n.of_customer::int, n.of_vendor::int);

-- check: read positions are within the conversation, and a vendor's is the furthest of its staff
select c.id::text from conversation c
left join (select r.conversation_id, max(r.seq) seq from staff_read r group by 1) r
	on r.conversation_id = c.id
where c.customer_read > c.last_seq or c.vendor_read > c.last_seq
or c.vendor_read <> coalesce(r.seq, 0);

-- check: acknowledged events exist and their messages are marked as delivered
select a.owner_id::text from chat_acknowledged a left join feed f on f.owner_id = a.owner_id
where a.number > coalesce(f.last_number, 0)
union all select c.id::text from (
	select e.owner_id, (e.payload ->> 'conversation_id')::uuid as id,
		max((e.payload ->> 'seq')::int) filter (where e.payload ->> 'author' = 'customer') as of_customer,
		max((e.payload ->> 'seq')::int) filter (where e.payload ->> 'author' <> 'customer') as of_others
	from chat_acknowledged a join event e on e.owner_id = a.owner_id and e.number <= a.number
	where e.kind = 'message_sent' group by 1, 2) d
join conversation c on c.id = d.id
where case d.owner_id when c.vendor_id then d.of_customer > c.vendor_delivered
		else d.of_others > c.customer_delivered end;

-- check: deleted messages have no content and no reactions
select m.id::text from message m where m.deleted_at is not null
and (m.text <> '' or m.attachments::text <> '[]' or m.card is not null
		or exists (select from reaction r where r.vendor_id = m.vendor_id
		and r.conversation_id = m.conversation_id and r.seq = m.seq));

-- check: messages refer to the uploads that they show
select s.id::text from (
	select m.id, m.attachments from message m where m.attachments::text <> '[]'
	union all select h.id, h.attachments from message_held h where h.attachments::text <> '[]'
	union all select m.id, h.attachments from message_history h join message m on m.vendor_id = h.vendor_id
	and m.conversation_id = h.conversation_id and m.seq = h.seq where h.attachments::text <> '[]') s
cross join json_array_elements(s.attachments) a
where not exists (select from message_attachment x where x.message_id = s.id
	and x.upload_id = (a.value ->> 'id')::uuid);
