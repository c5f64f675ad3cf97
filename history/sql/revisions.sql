-- Readings of a span that were told anew with another value: what they said before, and now.
select indicator, district, "at", old_value, old_num, old_n, old_quality, old_known_at,
       value, num, n, quality, known_at
from (
  select r.*,
    lag(value) over (partition by indicator, district, "at" order by known_at) as old_value,
    lag(num) over (partition by indicator, district, "at" order by known_at) as old_num,
    lag(n) over (partition by indicator, district, "at" order by known_at) as old_n,
    lag(quality) over (partition by indicator, district, "at" order by known_at) as old_quality,
    lag(known_at) over (partition by indicator, district, "at" order by known_at) as old_known_at
  from {readings} as r
  where indicator = $indicator and "at" >= $start and "at" < $end and known_at <= $known_at
    and {districts}
) as versions
where old_known_at is not null and value is distinct from old_value
order by "at" desc, district, known_at desc
limit {most}
