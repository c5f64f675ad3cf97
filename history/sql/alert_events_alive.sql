-- The audit of what was alive at an instant: each key's lines since it was last calm.
select event_id, "at", seq, key, rule, occurrence, kind, outcome, from_state, to_state, actor,
       annunciated, priority, value, "limit", quality, observed_at, reason, comment, rule_version,
       suppressed
from (
  select v.*, max(case
    when outcome = 'applied' and to_state = 'NORM' and kind <> 'HOLD'
      and coalesce(array_length(suppressed), 0) = 0 then seq
  end) over (partition by key) as calm
  from (
    select e.*, row_number() over (partition by event_id order by known_at) as place
    from {alert_events} as e
    where "at" <= $at
  ) as v
  where place = 1
) as lines
where calm is null or seq > calm
order by key, seq
