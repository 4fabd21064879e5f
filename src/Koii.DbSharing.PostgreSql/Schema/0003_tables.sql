-- Keys, uuids and data are bytea: compared byte by byte, without collation. One database may serve many tasks.

-- One row for each task. A transaction that changes anything of a task locks its row first and holds the lock until it commits, so a task has
-- one writer at a time, whichever process it is in: limits hold exactly, changes are numbered in the order in which they are committed, and no
-- two writers wait for each other.
CREATE TABLE koii_dbsharing.task (
    task        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        bytea   NOT NULL UNIQUE,                     -- the task id in UTF-8
    feed        uuid    NOT NULL DEFAULT gen_random_uuid(),  -- names the feed in positions, so that those of others are recognized
    origin      text,                                        -- the history of the server that the feed belongs to, or NULL if it is not known
    -- The seed of the hashes of authors and uuids. It is random, because other parties choose what is hashed.
    seed        bigint  NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0),
    records     bigint  NOT NULL DEFAULT 0,                  -- how many records there are, those that are withheld included
    bytes       bigint  NOT NULL DEFAULT 0,                  -- the size of their data
    changes     bigint  NOT NULL DEFAULT 0,                  -- the number of the newest change; each change takes the next one
    trimmed     bigint  NOT NULL DEFAULT 0,                  -- the greatest number of a removal that was trimmed
    next_due    bigint,                                      -- when the next withheld record is due, or NULL if there is none
    per_author  integer NOT NULL DEFAULT 0                   -- no author has more records than this
);

-- The records. Columns of fixed width come first, so that no column needs padding.
CREATE TABLE koii_dbsharing.linktree (
    number         bigint  NOT NULL,  -- of the change that added it
    timestamp      bigint  NOT NULL,
    identity_hash  bigint  NOT NULL,  -- four bytes of a hash of the author, then four bytes of a hash of the uuid
    id_prefix      bigint  NOT NULL,  -- the first eight bytes of the id, as a number of the same order
    checksum       bigint  NOT NULL,  -- XxHash3 of author, id, signature, timestamp, tombstone and uuid; the id covers the data
    task           integer NOT NULL,
    size           integer NOT NULL,  -- of the data, in bytes
    key_checksum   integer NOT NULL,  -- half of the XxHash3 of what the change feed contains: author, id, uuid, timestamp and tombstone
    tombstone      boolean NOT NULL,
    author         bytea   NOT NULL,
    id             bytea   NOT NULL,
    signature      bytea   NOT NULL,
    uuid           bytea   NOT NULL,
    data           bytea   NOT NULL
);

-- An index of short numbers has more entries on a page, and the time to store a record is mostly the time to change pages of indexes. No index
-- enforces an identity or an id: a writer compares the whole key, and is the only one. Hashes and prefixes of different keys may be equal.
-- The first index also finds the records of an author, as a range. Values rarely repeat, so attempts to merge equal ones would take time in vain.
CREATE INDEX linktree_by_identity ON koii_dbsharing.linktree (identity_hash) WITH (deduplicate_items = off);
CREATE INDEX linktree_by_id ON koii_dbsharing.linktree (id_prefix) WITH (deduplicate_items = off);
CREATE INDEX linktree_by_version ON koii_dbsharing.linktree (task, timestamp, id_prefix) WITH (deduplicate_items = off);

-- All that the change feed contains of a record, so that a reader from the start reads no data. It grows at its end and needs no free space elsewhere.
CREATE INDEX linktree_by_number ON koii_dbsharing.linktree (task, number)
    INCLUDE (timestamp, key_checksum, tombstone, author, id, uuid) WITH (fillfactor = 100);

-- What was replaced or evicted, until it is trimmed.
CREATE TABLE koii_dbsharing.removal (
    added         bigint  NOT NULL,   -- the number of the change that added the version
    number        bigint  NOT NULL,   -- the number of the change that removed it: that of the version in its place, or one of its own
    at            bigint  NOT NULL,   -- when it was removed, in milliseconds since the Unix epoch
    timestamp     bigint  NOT NULL,
    task          integer NOT NULL,
    key_checksum  integer NOT NULL,
    tombstone     boolean NOT NULL,
    author        bytea   NOT NULL,
    id            bytea   NOT NULL,
    uuid          bytea   NOT NULL,
    PRIMARY KEY (task, number) WITH (fillfactor = 100)
);

-- For readers that are behind: what was added after their position and is removed.
CREATE INDEX removal_by_addition ON koii_dbsharing.removal (task, added);

-- Records whose timestamps are too far in the future (protocol §1), until they are due.
CREATE TABLE koii_dbsharing.withheld (LIKE koii_dbsharing.linktree);
CREATE INDEX withheld_by_timestamp ON koii_dbsharing.withheld (task, timestamp);
CREATE INDEX withheld_by_identity ON koii_dbsharing.withheld (identity_hash);

-- Rows that did not match their checksum or their id, as they were found, and when.
CREATE TABLE koii_dbsharing.damaged (LIKE koii_dbsharing.linktree, at bigint NOT NULL);
