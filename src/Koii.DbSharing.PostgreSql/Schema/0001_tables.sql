-- Keys, uuids and data are bytea: compared byte by byte, without collation. Each key starts with the task, so that one database may serve many.

-- One row for each task. A transaction that changes anything of a task locks its row first and holds the lock until it commits, so a task has one writer at a time,
-- whichever process it is in: limits hold exactly, changes are numbered in the order in which they are committed, and no two writers wait for each other.
CREATE TABLE koii_dbsharing.task (
    task        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        bytea   NOT NULL UNIQUE,                       -- the task id in UTF-8
    feed        uuid    NOT NULL DEFAULT gen_random_uuid(),    -- names the feed in positions, so that one of another task or database is recognized
    records     bigint  NOT NULL DEFAULT 0,                    -- how many linktrees there are
    changes     bigint  NOT NULL DEFAULT 0,                    -- the number of the newest change
    trimmed     bigint  NOT NULL DEFAULT 0,                    -- the number of the newest change that the feed no longer has
    per_author  integer NOT NULL DEFAULT 0                     -- no author has more linktrees than this
);

CREATE TABLE koii_dbsharing.linktree (
    task        integer NOT NULL,
    author      bytea   NOT NULL,
    uuid        bytea   NOT NULL,
    timestamp   bigint  NOT NULL,
    id          bytea   NOT NULL,
    tombstone   boolean NOT NULL,
    signature   bytea   NOT NULL,
    data        bytea   NOT NULL,
    PRIMARY KEY (task, author, uuid)
);

CREATE UNIQUE INDEX linktree_by_version ON koii_dbsharing.linktree (task, timestamp, id);

-- Ids are hashes, so eight bytes of them name a row nearly always, and a page of records touches fewer leaves of a smaller index.
CREATE INDEX linktree_by_id ON koii_dbsharing.linktree (task, substring(id FROM 1 FOR 8));

CREATE TABLE koii_dbsharing.change (
    task               integer  NOT NULL,
    number             bigint   NOT NULL,                      -- from 1 on, without gaps
    at                 bigint   NOT NULL,                      -- when it was written, in milliseconds since the Unix epoch
    kind               smallint NOT NULL,                      -- 0 inserted, 1 replaced, 2 deleted, 3 evicted
    author             bytea    NOT NULL,
    uuid               bytea    NOT NULL,
    added_timestamp    bigint,
    added_id           bytea,
    removed_timestamp  bigint,
    removed_id         bytea,
    PRIMARY KEY (task, number)
);
