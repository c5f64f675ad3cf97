-- Newest known version of every reading of an indicator in a span.
select indicator, district, "at", num, den, n, value, quality, known_at, observed_at,
       usual_low, usual_centre, usual_high, usual_spread, usual_weeks, z, coverage, site, feeds,
       reason
from (
  select r.*, row_number() over (
    partition by indicator, district, "at" order by known_at desc, observed_at desc, value desc
  ) as place
  from {readings} as r
  where indicator = $indicator and "at" >= $start and "at" < $end and known_at <= $known_at
    and {districts}
) as versions
where place = 1
order by district, "at"
