-- Author, uuid, id and data are blobs: they are compared byte by byte, by no collation. One file may hold several tasks.

-- "Koi2" in ASCII. It distinguishes the file from those of other applications and of version 0.1, which has "Koii".
PRAGMA application_id = 1265592626;

CREATE TABLE task (
    task        INTEGER PRIMARY KEY,
    name        BLOB    NOT NULL UNIQUE,                   -- the task id in UTF-8
    feed        BLOB    NOT NULL DEFAULT (randomblob(8)),  -- names the feed in positions, and is the seed of uuid_hash
    records     INTEGER NOT NULL DEFAULT 0,                -- the number of records
    changes     INTEGER NOT NULL DEFAULT 0,                -- the number of the newest change
    trimmed     INTEGER NOT NULL DEFAULT 0,                -- the number of the newest removal that was trimmed
    per_author  INTEGER NOT NULL DEFAULT 0                 -- no author has more records than this
) STRICT;

-- A row consists of the task and the number of the change that added the record, so the table grows at the end of each task and is itself the
-- index of the change feed. The writer alone guarantees that an identity has one row: a unique index would contain whole keys, and each record
-- would change a page of it.
CREATE TABLE linktree (
    row         INTEGER PRIMARY KEY,
    task        INTEGER NOT NULL,
    author      BLOB    NOT NULL,
    uuid        BLOB    NOT NULL,
    uuid_hash   INTEGER NOT NULL,                          -- 32 bits
    timestamp   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    tombstone   INTEGER NOT NULL,
    withheld    INTEGER NOT NULL DEFAULT 0,                -- reserved: 1 while the clock, having been set back, is before the record
    size        INTEGER NOT NULL,                          -- of the data, in bytes
    checksum    INTEGER NOT NULL,                          -- of author, uuid, timestamp, id, tombstone and signature
    signature   BLOB    NOT NULL
) STRICT;

-- The data is in a table of its own, so that versions and the change feed are read without it.
CREATE TABLE linktree_data (
    row         INTEGER PRIMARY KEY,
    data        BLOB    NOT NULL
) STRICT;

-- Public keys and ids are random: eight bytes of them find a row nearly always, and the small indexes have few pages to change.
CREATE INDEX linktree_by_key ON linktree (task, substr(author, 1, 8), uuid_hash);
CREATE INDEX linktree_by_id ON linktree (task, substr(id, 1, 8));
CREATE INDEX linktree_by_time ON linktree (task, timestamp, substr(id, 1, 8));

-- The versions that were removed, with the changes that added and removed them, for readers of the feed.
CREATE TABLE removal (
    row         INTEGER PRIMARY KEY,                       -- the task and the number of the change that removed the version
    added       INTEGER NOT NULL,                          -- its row in the table linktree
    at          INTEGER NOT NULL,                          -- when it was removed, in milliseconds since the Unix epoch
    author      BLOB    NOT NULL,
    uuid        BLOB    NOT NULL,
    timestamp   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    tombstone   INTEGER NOT NULL
) STRICT;

CREATE INDEX removal_by_addition ON removal (added);
