-- The newest reading of an indicator in each step of a span, from its roll-ups. What they do not
-- keep of a reading is missing.
select indicator, district, "at", num, den, n, value, quality, known_at, observed_at,
       usual_low, usual_centre, usual_high, cast(null as double) as usual_spread,
       cast(null as bigint) as usual_weeks, cast(null as double) as z,
       cast(null as double) as coverage, cast(null as varchar) as site,
       cast(null as varchar[]) as feeds, reason, step
from (
  select s.*, row_number() over (partition by district, step order by last_at desc) as place
  from (
    select v.*, cast(
      floor(extract(epoch from last_at - cast($start as timestamptz)) / $step) as bigint
    ) as step
    from (
      select r.*, row_number() over (
        partition by indicator, district, "at" order by known_at desc, last_at desc
      ) as newest
      from {rollups} as r
      where indicator = $indicator and "at" > $reach and "at" < $end and {districts}
    ) as v
    where newest = 1 and last_at >= $start and last_at < $end
  ) as s
) as versions
where place = 1
order by district, step
