-- The city pack in force at an instant.
select hash, files, known_at from {packs} as p
where known_at <= $at
order by known_at desc, hash desc
limit 1
