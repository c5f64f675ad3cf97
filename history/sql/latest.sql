-- The newest reading of every indicator and place at an instant, as known at another.
select indicator, district, "at", num, den, n, value, quality, known_at, observed_at,
       usual_low, usual_centre, usual_high, usual_spread, usual_weeks, z, coverage, site, feeds,
       reason
from (
  select r.*, row_number() over (
    partition by indicator, district
    order by "at" desc, known_at desc, observed_at desc, value desc
  ) as place
  from {readings} as r
  where "at" > $since and "at" <= $at and known_at <= $known_at and {indicators}
) as versions
where place = 1
order by indicator, district
