-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: event numbers of a feed have no gap and end at its last number
select f.owner_id::text from feed f
left join (select e.owner_id, count(*) n, min(e.number) least, max(e.number) most
	from event e where e.at > now() - interval '29 days' group by 1) e on e.owner_id = f.owner_id
where e.most <> f.last_number or e.n <> e.most - e.least + 1
union all select e.owner_id::text from event e left join feed f on f.owner_id = e.owner_id
where f.owner_id is null;

-- check: events are in the partitions of their weeks, which exist a week ahead
select partition_name(p.name, m.week) from partitioned p
cross join lateral partitions_missing(p, interval '168 hours') as m (week);
