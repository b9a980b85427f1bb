-- Ranking products by what was sold (functions_ranking.sql).

-- sales_count (most int): one writes slow -> (done int)
select count_sales(:most) as done;

-- sales_forget (most int): one writes slow -> (done int)
select forget_sales(:most) as done;

-- products_rank (most int): one writes slow -> (done int)
select rank_products(:most) as done;
