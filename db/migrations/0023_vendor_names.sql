-- The list of vendors is by name.
set local role sebez_owner;

create index vendor_by_name on vendor (lower(folded(name)), id) where state = 'approved';
