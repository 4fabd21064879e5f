-- Keys, uuids and data are blobs: compared byte by byte, by no collation. Each key is led by the task, so that one file may serve many.

-- "Koii" in ASCII, by which a file of ours is told from another application's.
PRAGMA application_id = 1265592681;

CREATE TABLE task (
    task        INTEGER PRIMARY KEY,
    name        BLOB    NOT NULL UNIQUE,                   -- the task id in UTF-8
    feed        BLOB    NOT NULL DEFAULT (randomblob(8)),  -- names the feed in positions, so that one of another file is recognized
    records     INTEGER NOT NULL DEFAULT 0,                -- how many linktrees there are
    changes     INTEGER NOT NULL DEFAULT 0,                -- the number of the newest change
    per_author  INTEGER NOT NULL DEFAULT 0                 -- no author has more linktrees than this
) STRICT;

CREATE TABLE linktree (
    row         INTEGER PRIMARY KEY,
    task        INTEGER NOT NULL,
    timestamp   INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    author      BLOB    NOT NULL,
    uuid        BLOB    NOT NULL,
    tombstone   INTEGER NOT NULL,
    signature   BLOB    NOT NULL,
    data        BLOB    NOT NULL                           -- last, so that the columns before it never lie on an overflow page
) STRICT;

CREATE UNIQUE INDEX linktree_by_key ON linktree (task, author, uuid);
CREATE UNIQUE INDEX linktree_by_version ON linktree (task, timestamp, id);

-- Ids are hashes, so eight bytes of them name a row nearly always, and a page of records touches fewer leaves of a smaller index.
CREATE INDEX linktree_by_id ON linktree (task, substr(id, 1, 8));

CREATE TABLE change (
    task               INTEGER NOT NULL,
    number             INTEGER NOT NULL,                   -- from 1 on, without gaps
    kind               INTEGER NOT NULL,                   -- 0 inserted, 1 replaced, 2 deleted, 3 evicted
    author             BLOB    NOT NULL,
    uuid               BLOB    NOT NULL,
    added_timestamp    INTEGER,
    added_id           BLOB,
    removed_timestamp  INTEGER,
    removed_id         BLOB,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;
