-- What files say in columns that mean nothing to us, by their names, kept for the next export.
set local role sebez_owner;

alter table product add column extra jsonb not null default '{}';
alter table variant add column extra jsonb not null default '{}';
