-- Fills every table that bench/seed.sql leaves empty, so that the planner meets no table that is small only
-- because nobody has used it yet. What the rows say does not matter, but their number, and that ids
-- differ as those of each kind do. For a database that is thrown away: its checks are dropped.
set session_replication_role = replica;
set synchronous_commit = off;

do $$
declare
	filled record;
	broken record;
begin
	for filled in
		select c.oid, c.relname as name from pg_class c
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
		and not c.relispartition and c.reltuples <= 0
	loop
		for broken in select conname as name from pg_constraint where conrelid = filled.oid and contype = 'c' loop
			execute format('alter table %I drop constraint %I', filled.name, broken.name);
		end loop;
		loop
			begin
				execute format('insert into %I (%s) select %s from generate_series(1, 10000) n on conflict do nothing',
					filled.name,
					(select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
					 where a.attrelid = filled.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
					 and a.attidentity <> 'a'),
					(select string_agg(case
						when a.attname = 'vendor_id' then 'seed_id(2, 1 + n % 50)'
						when a.attname = 'account_id' then 'seed_id(1, 1 + n % 5000)'
						when a.attname in ('order_id', 'payment_id') then 'seed_id(8, 1 + n % 5000)'
						when a.attname = 'conversation_id' then 'seed_id(20, 1 + n % 2000)'
						when t.typname = 'uuid' then 'seed_id(20, n)'
						when t.typcategory = 'N' then 'n'
						when t.typname in ('text', 'bytea', 'varchar') then format('(n::text)::%s', t.typname)
						when t.typname = 'bool' then 'n % 2 = 0'
						when t.typname in ('timestamptz', 'timestamp') then 'now() - n * interval ''1 minute'''
						when t.typname = 'date' then 'current_date - n % 1000'
						when t.typname in ('json', 'jsonb') then format('''{}''::%s', t.typname)
						when t.typcategory = 'A' then format('''{}''::%s', t.typname)
						else 'null' end, ', ' order by a.attnum)
					 from pg_attribute a join pg_type t on t.oid = a.atttypid
					 where a.attrelid = filled.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
					 and a.attidentity <> 'a'));
				exit;
			exception
				when deadlock_detected then null; -- the server's jobs write some of these tables, too
			end;
		end loop;
		commit; -- one lock at a time: the server's jobs read these tables, too
	end loop;
end $$;

set session_replication_role = origin;
vacuum analyze;
