-- Days since 1970 of which a row was learnt since an instant, and when the newest of them was.
select cast(floor(extract(epoch from "{at}") / 86400) as bigint) as day, max(known_at) as newest
from {rows} as r
where known_at >= $known_since and "{at}" < $until
group by 1
order by 1
