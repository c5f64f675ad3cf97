-- How feeds have changed state.
select distinct id, kind, state, state_since, last_observed_at, last_fetched_at, last_error,
       last_error_at, accepted, rejected, failures, known_at
from {feed_changes} as f
where known_at >= $since and {feeds}
order by known_at, id
