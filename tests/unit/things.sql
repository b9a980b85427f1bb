-- Statements of the tests of the database handle, by way of tools/gen_sql.py.

-- all_types (id uuid?, name text?, small int, big bigint, truth bool?, at time?, real double,
--            document json?, raw bytea, ids uuid[], names text[], ints int[], bigs bigint[]?): one
-- -> (id uuid?, name text?, small int, big bigint, truth bool?, at time?, real double,
--     document json?, raw bytea)
-- Everything there and back.
select :id::uuid as id, :name::text as name, :small::int as small, :big::bigint as big,
       :truth::bool as truth, :at::timestamptz as at, :real::float8 as real,
       :document::jsonb as document, :raw::bytea as raw, cardinality(:ids::uuid[]) as "_count",
       :ids::uuid[] as "_ids", :names::text[] as "_names", :ints::int[] as "_ints", :bigs::bigint[] as "_bigs";

-- arrays (ids uuid[], names text[], ints int[], bigs bigint[]?): one
select :ids::uuid[] as "arrays.ids", :names::text[] as "arrays.names", :ints::int[] as "arrays.ints",
       :bigs::bigint[] as bigs, current_setting('sebez.account', true) as account;

-- record every_type (id uuid, name text, small int, big bigint, truth bool, at time, real double,
--     document json, raw bytea, maybe_id uuid?, maybe_name text?, maybe_small int?, maybe_big bigint?,
--     maybe_truth bool?, maybe_at time?, maybe_real double?, maybe_document json?, maybe_raw bytea?)

-- records (all_of_them every_type[]): many
-- No column of an array has a type that PostgreSQL would have to guess.
select r.ordinality as n, json_build_array(
	id, name, small, big, truth, at, real, document, encode(raw, 'hex'), maybe_id, maybe_name, maybe_small,
	maybe_big, maybe_truth, maybe_at, maybe_real, maybe_document, encode(maybe_raw, 'hex')) as x
from :all_of_them with ordinality as r;

-- record pair (number int, name text?, amount bigint)
-- A number and what it is called.

-- pairs (word text, pairs pair[]): many
select :word || ' ' || p.number || ': ' || coalesce(p.name, '-') as n
from :pairs as p (number, name) order by p.number;

-- sum_of_pairs (pairs pair[]): one
select coalesce(sum(p.amount), 0)::bigint as sum, (2 = any (:pairs.number))::int as twos from :pairs as p (amount);

-- nested (there bool): many
select 1 as id, case when :there then 2 end as "a.id", 'x' as "a.name", case when :there then 3 end as "a.b.id",
       'y'::varchar as "a.b.name", 7::int2 as "a.last", 'hidden' as "_cursor", null as "c.d.e", 1 as "c.d.f",
       1 as "c.g", date '2026-11-23' as day, timestamptz 'infinity' as never, 1.5::float4 as half,
       null::text as nothing, '{"k": [1]}'::json as document, 2 as "z._marker", 3 as "z.y"
from generate_series(1, 2);

-- add_thing (id int, name text): none
insert into thing values (:id, :name);

-- rename_thing (id int, name text): one
update thing set name = :name where id = :id;

-- things (name text?, sort choice(up, down), count_max int): many
-- -> (id int, name text)
select id, name from thing where true
[name: and name = :name]
[sort = up: order by id]
[sort = down: order by id desc]
limit :count_max;

-- thing (id int): maybe
select id, name from thing where id = :id;

-- the_thing (id int): one
select id, name from thing where id = :id;

-- refuse (sqlstate text, detail text): none
select refuse(:sqlstate, :detail);

-- sleep_a_little (ms int): none
select pg_sleep(:ms / 1000.0);
