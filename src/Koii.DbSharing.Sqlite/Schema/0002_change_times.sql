-- A feed is trimmed by age as well. Changes that were there before are as old as this script.

ALTER TABLE change ADD COLUMN at INTEGER NOT NULL DEFAULT 0;  -- when it was committed, milliseconds since the Unix epoch

UPDATE change SET at = CAST(unixepoch('subsec') * 1000 AS INTEGER);
