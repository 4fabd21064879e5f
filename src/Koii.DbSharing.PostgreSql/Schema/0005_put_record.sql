-- The rules for one record after another (protocol §1): near a bound of the store, where each record depends on those before it, and for withheld
-- records that are due. The callers have the task's lock, and the settings of the planner that put_page explains.

-- Decides the outcome of a record as put_page does, and stores it. _is_counted: whether the size of the task contains the record already.
CREATE FUNCTION koii_dbsharing.put_record(
    _new koii_dbsharing.linktree, _per_author integer, _max_records bigint, _max_bytes bigint, _now bigint, _is_counted boolean,
    INOUT _records bigint, INOUT _bytes bigint, INOUT _changes bigint, OUT _outcome smallint)
LANGUAGE plpgsql AS $$
DECLARE
    _held koii_dbsharing.linktree%ROWTYPE;
    _held_row tid;
    _old record;
    _gone tid[] := '{}';
    _is_stored boolean;
    _is_held boolean;
    _excess integer := 0;
    _records_after bigint;
    _bytes_after bigint;
BEGIN
    SELECT l.ctid INTO _held_row FROM koii_dbsharing.linktree l
    WHERE l.identity_hash = _new.identity_hash AND l.task + 0 = _new.task AND l.author = _new.author AND l.uuid = _new.uuid LIMIT 1;
    _is_stored := FOUND;
    IF _is_stored THEN
        SELECT l.* INTO _held FROM koii_dbsharing.linktree l WHERE l.ctid = _held_row;
        IF _held.id = _new.id THEN
            _outcome := CASE
                WHEN (_held.timestamp, _held.checksum, _held.key_checksum, _held.tombstone, _held.signature)
                    = (_new.timestamp, _new.checksum, _new.key_checksum, _new.tombstone, _new.signature) THEN 2
                ELSE 5 END;
            RETURN;
        ELSIF (_held.timestamp, _held.id) > (_new.timestamp, _new.id) THEN
            _outcome := 3;
            RETURN;
        END IF;
    ELSE
        SELECT count(*) + 1 - _per_author INTO _excess FROM koii_dbsharing.linktree l
        WHERE l.identity_hash BETWEEN _new.identity_hash & -4294967296 AND _new.identity_hash | 4294967295
            AND l.task + 0 = _new.task AND l.author = _new.author;
    END IF;

    -- The last twentieth of each bound is for identities that the store has.
    _is_held := _is_stored OR EXISTS (
        SELECT FROM koii_dbsharing.withheld w
        WHERE w.identity_hash = _new.identity_hash AND w.task + 0 = _new.task AND w.author = _new.author AND w.uuid = _new.uuid);
    IF NOT _is_held THEN
        _max_records := _max_records - _max_records / 20;
        _max_bytes := _max_bytes - _max_bytes / 20;
    END IF;

    _records_after := _records + CASE WHEN _is_counted THEN 0 ELSE 1 END - CASE WHEN _is_stored THEN 1 ELSE 0 END;
    _bytes_after := _bytes + CASE WHEN _is_counted THEN 0 ELSE _new.size END - CASE WHEN _is_stored THEN _held.size ELSE 0 END;
    _outcome := CASE WHEN _is_stored THEN 1 ELSE 0 END;
    IF _excess > 0 OR _records_after > greatest(_records, _max_records) OR _bytes_after > greatest(_bytes, _max_bytes) THEN
        _outcome := 4;
        FOR _old IN
            SELECT l.ctid AS place, l.timestamp, l.id, l.size FROM koii_dbsharing.linktree l
            WHERE l.identity_hash BETWEEN _new.identity_hash & -4294967296 AND _new.identity_hash | 4294967295
                AND l.task + 0 = _new.task AND l.author = _new.author AND (NOT _is_stored OR l.ctid <> _held_row)
            ORDER BY l.timestamp, l.id
        LOOP
            IF (_old.timestamp, _old.id) > (_new.timestamp, _new.id) THEN
                _outcome := CASE WHEN cardinality(_gone) < _excess THEN 3 ELSE 4 END;
                EXIT;
            END IF;

            _gone := _gone || _old.place;
            _records_after := _records_after - 1;
            _bytes_after := _bytes_after - _old.size;
            IF cardinality(_gone) >= _excess
                AND _records_after <= greatest(_records, _max_records) AND _bytes_after <= greatest(_bytes, _max_bytes) THEN
                _outcome := CASE WHEN _is_stored THEN 1 ELSE 0 END;
                EXIT;
            END IF;
        END LOOP;
        IF _outcome > 1 THEN
            RETURN;
        END IF;
    END IF;

    -- Evictions are numbered before the record that takes their place.
    IF _is_stored THEN
        _gone := _gone || _held_row;
    END IF;

    FOR i IN 1 .. cardinality(_gone) LOOP
        _changes := _changes + 1;
        WITH gone AS (DELETE FROM koii_dbsharing.linktree l WHERE l.ctid = _gone[i] RETURNING l.*)
        INSERT INTO koii_dbsharing.removal (added, number, at, timestamp, task, key_checksum, tombstone, author, id, uuid)
        SELECT number, _changes, _now, timestamp, task, key_checksum, tombstone, author, id, uuid FROM gone;
    END LOOP;

    IF NOT _is_stored THEN
        _changes := _changes + 1;
    END IF;

    _new.number := _changes;
    INSERT INTO koii_dbsharing.linktree SELECT _new.*;
    _records := _records_after;
    _bytes := _bytes_after;
END $$;

-- Stores the withheld records that are due as if they arrived now; they have room, because they are counted already. What loses is superseded.
CREATE PROCEDURE koii_dbsharing.put_due(
    _task integer, _per_author integer, _max_records bigint, _max_bytes bigint, _max_changes bigint, _skew bigint, _retention bigint, _now bigint,
    INOUT _due integer)
LANGUAGE plpgsql
SET plan_cache_mode TO force_generic_plan SET jit TO off
SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off SET enable_mergejoin TO off
AS $$
DECLARE
    _state koii_dbsharing.task%ROWTYPE;
    _new koii_dbsharing.linktree%ROWTYPE;
    _outcome smallint;
BEGIN
    _due := 0;
    SELECT * INTO STRICT _state FROM koii_dbsharing.task WHERE task = _task FOR UPDATE;
    _now := koii_dbsharing.now_of(_now);
    IF _state.next_due IS NULL OR _state.next_due > _now THEN
        RETURN;
    END IF;

    FOR _new IN
        WITH due AS (DELETE FROM koii_dbsharing.withheld w WHERE w.task = _task AND w.timestamp <= _now + _skew RETURNING w.*)
        SELECT * FROM due ORDER BY timestamp, id
    LOOP
        SELECT p._records, p._bytes, p._changes, p._outcome INTO _state.records, _state.bytes, _state.changes, _outcome
        FROM koii_dbsharing.put_record(
            _new, _per_author, _max_records, _max_bytes, _now, true, _state.records, _state.bytes, _state.changes) p;
        IF _outcome > 1 THEN
            _state.records := _state.records - 1;
            _state.bytes := _state.bytes - _new.size;
        ELSE
            _due := _due + 1;
        END IF;
    END LOOP;

    UPDATE koii_dbsharing.task
    SET records = _state.records, bytes = _state.bytes, changes = _state.changes,
        next_due = (SELECT min(w.timestamp) - _skew FROM koii_dbsharing.withheld w WHERE w.task = _task),
        trimmed = koii_dbsharing.trim_removals(_task, _state.changes, _state.trimmed, _max_changes, _now - _retention),
        per_author = greatest(per_author, _per_author)
    WHERE task = _task;
    PERFORM koii_dbsharing.commit_durably();
END $$;
