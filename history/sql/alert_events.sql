-- The audit of alerts, each event once.
select event_id, "at", seq, key, rule, occurrence, kind, outcome, from_state, to_state, actor,
       annunciated, priority, value, "limit", quality, observed_at, reason, comment, rule_version,
       suppressed
from (
  select e.*, row_number() over (partition by event_id order by known_at) as place
  from {alert_events} as e
  where "at" >= $since and {chosen}
) as versions
where place = 1
order by "at", key, seq
