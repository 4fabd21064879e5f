-- Author, uuid, id and data are blobs: they are compared byte by byte, by no collation. One file may hold several tasks.

-- "Koi2" in ASCII. It distinguishes the file from those of other applications and of version 0.1, which has "Koii".
PRAGMA application_id = 1265592626;

CREATE TABLE task (
    task        INTEGER PRIMARY KEY,
    name        BLOB    NOT NULL UNIQUE,                   -- the task id in UTF-8
    seed        BLOB    NOT NULL DEFAULT (randomblob(8)),  -- of uuid_hash
    feed        BLOB    NOT NULL DEFAULT (randomblob(8)),  -- names the feed in positions; with a new name all readers start again
    records     INTEGER NOT NULL DEFAULT 0,                -- the number of records, withheld ones included
    bytes       INTEGER NOT NULL DEFAULT 0,                -- the sum of their sizes
    changes     INTEGER NOT NULL DEFAULT 0,                -- the number of the newest change
    trimmed     INTEGER NOT NULL DEFAULT 0,                -- the number of the newest removal that was trimmed
    per_author  INTEGER NOT NULL DEFAULT 0,                -- no author has more records than this
    next_due    INTEGER,                                   -- when the next withheld record is due, in milliseconds since the Unix epoch
    is_open     INTEGER NOT NULL DEFAULT 0                 -- 1 while a store has the file open; it stays so after an unclean stop
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
    tombstone   INTEGER NOT NULL,
    checksum    INTEGER NOT NULL,
    signature   BLOB    NOT NULL                           -- a part of the checksum
) STRICT;

CREATE INDEX removal_by_addition ON removal (added);

-- Records that were too far in the future when the file was opened, because the clock was ahead before or is behind now.
CREATE TABLE withheld (
    row         INTEGER PRIMARY KEY,                       -- as it was in the table linktree
    task        INTEGER NOT NULL,
    author      BLOB    NOT NULL,
    uuid        BLOB    NOT NULL,
    timestamp   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    tombstone   INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    checksum    INTEGER NOT NULL,
    signature   BLOB    NOT NULL,
    data        BLOB    NOT NULL
) STRICT;

CREATE INDEX withheld_by_author ON withheld (task, substr(author, 1, 8));
CREATE INDEX withheld_by_time ON withheld (task, timestamp);

-- Rows that did not match their checksum or their id, for the operator. Columns are as they were read, of any type.
CREATE TABLE damaged (
    number      INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,                          -- when it was found, in milliseconds since the Unix epoch
    reason      TEXT    NOT NULL,
    row         ANY,
    task        ANY,
    author      ANY,
    uuid        ANY,
    timestamp   ANY,
    id          ANY,
    tombstone   ANY,
    size        ANY,
    checksum    ANY,
    signature   ANY,
    data        ANY
) STRICT;
