-- What upkeep has done, oldest first.
select task, "table", "at", "rows", known_at from {upkeep} as u order by known_at
