-- Decides the outcome of each record of a page, stores what is to be stored, and answers with one outcome for each: 0 inserted, 1 replaced,
-- 2 unchanged, 3 superseded, 4 full, 5 unchanged if the row that has the id is not damaged; or with NULL if all are unchanged. Only the caller can
-- compute checksums. It verifies the rows that an outcome of 3 or 5 depends on, which has changed nothing.
--
-- The records come in layers: the first layer has the first record of each author, in the page's order, the second layer the second of each, and so
-- on. _layers has the number of records up to the end of each layer, _places the place of each record in the page. Authors do not affect each other
-- except through the bounds of the store, near which the records are put one after another; so a layer can be decided and written as a set, and the
-- outcomes are those of record after record. If no author can reach its limit and no identity repeats, the whole page is one layer.
--
-- What is only written comes in few pieces, from which parts are cut when they are needed: _fixed has author, id and signature of each record, 128
-- bytes in all; _texts has its uuid and its data, which begin at _starts[2 * i - 1] and _starts[2 * i]. The numbers come as arrays. And it is a
-- procedure because a SELECT is planned with its arguments as constants, which copies the page; a CALL is not planned.
--
-- Every read happens after the task's row is locked, in a snapshot of its own (READ COMMITTED; a stricter level fails with 40001 where another
-- writer was first, and is retried). So it sees all that was committed before, and what it decides holds until it commits.
CREATE PROCEDURE koii_dbsharing.put_page(
    _task integer, _per_author integer, _max_records bigint, _max_bytes bigint, _max_changes bigint, _skew bigint, _retention bigint, _now bigint,
    _layers integer[], _places integer[], _is_distinct boolean,
    _timestamps bigint[], _identities bigint[], _prefixes bigint[], _checksums bigint[], _key_checksums integer[], _tombstones boolean[],
    _fixed bytea, _texts bytea, _starts integer[],
    OUT _answer smallint[])
LANGUAGE plpgsql
-- One plan for pages of any size over tables of any size, kept for as long as the connection: planning takes longer than storing a single record. It
-- may be made when the tables are empty, so it must not depend on what the planner thinks of them: each read is for few rows, which an index finds,
-- and what was found is deleted where it is (ctid), which stays so while the lock is held. A join by keys would be planned to read all of a task
-- that was small then, for each record; LIMIT in a lateral subquery prevents that. And task + 0 prevents that the planner, which has no statistics
-- of a new table, prefers an index that starts with the task.
SET plan_cache_mode TO force_generic_plan SET jit TO off
SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off SET enable_mergejoin TO off
AS $$
DECLARE
    _state koii_dbsharing.task%ROWTYPE;
    _size integer := cardinality(_timestamps);
    _is_new boolean := false;
    _is_roomy boolean := false;
    _new koii_dbsharing.linktree%ROWTYPE;
    _i integer;
    _outcome smallint;
    _due integer;
    _before integer := 0;
    _last integer;
    _outcomes smallint[];
    _numbers bigint[];
    _surplus integer[];
    _rows tid[];
    _gone_rows tid[];
    _gone_numbers bigint[];
    _count integer;
    _bytes bigint;
    _old_changes bigint;
BEGIN
    -- If all records are stored already, the procedure returns without a lock; what a snapshot shows is on the disk. Otherwise this ends at the
    -- first record that is not stored. A row with the same columns is not damaged. (+ 0 leaves one index.)
    IF NOT EXISTS (
        SELECT FROM generate_series(1, _size) AS i
        LEFT JOIN LATERAL (
            SELECT true AS is_held FROM koii_dbsharing.linktree l
            WHERE l.id_prefix = _prefixes[i] AND l.task + 0 = _task AND l.identity_hash + 0 = _identities[i] AND l.timestamp + 0 = _timestamps[i]
                AND l.checksum = _checksums[i] AND l.key_checksum = _key_checksums[i] AND l.tombstone = _tombstones[i]
                AND l.author || l.id || l.signature = substring(_fixed FROM 128 * i - 127 FOR 128)
                AND l.uuid = substring(_texts FROM _starts[2 * i - 1] FOR _starts[2 * i] - _starts[2 * i - 1]) LIMIT 1
        ) held ON true
        WHERE is_held IS NULL
    ) THEN
        RETURN;
    END IF;

    SELECT * INTO STRICT _state FROM koii_dbsharing.task WHERE task = _task FOR UPDATE;
    _old_changes := _state.changes;
    _now := koii_dbsharing.now_of(_now);
    IF _state.next_due <= _now THEN
        CALL koii_dbsharing.put_due(_task, _per_author, _max_records, _max_bytes, _max_changes, _skew, _retention, _now, _due);
        SELECT * INTO STRICT _state FROM koii_dbsharing.task WHERE task = _task;
    END IF;

    -- After a failover, numbers that readers have received may have been lost with the end of the history, and are given to other changes.
    IF koii_dbsharing.origin() IS DISTINCT FROM _state.origin THEN
        PERFORM koii_dbsharing.renew_feed(_task);
        _state.trimmed := _state.changes;
    END IF;

    -- Near a bound of the store.
    IF _state.records + _size > _max_records - _max_records / 20 OR _state.bytes + octet_length(_texts) > _max_bytes - _max_bytes / 20 THEN
        _answer := array_fill(0::smallint, ARRAY[_size]);
        FOR _i IN SELECT p.i FROM generate_subscripts(_places, 1) AS p (i) ORDER BY _places[p.i] LOOP
            _new.task := _task;
            _new.timestamp := _timestamps[_i];
            _new.identity_hash := _identities[_i];
            _new.id_prefix := _prefixes[_i];
            _new.checksum := _checksums[_i];
            _new.key_checksum := _key_checksums[_i];
            _new.tombstone := _tombstones[_i];
            _new.author := substring(_fixed FROM 128 * _i - 127 FOR 32);
            _new.id := substring(_fixed FROM 128 * _i - 95 FOR 32);
            _new.signature := substring(_fixed FROM 128 * _i - 63 FOR 64);
            _new.uuid := substring(_texts FROM _starts[2 * _i - 1] FOR _starts[2 * _i] - _starts[2 * _i - 1]);
            _new.data := substring(_texts FROM _starts[2 * _i] FOR _starts[2 * _i + 1] - _starts[2 * _i]);
            _new.size := octet_length(_new.data);
            SELECT p._records, p._bytes, p._changes, p._outcome INTO _state.records, _state.bytes, _state.changes, _outcome
            FROM koii_dbsharing.put_record(
                _new, _per_author, _max_records, _max_bytes, _now, false, _state.records, _state.bytes, _state.changes) p;
            _answer[_i] := _outcome;
        END LOOP;
        _layers := '{}';
    END IF;

    -- The records that an author may have are counted by the hash of the author, which other authors may share. The count is thus an upper bound, and
    -- enough to know that there is room. An author has at most one record in each layer.
    IF _is_distinct AND cardinality(_layers) > 0 THEN
        _is_new := cardinality(_layers) <= _per_author AND NOT EXISTS (
            SELECT FROM generate_series(1, _size) AS i
            CROSS JOIN LATERAL (
                SELECT FROM koii_dbsharing.linktree l
                WHERE l.identity_hash BETWEEN _identities[i] & -4294967296 AND _identities[i] | 4294967295 LIMIT 1
            ) held
        );
        _is_roomy := _is_new OR _state.records + _size <= _per_author OR NOT EXISTS (
            SELECT FROM (
                SELECT _identities[i] & -4294967296 AS first, count(*) AS added FROM generate_series(1, _size) AS i GROUP BY 1
            ) author
            CROSS JOIN LATERAL (
                SELECT count(*) AS records FROM koii_dbsharing.linktree l WHERE l.identity_hash BETWEEN author.first AND author.first | 4294967295
            ) held
            WHERE held.records + author.added > _per_author
        );
    END IF;

    IF _is_roomy THEN
        _layers := ARRAY[_size];
    END IF;

    -- In what follows i is a place in the page as it was passed, and i - _before the place in the layer.
    FOREACH _last IN ARRAY _layers LOOP
        IF _is_new THEN
            _outcomes := array_fill(0::smallint, ARRAY[_size]);
        ELSE
            -- The outcome of each record, the row of the version it replaces, how many of its author's oldest records make room, and the number of
            -- the change that adds it. Evictions are numbered before the record that takes their place. There is more than one only where a store
            -- of another process had a higher limit.
            SELECT array_agg(outcome), array_agg(held_row), array_agg(surplus), array_agg(_state.changes + number)
            INTO _outcomes, _rows, _surplus, _numbers
            FROM (
                SELECT *, sum(surplus + (outcome <= 1)::integer) OVER (ORDER BY i ROWS UNBOUNDED PRECEDING) AS number
                FROM (
                    SELECT *,
                        CASE WHEN held_row IS NULL THEN greatest(records + (outcome = 0)::integer - _per_author, 0) ELSE 0 END::integer AS surplus
                    FROM (
                        SELECT i, held.ctid AS held_row, records,
                            CASE
                                WHEN held.id = substring(_fixed FROM 128 * i - 95 FOR 32) THEN CASE
                                    WHEN (held.timestamp, held.checksum, held.key_checksum, held.tombstone, held.signature)
                                        = (_timestamps[i], _checksums[i], _key_checksums[i], _tombstones[i], substring(_fixed FROM 128 * i - 63 FOR 64))
                                    THEN 2 ELSE 5 END
                                WHEN (held.timestamp, held.id) > (_timestamps[i], substring(_fixed FROM 128 * i - 95 FOR 32)) THEN 3
                                WHEN held.id IS NOT NULL THEN 1
                                -- The oldest of the newest that the author may keep: a new identity must be newer.
                                WHEN records >= _per_author AND (_timestamps[i], substring(_fixed FROM 128 * i - 95 FOR 32)) < (
                                    SELECT l.timestamp, l.id FROM koii_dbsharing.linktree l
                                    WHERE l.identity_hash BETWEEN _identities[i] & -4294967296 AND _identities[i] | 4294967295
                                        AND l.task + 0 = _task AND l.author = substring(_fixed FROM 128 * i - 127 FOR 32)
                                    ORDER BY l.timestamp, l.id LIMIT 1 OFFSET records - _per_author) THEN 3
                                ELSE 0
                            END::smallint AS outcome
                        FROM generate_series(_before + 1, _last) AS i
                        LEFT JOIN LATERAL (
                            SELECT l.ctid, l.timestamp, l.id, l.checksum, l.key_checksum, l.tombstone, l.signature FROM koii_dbsharing.linktree l
                            WHERE l.identity_hash = _identities[i] AND l.task + 0 = _task AND l.author = substring(_fixed FROM 128 * i - 127 FOR 32)
                                AND l.uuid = substring(_texts FROM _starts[2 * i - 1] FOR _starts[2 * i] - _starts[2 * i - 1]) LIMIT 1
                        ) held ON true
                        CROSS JOIN LATERAL (
                            SELECT CASE WHEN _is_roomy OR held.id IS NOT NULL THEN 0 ELSE (
                                SELECT count(*) FROM koii_dbsharing.linktree l
                                WHERE l.identity_hash BETWEEN _identities[i] & -4294967296 AND _identities[i] | 4294967295
                                    AND l.task + 0 = _task AND l.author = substring(_fixed FROM 128 * i - 127 FOR 32)) END AS records OFFSET 0
                        ) counted
                    ) compared
                ) decided
                ORDER BY i
            ) numbered;
        END IF;

        IF NOT _is_new AND (1 = ANY (_outcomes) OR 0 < ANY (_surplus)) THEN
            SELECT array_agg(gone_row), array_agg(number) INTO _gone_rows, _gone_numbers
            FROM (
                SELECT _rows[i - _before] AS gone_row, _numbers[i - _before] AS number FROM generate_series(_before + 1, _last) AS i
                WHERE _outcomes[i - _before] = 1
                UNION ALL
                SELECT oldest.ctid, _numbers[i - _before] - (_outcomes[i - _before] <= 1)::integer - _surplus[i - _before] + oldest.rank
                FROM generate_series(_before + 1, _last) AS i
                CROSS JOIN LATERAL (
                    SELECT l.ctid, row_number() OVER (ORDER BY l.timestamp, l.id) AS rank FROM koii_dbsharing.linktree l
                    WHERE l.identity_hash BETWEEN _identities[i] & -4294967296 AND _identities[i] | 4294967295
                        AND l.task + 0 = _task AND l.author = substring(_fixed FROM 128 * i - 127 FOR 32)
                    ORDER BY l.timestamp, l.id LIMIT _surplus[i - _before]
                ) oldest
                WHERE _surplus[i - _before] > 0
            ) leaving;

            INSERT INTO koii_dbsharing.removal (added, number, at, timestamp, task, key_checksum, tombstone, author, id, uuid)
            SELECT gone.number, _gone_numbers[g], _now, gone.timestamp, _task, gone.key_checksum, gone.tombstone, gone.author, gone.id, gone.uuid
            FROM generate_series(1, cardinality(_gone_rows)) AS g
            CROSS JOIN LATERAL (SELECT l.* FROM koii_dbsharing.linktree l WHERE l.ctid = _gone_rows[g] LIMIT 1) gone;

            WITH gone AS (DELETE FROM koii_dbsharing.linktree WHERE ctid = ANY (_gone_rows) RETURNING size)
            SELECT count(*), sum(size) INTO _count, _bytes FROM gone;
            _state.records := _state.records - _count;
            _state.bytes := _state.bytes - _bytes;
        END IF;

        INSERT INTO koii_dbsharing.linktree
            (number, timestamp, identity_hash, id_prefix, checksum, task, size, key_checksum, tombstone, author, id, signature, uuid, data)
        SELECT coalesce(_numbers[i - _before], _state.changes + i), _timestamps[i], _identities[i], _prefixes[i], _checksums[i], _task,
            _starts[2 * i + 1] - _starts[2 * i], _key_checksums[i], _tombstones[i],
            substring(_fixed FROM 128 * i - 127 FOR 32), substring(_fixed FROM 128 * i - 95 FOR 32), substring(_fixed FROM 128 * i - 63 FOR 64),
            substring(_texts FROM _starts[2 * i - 1] FOR _starts[2 * i] - _starts[2 * i - 1]),
            substring(_texts FROM _starts[2 * i] FOR _starts[2 * i + 1] - _starts[2 * i])
        FROM generate_series(_before + 1, _last) AS i
        WHERE _outcomes[i - _before] <= 1;
        GET DIAGNOSTICS _count = ROW_COUNT;
        _state.records := _state.records + _count;
        SELECT _state.bytes + coalesce(sum(_starts[2 * i + 1] - _starts[2 * i]), 0) INTO _state.bytes
        FROM generate_series(_before + 1, _last) AS i WHERE _outcomes[i - _before] <= 1;
        _state.changes := coalesce(_numbers[_last - _before], _state.changes + _count);

        _answer := _answer || _outcomes;
        _before := _last;
    END LOOP;

    IF _state.changes = _old_changes THEN
        -- Nothing to make durable: whatever this page was compared with was on the disk before its writer released the task's row.
        PERFORM set_config('synchronous_commit', 'off', true);
        RETURN;
    END IF;

    _state.trimmed := koii_dbsharing.trim_removals(_task, _state.changes, _state.trimmed, _max_changes, _now - _retention);
    UPDATE koii_dbsharing.task
    SET records = _state.records, bytes = _state.bytes, changes = _state.changes, trimmed = _state.trimmed, per_author = greatest(per_author, _per_author)
    WHERE task = _task;
    PERFORM koii_dbsharing.commit_durably();
END $$;
