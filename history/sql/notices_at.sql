-- The notices that were issued by an instant and not over long before, as known at another.
select feed_id, notice_id, headline, effective, fetched_at, severity, status, msg_type, event,
       expires, published_at, geometry, area, url, supersedes, districts, known_at,
       is_end_assumed
from (
  select n.*, row_number() over (
    partition by feed_id, notice_id order by known_at desc, observed_at desc, fetched_at desc
  ) as place
  from {notices} as n
  where known_at <= $known_at and observed_at <= $at
) as versions
where place = 1 and (expires is null or expires > $since)
order by feed_id, notice_id
