-- Documents, their texts, and consents. docs/ACCOUNTS.md, "Documents and consent".

-- documents_current (): many
-- The latest version of each kind.
select d.id, d.kind, d.number, d.demanded_from, document_required_from(d) as required_from, d.published_at,
       (select array_to_json(array_agg(t.language order by t.position)) from document_text t where t.document_id = d.id)
       as languages
from document d
where not exists (select from document n where n.kind = d.kind and n.number > d.number)
order by d.kind;

-- document_languages (id uuid): many -> (language text)
select language from document_text where document_id = :id order by position;

-- document_in (id uuid, language text): one
select d.id, d.kind, d.number, d.demanded_from, document_required_from(d) as required_from, d.published_at,
       (select array_to_json(array_agg(x.language order by x.position)) from document_text x where x.document_id = d.id)
       as languages, t.language, t.title, t.body
from document d join document_text t on t.document_id = d.id and t.language = :language
where d.id = :id;

-- documents_page (after_key time, after_id uuid, page_size int): many
-- All versions, the latest first.
select d.id, d.kind, d.number, d.demanded_from, document_required_from(d) as required_from, d.published_at,
       (select array_to_json(array_agg(t.language order by t.position)) from document_text t where t.document_id = d.id)
       as languages, d.published_at as "_key"
from document d
where (d.published_at, d.id) < (:after_key, :after_id)
order by d.published_at desc, d.id desc
limit :page_size;

-- document_add (id uuid, kind text, demanded_from time?): one
insert into document (id, kind, number, demanded_from)
select :id, :kind, coalesce(max(d.number), 0) + 1, :demanded_from from document d where d.kind = :kind
returning id;

-- document_text_add (document uuid, texts rows(language text, title text, body text)): none
insert into document_text (document_id, position, language, title, body)
select :document, t.ordinality, t.language, t.title, t.body
from :texts with ordinality as t (language, title, body);

-- document_of (id uuid): one
select d.id, d.kind, d.number, d.demanded_from, document_required_from(d) as required_from, d.published_at,
       (select array_to_json(array_agg(t.language order by t.position)) from document_text t where t.document_id = d.id)
       as languages
from document d where d.id = :id;

-- documents_expect_latest (ids uuid[], field text): one
select documents_expect_latest(:ids, :field);

-- documents_expect (kinds text[], accepted uuid[]): one
select documents_expect(:kinds, :accepted);

-- consents_give (account uuid, ids uuid[], place text): one writes
select consents_give(:account, :ids, :place);

-- consent_withdraw (document uuid): one writes -> (done bool)
select consent_withdraw(:document) as done;

-- consent_latest (document uuid, account uuid): one
select c.id, c.document_id as "document.id", c.kind as "document.kind", c.number as "document.number", c.given, c.place,
       c.at
from consent c
where c.account_id = :account and c.kind = (select d.kind from document d where d.id = :document)
order by c.id desc limit 1;

-- consents_page (account uuid, after_key bigint, after_id uuid, page_size int): many
select c.id, c.document_id as "document.id", c.kind as "document.kind", c.number as "document.number", c.given, c.place,
       c.at, c.id as "_key", :after_id as "_id"
from consent c
where c.account_id = :account and c.id < :after_key
order by c.id desc
limit :page_size;

-- consent_account (account uuid): one
select a.id from account a where a.id = :account;
