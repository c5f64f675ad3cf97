-- What stands written of some indicators in a span: the newest version of each reading.
select indicator, district, "at", value, num, den, quality,
       usual_centre, usual_low, usual_high, usual_spread, usual_weeks
from (
  select r.*, row_number() over (
    partition by indicator, district, "at" order by known_at desc
  ) as place
  from {readings} as r
  where "at" >= $since and "at" < $until and indicator in ({indicators})
) as versions
where place = 1
order by indicator, district, "at"
