-- A vendor learns that something runs low, and that it has run out.
set local role sebez_owner;

drop trigger note_low_stock on variant;
create trigger note_low_stock after update of available on variant for each row
	when (((old.available > 5 and new.available <= 5) or (old.available > 0 and new.available <= 0))
	      and current_setting('sebez.actor', true) = 'customer')
	execute function note_low_stock();
