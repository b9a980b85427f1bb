-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: nobody is told of an event of somebody else
select n.id::text from notice n where n.owner_id <> coalesce(n.vendor_id, n.account_id) and n.kind <> 'promotion';
