-- Cases that were closed before an instant and of which no version was opened after it.
select feed_id, case_id
from (
  select feed_id, case_id, status, coalesce(closed_at, updated_at, known_at) as ended,
         row_number() over (
           partition by feed_id, case_id order by known_at desc, observed_at desc, fetched_at desc
         ) as place,
         max(opened_at) over (partition by feed_id, case_id) as opened,
         max(known_at) over (partition by feed_id, case_id) as told
  from {rows} as c
) as versions
where place = 1 and status = 'closed' and ended < $before and opened < $before and told < $before
