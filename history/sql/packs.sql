-- Which city pack was in force from when.
select hash, files, known_at from {packs} as p order by known_at
