-- Rules of commission.
set local role sebez_owner;

-- Tells the processes, which keep the rules in memory, that they are others now.
create or replace function commissions_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	update platform set commission_rules_version = commission_rules_version + 1;
	return null;
end $$;
