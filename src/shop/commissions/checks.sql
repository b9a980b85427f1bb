-- check: the versions of a rule of commission follow each other
select r.rule_id::text from commission_rule r
left join commission_rule n on n.rule_id = r.rule_id and n.version = r.version + 1
where r.version < 1 or r.version > 1 and not exists (
		select from commission_rule b where b.rule_id = r.rule_id and b.version = r.version - 1)
	or n.id is not null and r.replaced_at is distinct from n.created_at;
