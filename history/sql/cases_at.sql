-- The cases that were open at an instant, by what was known at another.
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
where place = 1 and opened_at <= $at
  and (status <> 'closed' or coalesce(closed_at, observed_at) > $at)
order by feed_id, case_id
