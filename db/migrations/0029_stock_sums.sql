-- What people set is bounded, but what becomes of it is a sum: stock, to which sold goods return, and by
-- how much it changed.
set local role sebez_owner;

-- The trigger looks at the column, so it is made anew, as it was.
do $$
declare
	definition text := (select pg_get_triggerdef(t.oid) from pg_trigger t
	                    where t.tgrelid = 'variant'::regclass and t.tgname = 'note_low_stock');
begin
	drop trigger note_low_stock on variant;
	alter table variant alter column available type bigint;
	execute definition;
end $$;

alter table stock_adjustment alter column delta type bigint;
