-- marketplace_currency_of (): one -> (currency text)
select f.currency from platform f;
