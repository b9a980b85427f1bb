-- Old events and messages, on a database with the marketplace of seed.sql. Events are of all customers and vendors
-- in turn, over the last four weeks. psql variables: events, customers, vendors.
\set ON_ERROR_STOP on
set role sebez_owner;
select partition_make(p, w.week)
from partitioned p
cross join (select distinct week_of(now() - d * interval '7 days') as week from generate_series(0, 4) d) w
where p.name = 'event' and to_regclass(partition_name(p.name, w.week)) is null order by w.week;
reset role;
set session_replication_role = replica;
set synchronous_commit = off;
insert into feed (owner_id, last_number)
select case when n < :customers then seed_id(1, n + 1) else seed_id(2, n - :customers + 1) end,
       1 + :events / (:customers + :vendors)
from generate_series(0, :customers + :vendors - 1) n;
-- Their transaction is older than any that a sweep asks for.
insert into event (owner_id, number, kind, payload, at, tx)
select case when o.owner < :customers then seed_id(1, o.owner + 1) else seed_id(2, o.owner - :customers + 1) end,
       1 + n / (:customers + :vendors),
       case n % 2 when 0 then 'message_sent' else 'sub_order_changed' end,
       format('{"id": "%s", "number": %s, "text": "Is it still there in blue?", "state": "completed"}',
              seed_id(15, n), n)::json,
       now() - interval '28 days' * (1 - n::float8 / :events), 1
from generate_series(0, :events::bigint - 1) n
cross join lateral (select n % (:customers + :vendors) as owner) o;
-- Conversations of five old messages, which nobody has read, of all customers and vendors in turn.
insert into conversation (vendor_id, id, account_id, customer_name, last_seq, last_message_at, vendor_unread,
                          awaiting_since, created_at)
select seed_id(2, 1 + (n + n / :customers) % :vendors), seed_id(16, n), seed_id(1, 1 + n % :customers), 'Seed', 5,
       t.at, 5, t.at, t.at
from generate_series(0, :events / 50 - 1) n
cross join lateral (select now() - interval '60 days' - n * interval '1 second' as at) t;
insert into message (vendor_id, conversation_id, seq, id, account_id, author, author_id, client_id, kind, text,
                     created_at, tx)
select c.vendor_id, c.id, s, gen_random_uuid(), c.account_id, 'customer', c.account_id, 'old ' || s, 'text',
       'Is it still there in blue?', c.created_at, 1
from conversation c, generate_series(1, 5) s;
set session_replication_role = origin;
vacuum analyze feed;
vacuum analyze event;
vacuum analyze conversation;
vacuum analyze message;
