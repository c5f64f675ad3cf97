-- Days since 1970 on which a table has rows, and how many, all versions counted.
select cast(floor(extract(epoch from "{at}") / 86400) as bigint) as day, count(*) as n
from {rows} as r
group by 1
order by 1
