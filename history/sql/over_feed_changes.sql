-- Changes of feeds before an instant, but for the last of each feed.
select id, known_at
from (
  select id, known_at, row_number() over (partition by id order by known_at desc) as place
  from {rows} as f
  where known_at < $before
) as changes
where place > 1
