-- Variants whose stock is not counted sell whatever `available` says. The number goes on behind them, so
-- that what orders hold is known when somebody has them counted again.
set local role sebez_owner;

alter table variant
	add column tracked boolean not null default true,
	drop constraint variant_check,
	add constraint variant_oversold check (available >= 0 or backorder or not tracked);

drop trigger note_low_stock on variant;
create trigger note_low_stock after update of available on variant for each row
	when (new.tracked
	      and ((old.available > 5 and new.available <= 5) or (old.available > 0 and new.available <= 0))
	      and current_setting('sebez.actor', true) = 'customer')
	execute function note_low_stock();
