-- What the phone said of its camera at the start: live, file or none; null where it said nothing.
alter table attempt add column camera text;

-- What the camera called itself; a claim of the phone.
alter table snapshot add column camera text not null default '';

-- Attempts in which the candidate took the consent to photographs back.
create table consent_withdrawn (
    attempt_no bigint primary key references attempt,
    at_ms bigint not null
);

-- Candidates without a camera, at exams that are then sat under somebody's eyes.
create table admission (
    exam_id text not null references exam,
    candidate_no bigint not null references candidate,
    asked_at_ms bigint not null, -- when the candidate stood at the door last
    admitted_by text references staff, -- null while nobody has let them in
    admitted_at_ms bigint,
    until_ms bigint, -- may start until then
    reason text not null,
    primary key (exam_id, candidate_no)
);

-- What is to be looked at in an attempt that was watched, once it is over, and what came of it. Made
-- from the journal, the snapshots and the steps below.
create table review (
    attempt_no bigint primary key references attempt,
    exam_id text not null references exam,
    severity bigint not null, -- of the gravest incident: 0 none, 1 note, 2 look, 3 first
    incidents text not null, -- JSON
    asked bigint not null, -- snapshots that were due
    taken bigint not null, -- of those, that came
    state text not null, -- waiting, normal, suspicious, violation, void_proposed, void, appealed
    steps bigint not null, -- how many there are
    changed_at_ms bigint not null
);
create index review_by_state on review (state, severity, attempt_no);
create index review_by_exam on review (exam_id, state);

-- What people decided about an attempt, and what its candidate says to it. Never changed.
create table review_step (
    attempt_no bigint not null references attempt,
    step bigint not null, -- from 1
    at_ms bigint not null,
    staff_id text references staff, -- null where the candidate took it
    kind text not null,
    reason text not null,
    primary key (attempt_no, step)
);

-- When what is to be looked at was gathered; null where that is to be done, or done again.
alter table attempt add column assessed_at_ms bigint;
create index attempt_unassessed on attempt (attempt_no)
    where assessed_at_ms is null and closed_at_ms is not null;

-- The photographs that the registry has of candidates. The picture itself is in the photo store.
create table portrait (
    candidate_no bigint primary key references candidate,
    sha256 bytea not null, -- of the file that is kept
    width bigint not null, -- pixels
    height bigint not null, -- pixels
    imported_at_ms bigint not null
);
