-- Tables that are partitioned by time, a partition for each week: few enough for a statement that reads all of
-- them, and small enough that the indexes of the current one stay in memory. Rows outside of every week's
-- partition go to the default partition, <name>_late, until partitions_make() moves them.
set local role sebez_owner;

create table partitioned (
	name           text primary key,
	time_column    text not null,
	unique_columns text not null, -- within each partition
	kept           interval not null -- a partition is dropped when its newest row may be older
);
