-- Newest known version of every case that is open, or was opened or closed since an instant.
select feed_id, case_id, opened_at, fetched_at, status, closed_at, updated_at, due_at, published_at,
       service, department, channel, lat, lon, district_id, known_at
from (
  select c.*, row_number() over (
    partition by feed_id, case_id
    order by known_at desc, observed_at desc, fetched_at desc
  ) as place
  from {cases} as c
  where known_at <= $known_at
) as versions
where place = 1
  and (status <> 'closed' or closed_at is null or closed_at >= $since or opened_at >= $since)
