-- Photographs that were asked for and came. The picture itself is in the photo store, under the
-- attempt's id and the request's.
create table snapshot (
    snapshot_no bigint generated always as identity primary key,
    attempt_no bigint not null references attempt,
    request_id text not null, -- 32 hexadecimal digits
    place bigint not null, -- from 1, in the order in which they came
    asked_at_ms bigint not null,
    received_at_ms bigint not null,
    by_hand bigint not null, -- 1 where it was chosen as a file
    sent_sha256 bytea not null, -- of the file as it came
    kept_sha256 bytea not null, -- of the file that is kept
    chain bytea not null, -- SHA-256 over the chain before it and this row
    bytes bigint not null,
    width bigint not null, -- pixels
    height bigint not null, -- pixels
    hash bigint not null, -- 64 comparisons of neighbours
    sketch bytea not null, -- 24 x 32 shades of gray
    findings text, -- JSON; null until it was looked at
    deleted_at_ms bigint, -- when the picture was deleted
    unique (attempt_no, request_id),
    unique (attempt_no, place)
);
create index snapshot_unchecked on snapshot (snapshot_no) where findings is null;
create index snapshot_kept on snapshot (received_at_ms) where deleted_at_ms is null;
