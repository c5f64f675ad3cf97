-- The newest reading of an indicator in each step of a span; "at" becomes the step's start.
select indicator, district, "at", num, den, n, value, quality, known_at, observed_at,
       usual_low, usual_centre, usual_high, usual_spread, usual_weeks, z, coverage, site, feeds,
       reason, step
from (
  select s.*, row_number() over (
    partition by district, step
    order by "at" desc, known_at desc, observed_at desc, value desc
  ) as place
  from (
    select r.*, cast(
      floor(extract(epoch from "at" - cast($start as timestamptz)) / $step) as bigint
    ) as step
    from {readings} as r
    where indicator = $indicator and "at" >= $start and "at" < $end and known_at <= $known_at
      and {districts}
  ) as s
) as versions
where place = 1
order by district, step
