-- Newest known version of every observation of some quantities in a span.
select feed_id, site_id, quantity, observed_at, value, quality, district_id, known_at
from (
  select o.*, row_number() over (
    partition by feed_id, site_id, quantity, observed_at
    order by known_at desc, fetched_at desc
  ) as place
  from {observations} as o
  where observed_at >= $since and observed_at < $until and quantity in ({quantities})
) as versions
where place = 1
