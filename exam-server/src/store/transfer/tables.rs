//! What a move takes with it: every table, in an order in which no row comes before what it
//! refers to.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{PgConnection, Row, SqliteConnection};

use crate::store::StoreError;

/// The tables that are moved, in order.
pub(super) const TABLES: [&str; 41] = [
    "setting",
    "cycle",
    "institution",
    "staff",
    "staff_recovery_code",
    "candidate",
    "registration",
    "account",
    "one_time_code",
    "sign_in",
    "sign_in_failure",
    "bank",
    "bank_import",
    "unit",
    "unit_version",
    "item",
    "item_version",
    "item_key",
    "media",
    "item_measured",
    "measured_upto",
    "exam",
    "exam_revision",
    "exam_bank",
    "exposure",
    "attempt",
    "paper",
    "result",
    JOURNAL,
    "checkpoint",
    "evidence",
    "snapshot",
    "consent_withdrawn",
    "admission",
    "review",
    "review_step",
    "portrait",
    "heartbeat",
    "audit",
    "bulk",
    "bulk_item",
];

/// The one table whose two schemas differ: PostgreSQL's is led by the candidate, SQLite's links
/// each frame to the one before it.
const JOURNAL: &str = "journal_frame";

/// Tables of SQLite that stay behind: PostgreSQL reads the end of a journal from its key, what items
/// are found by is made anew, and each database counts its own migrations.
const LEFT_BEHIND: [&str; 7] = [
    "journal_head",
    "unit_search",
    "unit_search_data",
    "unit_search_idx",
    "unit_search_docsize",
    "unit_search_config",
    "_sqlx_migrations",
];

/// What PostgreSQL says a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Number,
    Text,
    Bytes,
}

impl Holds {
    const fn array(self) -> &'static str {
        match self {
            Self::Number => "bigint[]",
            Self::Text => "text[]",
            Self::Bytes => "bytea[]",
        }
    }
}

/// One table with its columns, as both databases have them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    columns: Vec<(String, Holds)>,
    /// The column that PostgreSQL numbers by itself.
    pub(super) numbered: Option<String>,
}

/// Values of one column, one for each row of a slice.
pub(super) enum Values {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Values {
    /// Takes a row's value, and returns about how many bytes it is.
    pub(super) fn take(&mut self, row: &SqliteRow, column: usize) -> Result<usize, sqlx::Error> {
        Ok(match self {
            Self::Numbers(values) => {
                values.push(row.try_get(column)?);
                size_of::<i64>()
            }
            Self::Texts(values) => {
                let value: Option<String> = row.try_get(column)?;
                let bytes = value.as_ref().map_or(0, String::len);
                values.push(value);
                bytes
            }
            Self::Bytes(values) => {
                let value: Option<Vec<u8>> = row.try_get(column)?;
                let bytes = value.as_ref().map_or(0, Vec::len);
                values.push(value);
                bytes
            }
        })
    }
}

impl Table {
    /// Reads the columns of `name` from both databases and makes sure that they agree.
    pub(super) async fn read(
        name: &'static str,
        source: &mut SqliteConnection,
        target: &mut PgConnection,
    ) -> Result<Self, StoreError> {
        const TARGET: &str = "-- transfer_columns
            SELECT CAST(column_name AS text), CAST(data_type AS text), is_identity = 'YES'
            FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
        const SOURCE: &str = "-- transfer_columns
            SELECT name FROM pragma_table_info($1)";
        let failed = StoreError::in_query("transfer_columns");
        let rows: Vec<(String, String, bool)> =
            sqlx::query_as(TARGET).bind(name).fetch_all(target).await.map_err(&failed)?;
        let here: Vec<String> =
            sqlx::query_scalar(SOURCE).bind(name).fetch_all(source).await.map_err(&failed)?;
        let holds = |column: &str, data_type: &str| match data_type {
            "bigint" => Ok(Holds::Number),
            "text" => Ok(Holds::Text),
            "bytea" => Ok(Holds::Bytes),
            other => Err(StoreError::bad_row(name, column, format!("{other} is not moved"))),
        };
        let columns: Vec<(String, Holds)> = rows
            .iter()
            .map(|(column, data_type, _)| Ok((column.clone(), holds(column, data_type)?)))
            .collect::<Result<_, StoreError>>()?;
        let there: BTreeSet<&str> = rows.iter().map(|(column, ..)| column.as_str()).collect();
        let agree = here.iter().map(String::as_str).collect::<BTreeSet<_>>() == there;
        if columns.is_empty() || (!agree && name != JOURNAL) {
            return Err(StoreError::bad_row(name, "columns", "the two schemas do not agree"));
        }
        let numbered = rows.into_iter().find(|(.., identity)| *identity).map(|(name, ..)| name);
        Ok(Self { name, columns, numbered })
    }

    /// Reads all rows from SQLite, in the order in which they were written.
    pub(super) fn select(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        if self.name == JOURNAL {
            let owner = |name| if name == "candidate_no" { "a" } else { "f" };
            let names: Vec<_> = names.map(|name| format!("{}.\"{name}\"", owner(name))).collect();
            return format!(
                "-- transfer_read\nSELECT {} FROM journal_frame AS f \
                 LEFT JOIN attempt AS a ON a.attempt_no = f.attempt_no ORDER BY f.id",
                names.join(", ")
            );
        }
        let names: Vec<_> = names.map(|name| format!("\"{name}\"")).collect();
        let (names, table) = (names.join(", "), self.name);
        format!("-- transfer_read\nSELECT {names} FROM \"{table}\" ORDER BY rowid")
    }

    /// Stores a slice in PostgreSQL, numbers and all.
    pub(super) fn insert(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let arrays: Vec<_> = (1..)
            .zip(&self.columns)
            .map(|(number, (_, holds))| format!("${number}::{}", holds.array()))
            .collect();
        let (names, arrays, table) = (names.join(", "), arrays.join(", "), self.name);
        format!(
            "-- transfer_write\nINSERT INTO \"{table}\" ({names}) OVERRIDING SYSTEM VALUE \
             SELECT * FROM UNNEST({arrays})"
        )
    }

    /// An empty slice.
    pub(super) fn slice(&self) -> Vec<Values> {
        let empty = |holds: &Holds| match holds {
            Holds::Number => Values::Numbers(Vec::new()),
            Holds::Text => Values::Texts(Vec::new()),
            Holds::Bytes => Values::Bytes(Vec::new()),
        };
        self.columns.iter().map(|(_, holds)| empty(holds)).collect()
    }
}

/// Makes sure that nothing of the source would be left behind unseen.
pub(super) async fn check_source(source: &mut SqliteConnection) -> Result<(), StoreError> {
    const SQL: &str = "-- transfer_tables
        SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let found: Vec<String> = sqlx::query_scalar(SQL)
        .fetch_all(source)
        .await
        .map_err(StoreError::in_query("transfer_tables"))?;
    let known = |name: &str| TABLES.contains(&name) || LEFT_BEHIND.contains(&name);
    match found.iter().find(|name| !known(name)) {
        Some(name) => Err(StoreError::bad_row("sqlite_schema", name, "no move knows this table")),
        None => Ok(()),
    }
}
