-- Mean of each indicator and district in one hour of each of some weeks.
select indicator, district, week, avg(value) as value
from (
  select w.*, row_number() over (
    partition by indicator, district, "at" order by known_at desc, observed_at desc, value desc
  ) as place
  from ({weeks}) as w
) as versions
where place = 1 and value is not null and quality in ('GOOD', 'UNCERTAIN', 'LATE')
group by indicator, district, week
order by indicator, district, week
