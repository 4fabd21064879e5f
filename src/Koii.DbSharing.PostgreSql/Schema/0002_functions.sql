-- The writers. Each runs as a statement of its own: what it does is committed, or nothing is, whatever becomes of the connection meanwhile.

-- Lets go of changes that are more or older than the feed keeps, and returns the number of the newest that is gone. Age counts from the oldest change on and stops
-- at the first that is young enough, so numbers have no gaps even where a clock was set back. The caller has the task's lock.
CREATE FUNCTION koii_dbsharing.trim_changes(_task integer, _changes bigint, _trimmed bigint, _max_changes bigint, _oldest bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _last bigint;
BEGIN
    SELECT greatest(_changes - _max_changes, coalesce(min(young.number) - 1, _changes)) INTO _last
    FROM (SELECT number FROM koii_dbsharing.change WHERE task = _task AND number > _trimmed AND at >= _oldest ORDER BY number LIMIT 1) young;
    IF _last <= _trimmed THEN
        RETURN _trimmed;
    END IF;

    DELETE FROM koii_dbsharing.change WHERE task = _task AND number > _trimmed AND number <= _last;
    RETURN _last;
END $$;

-- Has this transaction on the disk before it is answered, whatever the server's default. Only what waits for more than that is left as it is.
CREATE FUNCTION koii_dbsharing.commit_durably() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') <> 'remote_apply' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
END $$;

-- Finds or registers a task, and lets go of what it may not keep (protocol §1): records beyond the latest timestamp that the clock allows, and what authors
-- have beyond a lowered limit.
CREATE FUNCTION koii_dbsharing.open_task(_name bytea, _per_author integer, _latest bigint, _max_changes bigint, _now bigint, _oldest bigint, OUT task integer, OUT feed text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    _state koii_dbsharing.task%ROWTYPE;
    _gone bigint;
BEGIN
    INSERT INTO koii_dbsharing.task (name)
    SELECT _name WHERE NOT EXISTS (SELECT FROM koii_dbsharing.task WHERE name = _name) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT _state FROM koii_dbsharing.task WHERE name = _name FOR UPDATE;

    WITH gone AS (
        DELETE FROM koii_dbsharing.linktree WHERE task = _state.task AND timestamp > _latest RETURNING author, uuid, timestamp, id
    ), fed AS (
        INSERT INTO koii_dbsharing.change (task, number, at, kind, author, uuid, removed_timestamp, removed_id)
        SELECT _state.task, _state.changes + row_number() OVER (ORDER BY timestamp, id), _now, 3, author, uuid, timestamp, id FROM gone
    )
    SELECT count(*) INTO _gone FROM gone;
    _state.records := _state.records - _gone;
    _state.changes := _state.changes + _gone;

    IF _state.per_author > _per_author THEN
        WITH ranked AS (
            SELECT author, uuid, row_number() OVER (PARTITION BY author ORDER BY timestamp DESC, id DESC) AS rank FROM koii_dbsharing.linktree WHERE task = _state.task
        ), gone AS (
            DELETE FROM koii_dbsharing.linktree l USING ranked r
            WHERE r.rank > _per_author AND l.task = _state.task AND l.author = r.author AND l.uuid = r.uuid
            RETURNING l.author, l.uuid, l.timestamp, l.id
        ), fed AS (
            INSERT INTO koii_dbsharing.change (task, number, at, kind, author, uuid, removed_timestamp, removed_id)
            SELECT _state.task, _state.changes + row_number() OVER (ORDER BY timestamp, id), _now, 3, author, uuid, timestamp, id FROM gone
        )
        SELECT count(*) INTO _gone FROM gone;
        _state.records := _state.records - _gone;
        _state.changes := _state.changes + _gone;
    END IF;

    _state.trimmed := koii_dbsharing.trim_changes(_state.task, _state.changes, _state.trimmed, _max_changes, _oldest);
    UPDATE koii_dbsharing.task SET records = _state.records, changes = _state.changes, trimmed = _state.trimmed, per_author = _per_author
    WHERE task.task = _state.task;
    -- A reader who was told of a number must never find another change under it.
    PERFORM koii_dbsharing.commit_durably();
    task := _state.task;
    feed := replace(_state.feed::text, '-', '');
END $$;

-- Decides what becomes of each record of a page, does it, and answers with one outcome for each: 0 inserted, 1 replaced, 2 unchanged, 3 superseded, 4 full;
-- or with NULL, where all are unchanged.
--
-- The records come in turns: the first holds the first record of each author, in the page's order, the second turn the second of each, and so on. _turns has the number
-- of records up to the end of each turn, _places the place of each record in the page. Authors do not touch each other except through the bound, and the bound
-- is settled first and in the page's order; so a turn can be decided and written as a set, and the outcomes are those of record after record.
--
-- What is compared comes as arrays. They are looked into where they are: unnest, and slices for each turn, would copy the page several times. What is only written comes
-- in one piece, which costs little where nothing is to be written, and is cut when it is: signatures of 64 bytes each, and data, where that of record i begins at
-- _starts[i] and ends before _starts[i + 1]. And it is a procedure because a SELECT is planned with its arguments as constants, which copies the page again; a CALL
-- is not planned.
--
-- Every look is made after the task's row is locked, in a snapshot of its own (READ COMMITTED; a stricter level fails with 40001 where another writer was
-- first, and is retried). So it sees all that was committed before, and what it decides holds until it commits.
CREATE PROCEDURE koii_dbsharing.put_page(
    _task integer, _per_author integer, _max_records bigint, _max_changes bigint, _now bigint, _oldest bigint, _turns integer[], _places integer[],
    _authors bytea[], _uuids bytea[], _timestamps bigint[], _ids bytea[], _tombstones boolean[], _signatures bytea, _datas bytea, _starts integer[],
    OUT _answer smallint[])
LANGUAGE plpgsql
-- One plan for pages of any size over tables of any size, kept for as long as the connection: planning takes longer than storing a single record. It may be made
-- when the tables are empty, so it must not depend on what the planner thinks of them: each look is for few rows, which an index finds, and what was found is changed
-- where it is (ctid), which stays so while the lock is held. A join by keys would be planned to read all of a task that was small then, for each record.
SET plan_cache_mode TO force_generic_plan SET jit TO off
SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off SET enable_mergejoin TO off
AS $$
DECLARE
    _state koii_dbsharing.task%ROWTYPE;
    _full boolean[];
    _before integer := 0;
    _last integer;
    _outcomes smallint[];
    _held_timestamps bigint[];
    _held_ids bytea[];
    _surplus integer[];
    _left_places integer[];
    _left_uuids bytea[];
    _left_timestamps bigint[];
    _left_ids bytea[];
    _left_rows tid[];
    _count integer;
    _old_changes bigint;
BEGIN
    -- A page that is held as it stands changes nothing and waits for nobody; what a snapshot shows is on the disk. Of a page with news this looks at few records.
    IF NOT EXISTS (
        SELECT FROM generate_series(1, cardinality(_ids)) AS i
        LEFT JOIN LATERAL (SELECT l.id FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = _authors[i] AND l.uuid = _uuids[i] LIMIT 1) held ON true
        WHERE held.id IS DISTINCT FROM _ids[i]
    ) THEN
        RETURN;
    END IF;

    SELECT * INTO STRICT _state FROM koii_dbsharing.task WHERE task = _task FOR UPDATE;
    _old_changes := _state.changes;

    -- At or near the bound: an author that holds nothing finds no room if the records held and those added by the page before its first one reach the bound.
    -- Of an author's identities that are new, those add one that fit under the limit; the others only take the place of older ones.
    IF _state.records + cardinality(_ids) > _max_records THEN
        WITH page AS (
            SELECT p.*,
                (SELECT count(*) FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = p.author) AS held,
                NOT EXISTS (SELECT FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = p.author AND l.uuid = p.uuid)
                    AND row_number() OVER (PARTITION BY p.author, p.uuid ORDER BY p.place) = 1 AS is_new
            FROM unnest(_places, _authors, _uuids) WITH ORDINALITY AS p (place, author, uuid, position)
        ), adding AS (
            SELECT *, is_new AND held + count(*) FILTER (WHERE is_new) OVER (PARTITION BY author ORDER BY place) <= _per_author AS is_adding FROM page
        ), meeting AS (
            SELECT *, _state.records + count(*) FILTER (WHERE is_adding) OVER (ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS records FROM adding
        ), decided AS (
            SELECT position, first_value(held = 0 AND records >= _max_records) OVER (PARTITION BY author ORDER BY place) AS is_full FROM meeting
        )
        SELECT array_agg(is_full ORDER BY position) INTO _full FROM decided;
    END IF;

    -- In what follows i is a place in the turn, and _before + i the record there.
    FOREACH _last IN ARRAY _turns LOOP
        -- What becomes of each record, and how many of its author's oldest make room. There are more of them than one only where a store of another process had a
        -- higher limit. One look at an author's rows finds the identity and counts the others.
        SELECT array_agg(outcome), array_agg(held_timestamp), array_agg(held_id), array_agg(CASE WHEN held_id IS NULL THEN records + (outcome = 0)::integer - _per_author END)
        INTO _outcomes, _held_timestamps, _held_ids, _surplus
        FROM (
            SELECT held.timestamp AS held_timestamp, held.id AS held_id, held.records,
                CASE
                    WHEN held.id = _ids[_before + i] THEN 2
                    WHEN (held.timestamp, held.id) > (_timestamps[_before + i], _ids[_before + i]) THEN 3
                    WHEN held.id IS NOT NULL THEN 1
                    WHEN _full[_before + i] THEN 4
                    -- The oldest of the newest that the author may keep: a new identity must be newer.
                    WHEN held.records >= _per_author AND (_timestamps[_before + i], _ids[_before + i]) < (
                        SELECT l.timestamp, l.id FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = _authors[_before + i]
                        ORDER BY l.timestamp, l.id LIMIT 1 OFFSET held.records - _per_author) THEN 3
                    ELSE 0
                END::smallint AS outcome
            FROM generate_series(1, _last - _before) AS i
            CROSS JOIN LATERAL (
                SELECT count(*) AS records, min(l.timestamp) FILTER (WHERE l.uuid = _uuids[_before + i]) AS timestamp,
                    (array_agg(l.id) FILTER (WHERE l.uuid = _uuids[_before + i]))[1] AS id
                FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = _authors[_before + i] OFFSET 0
            ) held
            ORDER BY i
        ) decided;

        _left_places := NULL;
        IF 0 < ANY (_surplus) THEN
            SELECT array_agg(i), array_agg(uuid), array_agg(timestamp), array_agg(id), array_agg(ctid)
            INTO _left_places, _left_uuids, _left_timestamps, _left_ids, _left_rows
            FROM (
                SELECT i, oldest.*
                FROM generate_series(1, _last - _before) AS i
                CROSS JOIN LATERAL (
                    SELECT l.uuid, l.timestamp, l.id, l.ctid FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = _authors[_before + i]
                    ORDER BY l.timestamp, l.id LIMIT _surplus[i]
                ) oldest
                WHERE _surplus[i] > 0
                ORDER BY i, oldest.timestamp, oldest.id
            ) leaving;

            DELETE FROM koii_dbsharing.linktree WHERE ctid = ANY (_left_rows);
        END IF;

        INSERT INTO koii_dbsharing.linktree (task, author, uuid, timestamp, id, tombstone, signature, data)
        SELECT _task, _authors[_before + i], _uuids[_before + i], _timestamps[_before + i], _ids[_before + i], _tombstones[_before + i],
            substring(_signatures FROM 64 * (_before + i) - 63 FOR 64), substring(_datas FROM _starts[_before + i] FOR _starts[_before + i + 1] - _starts[_before + i])
        FROM generate_series(1, _last - _before) AS i
        WHERE _outcomes[i] = 0;
        GET DIAGNOSTICS _count = ROW_COUNT;
        _state.records := _state.records + _count - coalesce(cardinality(_left_places), 0);

        IF 1 = ANY (_outcomes) THEN
            UPDATE koii_dbsharing.linktree l
            SET timestamp = _timestamps[at], id = _ids[at], tombstone = _tombstones[at],
                signature = substring(_signatures FROM 64 * at - 63 FOR 64), data = substring(_datas FROM _starts[at] FOR _starts[at + 1] - _starts[at])
            FROM (
                SELECT _before + i AS at, held.ctid FROM generate_series(1, _last - _before) AS i
                CROSS JOIN LATERAL (
                    SELECT l.ctid FROM koii_dbsharing.linktree l WHERE l.task = _task AND l.author = _authors[_before + i] AND l.uuid = _uuids[_before + i] LIMIT 1
                ) held
                WHERE _outcomes[i] = 1
            ) replaced
            WHERE l.ctid = replaced.ctid;
        END IF;

        -- A record that is evicted is numbered before the record that takes its space.
        INSERT INTO koii_dbsharing.change (task, number, at, kind, author, uuid, added_timestamp, added_id, removed_timestamp, removed_id)
        SELECT _task, _state.changes + row_number() OVER (ORDER BY i, gone), _now,
            CASE WHEN gone IS NOT NULL THEN 3 WHEN _tombstones[_before + i] THEN 2 ELSE _outcomes[i] END,
            _authors[_before + i],
            CASE WHEN gone IS NULL THEN _uuids[_before + i] ELSE _left_uuids[gone] END,
            CASE WHEN gone IS NULL THEN _timestamps[_before + i] END,
            CASE WHEN gone IS NULL THEN _ids[_before + i] END,
            CASE WHEN gone IS NULL THEN _held_timestamps[i] ELSE _left_timestamps[gone] END,
            CASE WHEN gone IS NULL THEN _held_ids[i] ELSE _left_ids[gone] END
        FROM (
            SELECT i, NULL::bigint AS gone FROM generate_series(1, _last - _before) AS i WHERE _outcomes[i] <= 1
            UNION ALL
            SELECT i, gone FROM unnest(_left_places) WITH ORDINALITY AS p (i, gone)
        ) changes;
        GET DIAGNOSTICS _count = ROW_COUNT;
        _state.changes := _state.changes + _count;

        _answer := _answer || _outcomes;
        _before := _last;
    END LOOP;

    IF _state.changes = _old_changes THEN
        -- Nothing to make durable: whatever this page was compared with was on the disk before its writer let go of the task's row.
        PERFORM set_config('synchronous_commit', 'off', true);
        RETURN;
    END IF;

    _state.trimmed := koii_dbsharing.trim_changes(_task, _state.changes, _state.trimmed, _max_changes, _oldest);
    UPDATE koii_dbsharing.task
    SET records = _state.records, changes = _state.changes, trimmed = _state.trimmed, per_author = greatest(per_author, _per_author)
    WHERE task = _task;
    PERFORM koii_dbsharing.commit_durably();
END $$;
