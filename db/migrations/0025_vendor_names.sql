-- The list of vendors is by name, whatever its case and accents.
set local role sebez_owner;

alter table vendor add column name_key text generated always as (lower(folded(name))) stored;
create index vendor_by_name on vendor (name_key, id) where state = 'approved';
grant select (name_key) on vendor to sebez_public, sebez_customer;
