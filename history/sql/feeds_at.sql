-- The state of every feed at an instant.
select id, kind, state, state_since, last_observed_at, last_fetched_at, last_error,
       last_error_at, accepted, rejected, failures, known_at
from (
  select f.*, row_number() over (
    partition by id order by known_at desc, last_fetched_at desc, accepted desc, state desc
  ) as place
  from {feed_changes} as f
  where known_at <= $at
) as versions
where place = 1
order by id
