-- The first instant of a table in a span.
select min("{at}") as first from {rows} as r where "{at}" >= $since and "{at}" < $until
