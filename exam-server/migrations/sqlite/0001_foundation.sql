-- Times are server UTC in milliseconds. Ids are hyphenated lower-case UUIDs. Flags are 0 or 1.

-- What the database knows of itself, such as the check value of the identity key.
create table setting (
    name text primary key,
    value text not null
);

-- A period of assessment (周期).
create table cycle (
    cycle_id text primary key,
    name text not null unique,
    starts_at_ms integer not null,
    ends_at_ms integer not null,
    windows text not null -- JSON: named windows of the period, such as registration
);

create table institution (
    institution_id text primary key,
    name text not null unique
);

create table staff (
    staff_id text primary key,
    login text not null unique,
    name text not null,
    roles text not null, -- JSON list of role names
    scope text not null, -- JSON: "all", or a list of institution ids
    password_hash text, -- null until enrolled
    totp_secret_sealed blob, -- null until enrolled
    totp_last_step integer not null default 0, -- the newest time step used, so none is used twice
    enrolment_hash blob, -- SHA-256 of the one-time enrolment token
    enrolment_expires_at_ms integer,
    created_at_ms integer not null,
    disabled_at_ms integer,
    version integer not null default 1 -- counts changes by operators
);

-- Codes that stand in for a lost second factor, each good once.
create table staff_recovery_code (
    staff_id text not null references staff,
    code_hash blob not null, -- SHA-256
    used_at_ms integer,
    primary key (staff_id, code_hash)
);

-- Physicians as the registry lists them, and rehearsal candidates.
create table candidate (
    candidate_no integer primary key,
    candidate_id text not null unique,
    institution_id text not null references institution,
    name text not null,
    id_number_sealed blob not null, -- encrypted; shown masked
    id_number_hash blob not null unique, -- keyed hash of the 18-digit form
    phone_sealed blob,
    phone_hash blob,
    activated integer not null,
    origin text not null, -- roster, demo or rehearsal
    rehearsal_exam_id text, -- for rehearsal candidates
    created_at_ms integer not null
);
create index candidate_by_institution on candidate (institution_id);
create index candidate_by_rehearsal on candidate (rehearsal_exam_id) where rehearsal_exam_id is not null;

-- A physician may be registered more than once (assistant and full); the number decides.
create table registration (
    candidate_no integer not null references candidate,
    certificate_no text not null,
    category text not null, -- 执业类别
    practice_scope text not null, -- 执业范围
    level text not null, -- 医师级别
    primary key (candidate_no, certificate_no, practice_scope)
);

create table account (
    candidate_no integer primary key references candidate,
    password_hash text, -- null where only one-time codes open it
    must_change_password integer not null,
    reset_at_ms integer, -- the newest reset by staff, shown to reviewers
    changed_at_ms integer not null
);

-- One-time codes and entry tickets; only their hash is stored.
create table one_time_code (
    code_hash blob primary key,
    candidate_no integer not null references candidate,
    purpose text not null, -- reset or entry
    created_at_ms integer not null,
    expires_at_ms integer not null,
    used_at_ms integer
);
create index one_time_code_by_candidate on one_time_code (candidate_no);

-- Sign-ins of candidates and staff; only the hash of their token is stored.
create table sign_in (
    token_hash blob primary key,
    candidate_no integer references candidate,
    staff_id text references staff,
    only_password integer not null, -- opens nothing but "set a new password"
    created_at_ms integer not null,
    expires_at_ms integer not null,
    revoked_at_ms integer
);
create index sign_in_by_candidate on sign_in (candidate_no) where candidate_no is not null;
create index sign_in_by_staff on sign_in (staff_id) where staff_id is not null;
create index sign_in_revoked on sign_in (revoked_at_ms) where revoked_at_ms is not null;

-- Wrong passwords in a row, by keyed hash of the identity that was tried, known or not.
create table sign_in_failure (
    identity_hash blob primary key,
    failures integer not null,
    last_at_ms integer not null
);

create table bank (
    bank_id text primary key,
    name text not null unique,
    revision integer not null, -- counts approvals and withdrawals
    created_at_ms integer not null
);

-- An import is staged in slices, and then made drafts, and approved, by its one row here.
create table bank_import (
    import_no integer primary key,
    bank_id text not null references bank,
    state text not null, -- staged, draft, approved or rejected
    imported_by text not null references staff,
    imported_at_ms integer not null,
    approved_by text references staff,
    approved_at_ms integer,
    approved_revision integer, -- the bank revision from which it is drawn
    rejected_by text references staff,
    rejected_at_ms integer,
    rejected_because text,
    check (approved_by is null or approved_by <> imported_by)
);
create index bank_import_by_bank on bank_import (bank_id);

-- What is drawn whole: a single item, or a group with its shared stem or options.
create table unit (
    unit_no integer primary key,
    bank_id text not null references bank,
    code text not null,
    unique (bank_id, code)
);

create table unit_version (
    unit_version_no integer primary key,
    unit_no integer not null references unit,
    version integer not null, -- of those in a revision the newest is drawn
    import_no integer not null references bank_import,
    item_type text not null,
    topic text not null,
    difficulty text not null,
    tags text not null, -- JSON list
    categories text not null, -- JSON list of 执业类别, empty for all
    practice_scopes text not null, -- JSON list of 执业范围, empty for all
    pool text not null, -- exam or practice
    items integer not null, -- how many it has
    shared text not null, -- JSON: stem, options and media of a group, {} for a single item
    content_hash blob not null, -- SHA-256 over normalised content and key
    source text not null, -- JSON: file, sheet, row
    withdrawn_revision integer, -- the bank revision from which it is drawn no longer
    withdrawn_by text references staff,
    withdrawn_at_ms integer,
    withdrawn_because text,
    unique (unit_no, version)
);
-- What counting cells reads, in the order of the cells.
create index unit_version_by_import on unit_version (
    import_no, topic, item_type, difficulty, pool, withdrawn_revision, unit_no, version, items
);
-- Few of a bank's versions are not the first, and only these can stand before another.
create index unit_version_later on unit_version (unit_no, version, import_no) where version > 1;

-- What the texts of each version are found by: bigrams of Chinese, words of other scripts.
create virtual table unit_search using fts5 (
    tokens, content = '', contentless_delete = 1, detail = full, tokenize = 'unicode61 remove_diacritics 0'
);

create table item (
    item_no integer primary key,
    unit_no integer not null references unit,
    code text not null,
    unique (unit_no, code)
);

create table item_version (
    item_version_no integer primary key,
    unit_version_no integer not null references unit_version,
    item_no integer not null references item,
    position integer not null, -- within the unit, from 1
    content text not null, -- JSON: stem, options, media; no key
    content_hash blob not null,
    pinned integer not null, -- option positions that are not shuffled, as bits
    unique (unit_version_no, position)
);

-- Pictures that items show, by what they hold.
create table media (
    media_id text primary key, -- SHA-256 of the bytes in hexadecimal
    mime text not null,
    width integer not null, -- pixels
    height integer not null, -- pixels
    bytes blob not null
);

-- What candidates reached on items, by what they say, and up to which attempt it was counted.
create table item_measured (
    content text primary key, -- content_hash of item_version in hexadecimal
    answers integer not null,
    earned_permille integer not null -- the shares of the points that were reached, added up
);
create table measured_upto (
    one integer primary key check (one = 1),
    attempt_no integer not null
);

-- Keys and explanations live apart from what candidates see.
create table item_key (
    item_version_no integer primary key references item_version,
    key_bits integer not null, -- the right options in the author's order, as bits
    explanation text not null
);

create table exam (
    exam_id text primary key,
    cycle_id text not null references cycle,
    title text not null,
    kind text not null, -- public_knowledge or professional
    state text not null, -- published or withdrawn
    revision integer not null, -- the newest one
    unique (cycle_id, title)
);

-- Each publication of an exam; attempts remember theirs.
create table exam_revision (
    exam_id text not null references exam,
    revision integer not null,
    definition text not null, -- JSON: the exam as checked
    source text not null, -- the exam file as it came, TOML or JSON
    measured text not null, -- JSON: item versions with answers and shares, as of then
    published_by text references staff, -- null at the command line
    published_at_ms integer not null,
    primary key (exam_id, revision)
);

-- The bank revisions a published exam draws from.
create table exam_bank (
    exam_id text not null references exam,
    exam_revision integer not null,
    bank_id text not null references bank,
    bank_revision integer not null,
    primary key (exam_id, exam_revision, bank_id)
);

-- How often each item version had been used, frozen so that a draw can be repeated.
create table exposure (
    exam_id text not null references exam,
    revision integer not null,
    at_ms integer not null,
    last_attempt_no integer not null, -- papers up to this one are counted
    counts text not null, -- JSON: pairs of item version and count
    primary key (exam_id, revision)
);

create table attempt (
    attempt_no integer primary key autoincrement,
    attempt_id text not null unique,
    candidate_no integer not null references candidate,
    exam_id text not null references exam,
    exam_revision integer not null,
    audience_row integer not null,
    notice_version text not null,
    consents text not null, -- JSON
    started_at_ms integer not null,
    wake_at_ms integer, -- when the session has something to do by itself; null once closed
    phase text not null, -- running, paused, locked, closed or voided
    closed_at_ms integer,
    closed_by text
);
create unique index attempt_open on attempt (candidate_no, exam_id) where closed_at_ms is null;
create index attempt_by_candidate on attempt (candidate_no, exam_id);
create index attempt_wake on attempt (wake_at_ms) where closed_at_ms is null;

create table paper (
    attempt_no integer primary key references attempt,
    body text not null -- JSON: seed, revisions, item versions and option orders
);

create table result (
    attempt_no integer primary key references attempt,
    points integer not null, -- hundredths
    total_points integer not null,
    pass_points integer not null,
    verdict text not null, -- passed, failed or void
    receipt text not null, -- JSON
    scored_at_ms integer not null
);

-- The journal: appended in commit order; a frame links back to the one before it in its attempt.
create table journal_frame (
    id integer primary key,
    attempt_no integer not null,
    seq integer not null,
    previous_id integer not null, -- 0 for the first frame
    body text not null -- the frame's bytes, as digested
);

-- The fence: an append moves the head from the end it knew. Integers only, so rows stay small.
create table journal_head (
    attempt_no integer primary key,
    seq integer not null,
    last_id integer not null
);

-- A frame moves the head of its journal in the statement that appends it, so that an append is one
-- statement and with it a transaction of its own.
create trigger journal_frame_moves_head after insert on journal_frame
begin
    update journal_head set seq = new.seq, last_id = new.id where attempt_no = new.attempt_no;
end;

-- Sessions folded up to a seq; deleting them loses nothing.
create table checkpoint (
    attempt_no integer primary key,
    seq integer not null,
    body text not null
);

-- Messages that came too late or from a fenced device: kept, never scored.
create table evidence (
    evidence_no integer primary key,
    attempt_no integer not null,
    device text not null,
    n integer not null,
    received_at_ms integer not null,
    code text not null, -- why it was refused
    message text not null
);
create index evidence_by_attempt on evidence (attempt_no);

-- The newest sign of life of any node.
create table heartbeat (
    one integer primary key check (one = 1),
    at_ms integer not null,
    beat integer not null
);

-- Decisions by people. A sealer chains the rows by hash.
create table audit (
    audit_no integer primary key autoincrement,
    at_ms integer not null,
    actor text not null,
    action text not null,
    object text not null,
    reason text not null,
    before text not null, -- JSON
    after text not null, -- JSON
    chain_hash blob -- SHA-256 over the previous hash and this row; null until sealed
);
create index audit_by_object on audit (object);
create index audit_unsealed on audit (audit_no) where chain_hash is null;

-- Acts on many attempts, such as extra time for a hall.
create table bulk (
    bulk_id text primary key,
    added_ms integer not null,
    by_staff_id text not null references staff,
    reason text not null,
    created_at_ms integer not null,
    leased_until_ms integer not null, -- a node works at it until then
    done_at_ms integer
);
create table bulk_item (
    bulk_id text not null references bulk,
    attempt_id text not null,
    state text not null, -- waiting, done or refused
    detail text not null, -- why it was refused
    primary key (bulk_id, attempt_id)
);
