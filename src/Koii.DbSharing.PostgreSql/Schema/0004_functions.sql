-- The writers. Each runs as a statement of its own: what it does is committed, or nothing is, even if the connection is lost meanwhile.

-- Deletes removals that are more or older than the feed keeps, and returns the greatest number of one that was deleted. Age counts from the oldest
-- removal on and stops at the first that is young enough, so nothing before a removal that is kept is missing where a clock was set back.
-- The caller has the task's lock.
CREATE FUNCTION koii_dbsharing.trim_removals(_task integer, _changes bigint, _trimmed bigint, _max_changes bigint, _oldest bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _first bigint;
    _first_at bigint;
BEGIN
    SELECT number, at INTO _first, _first_at FROM koii_dbsharing.removal WHERE task = _task AND number > _trimmed ORDER BY number LIMIT 1;
    IF _first IS NULL OR (_first > _changes - _max_changes AND _first_at >= _oldest) THEN
        RETURN _trimmed;
    END IF;

    SELECT number INTO _first FROM koii_dbsharing.removal
    WHERE task = _task AND number > greatest(_trimmed, _changes - _max_changes) AND at >= _oldest ORDER BY number LIMIT 1;
    WITH gone AS (
        DELETE FROM koii_dbsharing.removal WHERE task = _task AND number > _trimmed AND number < coalesce(_first, _changes + 1) RETURNING number
    )
    SELECT max(number) INTO _trimmed FROM gone;
    RETURN _trimmed;
END $$;

-- Has this transaction on the disk before it is answered, whatever the server's default. Only a setting that waits for more than that stays.
CREATE FUNCTION koii_dbsharing.commit_durably() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') <> 'remote_apply' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
END $$;

-- Finds or registers a task, and removes what it may not keep (protocol §1): records beyond the latest timestamp that the clock allows, and what
-- authors have beyond a lowered limit.
CREATE FUNCTION koii_dbsharing.open_task(
    _name bytea, _per_author integer, _latest bigint, _now bigint, OUT task integer, OUT feed text, OUT seed bigint)
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
        DELETE FROM koii_dbsharing.linktree WHERE task = _state.task AND timestamp > _latest
        RETURNING number, timestamp, tombstone, author, id, uuid
    )
    INSERT INTO koii_dbsharing.removal (added, number, at, timestamp, task, tombstone, author, id, uuid)
    SELECT number, _state.changes + row_number() OVER (ORDER BY timestamp, id), _now, timestamp, _state.task, tombstone, author, id, uuid FROM gone;
    GET DIAGNOSTICS _gone = ROW_COUNT;
    _state.records := _state.records - _gone;
    _state.changes := _state.changes + _gone;

    IF _state.per_author > _per_author THEN
        WITH ranked AS (
            SELECT number, row_number() OVER (PARTITION BY author ORDER BY timestamp DESC, id DESC) AS rank
            FROM koii_dbsharing.linktree WHERE task = _state.task
        ), gone AS (
            DELETE FROM koii_dbsharing.linktree l USING ranked r
            WHERE r.rank > _per_author AND l.task = _state.task AND l.number = r.number
            RETURNING l.number, l.timestamp, l.tombstone, l.author, l.id, l.uuid
        )
        INSERT INTO koii_dbsharing.removal (added, number, at, timestamp, task, tombstone, author, id, uuid)
        SELECT number, _state.changes + row_number() OVER (ORDER BY timestamp, id), _now, timestamp, _state.task, tombstone, author, id, uuid
        FROM gone;
        GET DIAGNOSTICS _gone = ROW_COUNT;
        _state.records := _state.records - _gone;
        _state.changes := _state.changes + _gone;
    END IF;

    UPDATE koii_dbsharing.task SET records = _state.records, changes = _state.changes, per_author = _per_author WHERE task.task = _state.task;
    -- A number that was returned must never identify another change.
    PERFORM koii_dbsharing.commit_durably();
    task := _state.task;
    feed := replace(_state.feed::text, '-', '');
    seed := _state.seed;
END $$;
