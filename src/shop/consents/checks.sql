-- check: versions of a document follow each other, and each has a text
select d.id::text from document d
where d.number > 1 and not exists (select from document b where b.kind = d.kind and b.number = d.number - 1)
or not exists (select from document_text t where t.document_id = d.id and t.position = 1);

-- check: a consent names the version of its document
select c.id::text from consent c join document d on d.id = c.document_id
where (c.kind, c.number) is distinct from (d.kind, d.number);

-- check: nobody withdraws what they have not given
select c.id::text from consent c
where not c.given and not coalesce((select b.given and b.document_id = c.document_id from consent b
	where b.account_id = c.account_id and b.kind = c.kind and b.id < c.id order by b.id desc limit 1), false);
