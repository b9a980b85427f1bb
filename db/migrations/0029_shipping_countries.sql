-- A shipping method goes to some countries, or to all when it names none.
set local role sebez_owner;

alter table shipping_method add column countries text[] not null default '{}'
	check (cardinality(countries) <= 300);
