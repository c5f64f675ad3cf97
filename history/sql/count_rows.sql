-- How many rows a span has, all versions counted.
select count(*) as n from {rows} as r where "{at}" >= $since and "{at}" < $until
