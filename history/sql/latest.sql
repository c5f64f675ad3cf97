-- The newest reading of every indicator and place at an instant, as known at another.
select indicator, district, "at", num, den, n, value, quality, known_at, observed_at,
       usual_low, usual_centre, usual_high, usual_spread, usual_weeks, z, coverage, site, feeds,
       reason
from (
  select r.*, row_number() over (
    partition by r.indicator, r.district
    order by r.known_at desc, r.observed_at desc, r.value desc
  ) as place
  from {readings} as r
  join (
    select indicator, district, max("at") as newest
    from {readings} as n
    where "at" > $since and "at" <= $at and known_at <= $known_at and {indicators}
    group by indicator, district
  ) as m on r.indicator = m.indicator and r.district = m.district and r."at" = m.newest
  where r."at" > $since and r."at" <= $at and r.known_at <= $known_at
) as versions
where place = 1
order by indicator, district
