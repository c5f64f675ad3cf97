-- Mean, extremes and last reading of every bin of a span, where they differ from what is kept.
-- A reading stands until the next one, at most some seconds; bins are $step seconds long.
-- Numbers that no city has are not sound: an engine may refuse to multiply them.
with newest as (
  select indicator, district, "at", value, num, den, n, quality, reason, observed_at,
         usual_centre, usual_low, usual_high,
         cast(extract(epoch from ("at" - cast($since as timestamptz))) as double) as begins,
         case when abs(value) < 1e-100 then 0 else value end as counted,
         case when abs(value) <= 1e100 and quality in ('GOOD', 'UNCERTAIN', 'LATE') then 1 else 0
           end as sound
  from (
    select r.*, row_number() over (
      partition by indicator, district, "at" order by known_at desc
    ) as place
    from {readings} as r
    where "at" >= $reach and "at" < $until
  ) as versions
  where place = 1
),
standing as (
  select s.*, cast(floor(begins / $step) as bigint) as bin,
         least(begins + {stands}, coalesce(
           lead(begins) over (partition by indicator, district order by begins),
           begins + {stands}
         )) as ends
  from newest as s
),
pieces as (
  select indicator, district, bin, counted, sound,
         least(ends, (bin + 1) * $step) - begins as seconds
  from standing
  union all
  select indicator, district, bin + 1 as bin, counted, sound,
         ends - (bin + 1) * $step as seconds
  from standing
  where ends > (bin + 1) * $step
),
weighed as (
  select indicator, district, bin,
         sum(case when sound = 1 then counted * seconds end)
           / nullif(sum(case when sound = 1 then seconds end), 0) as mean,
         min(case when sound = 1 then counted end) as low,
         max(case when sound = 1 then counted end) as high,
         sum(seconds) as stood,
         sum(case when sound = 1 then 0 else seconds end) / nullif(sum(seconds), 0) as bad
  from pieces
  group by indicator, district, bin
),
lasts as (
  select s.*,
         row_number() over (partition by indicator, district, bin order by begins desc) as place,
         count(*) over (partition by indicator, district, bin) as readings
  from standing as s
  where bin >= 0
),
rolled as (
  select w.indicator, w.district, l.quality, l.reason, w.mean, w.low, w.high, w.bad, w.stood,
         l.value, l.num, l.den, l.usual_centre, l.usual_low, l.usual_high,
         to_timestamp(cast($origin + w.bin * $step as double)) as "at", l."at" as last_at,
         l.observed_at, l.n, cast(l.readings as bigint) as readings
  from weighed as w
  join lasts as l on l.indicator = w.indicator and l.district = w.district and l.bin = w.bin
  where l.place = 1
),
kept as (
  select k.*, row_number() over (
    partition by indicator, district, "at" order by known_at desc
  ) as place
  from {rollups} as k
  where "at" >= $since and "at" < $until
)
select r.*
from rolled as r
left join kept as k
  on k.indicator = r.indicator and k.district = r.district and k."at" = r."at" and k.place = 1
where k.indicator is null or {differs}
order by r.indicator, r.district, r."at"
