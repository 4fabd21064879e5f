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

-- The clock of the server in milliseconds since the Unix epoch: the one clock of all processes. Tests pass a time of their own.
CREATE FUNCTION koii_dbsharing.now_of(_now bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(_now, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
$$;

-- Names the history that a server writes: its timeline, which changes when a standby is promoted or a backup is restored, and the table, which a
-- restored dump creates anew. NULL where the user may not know it.
CREATE FUNCTION koii_dbsharing.origin() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' || 'koii_dbsharing.task'::regclass::oid;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;

-- Gives the feed a new name, so that each reader starts again: what is served has lost records, and no change says which. Nobody needs the removals
-- before that. The caller has the task's lock.
CREATE FUNCTION koii_dbsharing.renew_feed(_task integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM koii_dbsharing.removal WHERE task = _task;
    UPDATE koii_dbsharing.task SET feed = gen_random_uuid(), origin = koii_dbsharing.origin(), trimmed = changes WHERE task = _task;
END $$;

-- Deletes withheld records that a newer version of their identity, or the newest identities of their author, supersede.
CREATE FUNCTION koii_dbsharing.trim_withheld(_task integer, _per_author integer, OUT _records bigint, OUT _bytes bigint) LANGUAGE sql AS $$
    WITH versions AS (
        SELECT ctid AS place, author, timestamp, id, row_number() OVER (PARTITION BY author, uuid ORDER BY timestamp DESC, id DESC) AS version
        FROM koii_dbsharing.withheld WHERE task = _task
    ), ranked AS (
        SELECT place, version, row_number() OVER (PARTITION BY author, version > 1 ORDER BY timestamp DESC, id DESC) AS rank FROM versions
    ), gone AS (
        DELETE FROM koii_dbsharing.withheld w USING ranked r WHERE w.ctid = r.place AND (r.version > 1 OR r.rank > _per_author) RETURNING w.size
    )
    SELECT count(*), coalesce(sum(size), 0)::bigint FROM gone
$$;

-- Finds or registers a task, and removes what it may not keep (protocol §1): it withholds records beyond the latest timestamp that the clock allows,
-- and evicts what authors have beyond a lowered limit. A task of a read-only database is returned as it is, or as NULL if there is none.
-- _is_again: whether the caller had opened the task before and lost it. Where the history is not known, another one may have begun.
CREATE FUNCTION koii_dbsharing.open_task(
    _name bytea, _per_author integer, _skew bigint, _is_again boolean, _now bigint,
    OUT task integer, OUT seed bigint, OUT withheld bigint, OUT server_time bigint, OUT is_read_only boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    _state koii_dbsharing.task%ROWTYPE;
    _gone bigint;
    _bytes bigint;
    _origin text;
BEGIN
    withheld := 0;
    is_read_only := current_setting('transaction_read_only') = 'on';
    IF is_read_only THEN
        SELECT t.task, t.seed INTO task, seed FROM koii_dbsharing.task t WHERE t.name = _name;
        server_time := koii_dbsharing.now_of(_now);
        RETURN;
    END IF;

    INSERT INTO koii_dbsharing.task (name)
    SELECT _name WHERE NOT EXISTS (SELECT FROM koii_dbsharing.task WHERE name = _name) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT _state FROM koii_dbsharing.task WHERE name = _name FOR UPDATE;

    -- After the wait for the lock.
    _now := koii_dbsharing.now_of(_now);
    WITH gone AS (
        DELETE FROM koii_dbsharing.linktree l WHERE l.task = _state.task AND l.timestamp > _now + _skew RETURNING l.*
    )
    INSERT INTO koii_dbsharing.withheld SELECT * FROM gone;
    GET DIAGNOSTICS withheld = ROW_COUNT;
    IF withheld > 0 OR _state.next_due IS NOT NULL THEN
        SELECT _records, _bytes INTO _gone, _bytes FROM koii_dbsharing.trim_withheld(_state.task, _per_author);
        _state.records := _state.records - _gone;
        _state.bytes := _state.bytes - _bytes;
        SELECT min(w.timestamp) - _skew INTO _state.next_due FROM koii_dbsharing.withheld w WHERE w.task = _state.task;
    END IF;

    IF _state.per_author > _per_author THEN
        WITH ranked AS (
            SELECT number, row_number() OVER (PARTITION BY author ORDER BY timestamp DESC, id DESC) AS rank
            FROM koii_dbsharing.linktree WHERE task = _state.task
        ), gone AS (
            DELETE FROM koii_dbsharing.linktree l USING ranked r
            WHERE r.rank > _per_author AND l.task = _state.task AND l.number = r.number
            RETURNING l.*
        ), removed AS (
            INSERT INTO koii_dbsharing.removal (added, number, at, timestamp, task, key_checksum, tombstone, author, id, uuid)
            SELECT number, _state.changes + row_number() OVER (ORDER BY timestamp, id), _now, timestamp, _state.task, key_checksum, tombstone,
                author, id, uuid
            FROM gone
        )
        SELECT count(*), coalesce(sum(size), 0) INTO _gone, _bytes FROM gone;
        _state.records := _state.records - _gone;
        _state.bytes := _state.bytes - _bytes;
        _state.changes := _state.changes + _gone;
    END IF;

    UPDATE koii_dbsharing.task
    SET records = _state.records, bytes = _state.bytes, changes = _state.changes, next_due = _state.next_due, per_author = _per_author
    WHERE task.task = _state.task;
    _origin := koii_dbsharing.origin();
    IF withheld > 0 OR _origin IS DISTINCT FROM _state.origin OR (_is_again AND _origin IS NULL) THEN
        PERFORM koii_dbsharing.renew_feed(_state.task);
    END IF;

    -- A number that was returned must never identify another change.
    PERFORM koii_dbsharing.commit_durably();
    task := _state.task;
    seed := _state.seed;
    server_time := koii_dbsharing.now_of(_now);
END $$;

-- Moves rows that do not match their checksum or their id out of the way, and returns how many. Others may have moved them before. What is left is
-- counted again, because the columns that the counts were made of may be what is damaged. The newest thousand are kept.
CREATE FUNCTION koii_dbsharing.move_damaged(_task integer, _rows tid[], _numbers bigint[], _now bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    _moved integer := 0;
    _count integer;
BEGIN
    PERFORM FROM koii_dbsharing.task WHERE task = _task FOR UPDATE;
    FOR i IN 1 .. cardinality(_rows) LOOP
        WITH gone AS (
            DELETE FROM koii_dbsharing.linktree l WHERE l.ctid = _rows[i] AND l.task = _task AND l.number = _numbers[i] RETURNING l.*
        )
        INSERT INTO koii_dbsharing.damaged SELECT gone.*, koii_dbsharing.now_of(_now) FROM gone;
        GET DIAGNOSTICS _count = ROW_COUNT;
        _moved := _moved + _count;
    END LOOP;

    IF _moved > 0 THEN
        DELETE FROM koii_dbsharing.damaged WHERE task = _task
            AND ctid <> ALL (ARRAY(SELECT ctid FROM koii_dbsharing.damaged WHERE task = _task ORDER BY at DESC LIMIT 1000));
        UPDATE koii_dbsharing.task t SET (records, bytes) = (
            SELECT count(*), coalesce(sum(size), 0) FROM (
                SELECT size FROM koii_dbsharing.linktree WHERE task = _task
                UNION ALL SELECT size FROM koii_dbsharing.withheld WHERE task = _task) counted)
        WHERE t.task = _task;
        PERFORM koii_dbsharing.renew_feed(_task);
        PERFORM koii_dbsharing.commit_durably();
    END IF;

    RETURN _moved;
END $$;
