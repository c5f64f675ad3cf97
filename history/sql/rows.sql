-- All rows of a span, all versions.
select {columns} from {rows} as r where "{at}" >= $since and "{at}" < $until
