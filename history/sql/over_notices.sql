-- Notices that ended before an instant and of which nothing was told since.
select feed_id, notice_id
from (
  select feed_id, notice_id, expires,
         row_number() over (
           partition by feed_id, notice_id
           order by known_at desc, observed_at desc, fetched_at desc
         ) as place,
         max(effective) over (partition by feed_id, notice_id) as began,
         max(known_at) over (partition by feed_id, notice_id) as told
  from {rows} as n
) as versions
where place = 1 and coalesce(expires, began) < $before and began < $before and told < $before
  and expires is not null
