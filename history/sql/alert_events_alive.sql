-- The audit of the keys that were not calm at an instant, since they were calm before the
-- occurrence before: what an alert inherits (an owner, a breach that goes on) is in it.
with lines as (
  select e.*, row_number() over (partition by event_id order by known_at) as place,
         case when outcome = 'applied' and to_state = 'NORM' and kind <> 'HOLD'
           and coalesce(array_length(suppressed), 0) = 0 then seq end as rest
  from {alert_events} as e
  where "at" <= $at
),
ends as (
  select l.*, max(rest) over (partition by key) as calm, max(seq) over (partition by key) as newest
  from lines as l
  where place = 1
),
before as (
  select n.*, max(case
    when from_state in ('NORM', 'PEND') and to_state = 'UNACK' and seq < calm then seq
  end) over (partition by key) as raised
  from ends as n
  where calm is null or newest > calm
),
since as (
  select b.*, max(case when rest < raised then rest end) over (partition by key) as start
  from before as b
)
select event_id, "at", seq, key, rule, occurrence, kind, outcome, from_state, to_state, actor,
       annunciated, priority, value, "limit", quality, observed_at, reason, comment, rule_version,
       suppressed
from since as s
where start is null or seq > start
order by key, seq
