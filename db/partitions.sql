-- Creates and drops the partitions of the tables in `partitioned`. Roles reach partitions only through their table,
-- whose grants and policies apply: partitions have no grants.
set local role sebez_owner;

-- Weeks begin on Monday, 00:00 UTC.
create or replace function week_of(at timestamptz) returns timestamptz language sql stable parallel safe
return date_trunc('week', at, 'UTC');

-- event_2026w48: the ISO year and week.
create or replace function partition_name(table_name text, week timestamptz) returns text
language sql stable parallel safe
return table_name || '_' || to_char(week at time zone 'UTC', 'IYYY"w"IW');

-- Creates the partition of a week, with the rows of that week in the default partition. No index, and so no unique
-- constraint, of a partitioned table may lack its time column; an index of a partition may. Locks the table first,
-- as readers do: one that found its partitions before, and waited for the default partition, would miss the rows
-- moved meanwhile.
create or replace function partition_make(p partitioned, week timestamptz) returns void language plpgsql as $$
declare
	late text := p.name || '_late';
	name text := partition_name(p.name, week);
	next timestamptz := week + interval '168 hours';
begin
	execute format('lock table only %I, only %I in access exclusive mode', p.name, late);
	execute format('create table %I (like %I including all)', name, p.name);
	execute format('create unique index on %I (%s)', name, p.unique_columns);
	execute format('with moved as (delete from %1$I where %2$I >= %3$L and %2$I < %4$L returning *)
	                insert into %5$I select * from moved', late, p.time_column, week, next, name);
	execute format('alter table %I attach partition %I for values from (%L) to (%L)', p.name, name, week, next);
end $$;

-- Weeks without a partition that have rows in the default partition, or begin within the given time.
create or replace function partitions_missing(p partitioned, ahead interval) returns setof timestamptz
language plpgsql as $$
begin
	return query execute format(
		'select w.week from (
			select week_of(x.%I) from (select distinct week_of(%1$I) as %1$I from %I limit 50) x
			union select week_of(now() + d * interval ''168 hours'') from generate_series(0, 9) d
			where d * interval ''168 hours'' <= %L::interval) w (week)
		where to_regclass(quote_ident(partition_name(%L, w.week))) is null order by 1',
		p.time_column, p.name || '_late', ahead, p.name);
end $$;

-- Creates the missing partitions of the current and the next two weeks. Readers and writers wait no longer than
-- lock_timeout behind one that waits for its locks. Returns how many it could not lock: the job tries again.
create or replace function partitions_make() returns int
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare
	p partitioned;
	week timestamptz;
	missing int := 0;
begin
	if not pg_try_advisory_xact_lock(7308327) then -- another server is doing it
		return 0;
	end if;
	for p in select * from partitioned loop
		for week in select * from partitions_missing(p, interval '336 hours') loop
			begin
				perform partition_make(p, week);
			exception when lock_not_available then
				missing := missing + 1;
			end;
		end loop;
	end loop;
	return missing;
end $$;
grant execute on function partitions_make() to sebez_jobs;

-- Drops partitions of which every row has expired. The files are deleted after the locks are released. Returns
-- how many it could not lock.
create or replace function partitions_drop() returns int
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare
	name text;
	kept int := 0;
begin
	if not pg_try_advisory_xact_lock(7308327) then
		return 0;
	end if;
	for name in
		select c.relname from partitioned p
		join pg_inherits i on i.inhparent = p.name::regclass
		join pg_class c on c.oid = i.inhrelid
		where substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''(.+)''\)')::timestamptz <= now() - p.kept
		order by 1
	loop
		begin
			execute format('drop table %I', name);
		exception when lock_not_available then
			kept := kept + 1;
		end;
	end loop;
	return kept;
end $$;
grant execute on function partitions_drop() to sebez_jobs;
