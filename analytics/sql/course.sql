-- The course of one indicator: each reading as it was first written, or as it stands now.
select district, "at", value, quality, observed_at,
       usual_centre, usual_low, usual_high, usual_spread, usual_weeks
from (
  select r.*, row_number() over (
    partition by district, "at" order by known_at {order}
  ) as place
  from {readings} as r
  where indicator = $indicator and "at" >= $since and "at" < $until
    and district in ({districts})
) as versions
where place = 1
order by district, "at"
