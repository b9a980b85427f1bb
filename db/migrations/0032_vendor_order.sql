-- The list of vendors is by the first 40 characters of their names, which fit into a cursor.
set local role sebez_owner;

drop function if exists vendor_name_after(uuid);
alter table vendor drop column name_key;
alter table vendor add column name_key text collate "C" generated always as (left(lower(folded(name)), 40)) stored;
create index vendor_by_name on vendor (name_key, id) where state = 'approved';
grant select (name_key) on vendor to sebez_public, sebez_customer;
