-- The clock does not wait for ever for what was accepted.
set local role sebez_owner;

alter table platform
	add column ship_grace_days int not null default 7 check (ship_grace_days between 1 and 365);

-- Who has accepted already has the whole grace from now on.
update sub_order s
set deadline_at = greatest(now(), s.ship_by) + make_interval(days => (select ship_grace_days from platform))
where s.state in ('accepted', 'packed');
