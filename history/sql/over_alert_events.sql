-- Per alarm, the events before an instant up to the last that left it at rest and unsuppressed,
-- so that what stays can still be replayed from its first line; never the newest event.
select event_id
from (
  select event_id, seq, max(
    case when "at" < $before and place > 1 and to_state = 'NORM'
      and coalesce(cast(suppressed as varchar), '[]') in ('[]', '{}') then seq end
  ) over (partition by key) as cut
  from (
    select e.*, row_number() over (partition by key order by seq desc) as place
    from {rows} as e
  ) as numbered
) as events
where seq <= cut
