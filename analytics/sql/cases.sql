-- Newest known version of every case that was open in a span, or opened or closed shortly before.
select feed_id, case_id, opened_at, status, closed_at, updated_at, due_at, service, district_id,
       known_at
from (
  select c.*, row_number() over (
    partition by feed_id, case_id
    order by known_at desc, observed_at desc, fetched_at desc
  ) as place
  from {cases} as c
) as versions
where place = 1 and opened_at < $until
  and (status <> 'closed' or closed_at is null or closed_at >= $since or opened_at >= $since)
