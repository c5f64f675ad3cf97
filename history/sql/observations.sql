-- Newest known version of every observation of a span.
select feed_id, site_id, quantity, value, unit, quality, observed_at, published_at, fetched_at,
       known_at, lat, lon, district_id
from (
  select o.*, row_number() over (
    partition by feed_id, site_id, quantity, observed_at
    order by known_at desc, fetched_at desc, published_at desc, value desc
  ) as place
  from {observations} as o
  where observed_at >= $since and observed_at < $until and known_at <= $known_at and {quantities}
) as versions
where place = 1
