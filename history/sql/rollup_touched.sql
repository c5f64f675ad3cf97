-- Hours since 1970 of which a reading was learnt since an instant.
select distinct cast(floor(extract(epoch from "at") / 3600) as bigint) as hour
from {readings} as r
where known_at >= $known_since and "at" >= $since and "at" < $until
order by hour
