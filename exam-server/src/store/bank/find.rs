//! Finding units: texts and filters in any combination, and counts by cell.

use std::collections::BTreeMap;

use exam_core::ids::BankId;
use question_bank::search::Phrase;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

use super::import::search_sql;
use crate::store::conditions::{Conditions, Value, bind_all, like};
use crate::store::{Slice, Store, StoreError, on};

/// Which version of each unit is meant. Of several the newest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The newest that is a draft or approved; nothing of what is withdrawn.
    #[default]
    Newest,
    /// What can be drawn.
    Approved,
    /// What waits for approval.
    Draft,
    /// What was approved once and is drawn no more.
    Withdrawn,
}

/// What is looked for; an empty field asks for nothing.
#[derive(Clone, Debug)]
pub struct UnitFilter {
    /// In which bank.
    pub bank_id: BankId,
    /// Which versions.
    pub standing: Standing,
    /// Phrases that all stand in it.
    pub phrases: Vec<Phrase>,
    /// One of these types.
    pub item_types: Vec<String>,
    /// This topic, or one below it.
    pub topic: Option<String>,
    /// One of these difficulties.
    pub difficulties: Vec<String>,
    /// This pool.
    pub pool: Option<String>,
    /// This tag.
    pub tag: Option<String>,
    /// For this 执业类别, by name.
    pub category: Option<String>,
    /// For this 执业范围, by name.
    pub practice_scope: Option<String>,
    /// From this import.
    pub import_no: Option<i64>,
}

impl UnitFilter {
    /// Everything of a bank.
    #[must_use]
    pub const fn all(bank_id: BankId, standing: Standing) -> Self {
        Self {
            bank_id,
            standing,
            phrases: Vec::new(),
            item_types: Vec::new(),
            topic: None,
            difficulties: Vec::new(),
            pool: None,
            tag: None,
            category: None,
            practice_scope: None,
            import_no: None,
        }
    }
}

/// How many units and items one cell has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Cell {
    /// The type's name.
    pub item_type: String,
    /// The topic.
    pub topic: String,
    /// The difficulty's name.
    pub difficulty: String,
    /// The pool's name.
    pub pool: String,
    /// Units.
    pub units: i64,
    /// Items.
    pub items: i64,
}

fn conditions(filter: &UnitFilter, sqlite: bool) -> Conditions {
    let bank = Value::Text(filter.bank_id.to_string());
    let mut all = Conditions::new("n.bank_id = $1", vec![bank]);
    all.and(&standing_sql(filter.standing, sqlite), []);
    for phrase in &filter.phrases {
        let (sql, values) = phrase_sql(phrase, sqlite);
        all.and(&sql, values.into_iter().map(Value::Text));
    }
    all.any_of("v.item_type", &filter.item_types);
    all.any_of("v.difficulty", &filter.difficulties);
    if let Some(topic) = &filter.topic {
        let below = format!("{}/%", like(topic));
        all.and(
            "(v.topic = ? OR v.topic LIKE ? ESCAPE '!')",
            [Value::Text(topic.clone()), Value::Text(below)],
        );
    }
    if let Some(pool) = &filter.pool {
        all.and("v.pool = ?", [Value::Text(pool.clone())]);
    }
    for (column, name) in [
        ("v.tags", &filter.tag),
        ("v.categories", &filter.category),
        ("v.practice_scopes", &filter.practice_scope),
    ] {
        if let Some(name) = name {
            let quoted = serde_json::to_string(name).expect("a text is JSON");
            let sql = format!("{column} LIKE ? ESCAPE '!'");
            all.and(&sql, [Value::Text(format!("%{}%", like(&quoted)))]);
        }
    }
    if let Some(import_no) = filter.import_no {
        all.and("v.import_no = ?", [Value::Number(import_no)]);
    }
    all
}

fn standing_sql(standing: Standing, sqlite: bool) -> String {
    let (own, later) = match standing {
        Standing::Newest => (
            "n.state IN ('draft', 'approved') AND v.withdrawn_revision IS NULL",
            "m.state IN ('draft', 'approved')",
        ),
        Standing::Draft => ("n.state = 'draft'", "m.state IN ('draft', 'approved')"),
        Standing::Approved => {
            ("n.state = 'approved' AND v.withdrawn_revision IS NULL", "m.state = 'approved'")
        }
        Standing::Withdrawn => {
            ("n.state = 'approved' AND v.withdrawn_revision IS NOT NULL", "m.state = 'approved'")
        }
    };
    // SQLite makes the list once and looks into it, which is a third of the cost of a subquery for
    // each row; PostgreSQL joins both, and would not hash a long list.
    if sqlite {
        return format!(
            "{own} AND v.unit_version_no NOT IN (SELECT o.unit_version_no FROM unit_version AS w
                JOIN bank_import AS m ON m.import_no = w.import_no
                JOIN unit_version AS o ON o.unit_no = w.unit_no AND o.version < w.version
                WHERE w.version > 1 AND m.bank_id = $1 AND {later})"
        );
    }
    format!(
        "{own} AND NOT EXISTS (SELECT 1 FROM unit_version AS w
            JOIN bank_import AS m ON m.import_no = w.import_no
            WHERE w.version > 1 AND w.unit_no = v.unit_no AND w.version > v.version AND {later})"
    )
}

/// Tokens hold letters and digits only, so nothing in them is an operator or a wildcard.
fn phrase_sql(phrase: &Phrase, sqlite: bool) -> (String, Vec<String>) {
    let tokens = phrase.tokens.join(" ");
    if sqlite {
        let star = if phrase.open { " *" } else { "" };
        let sql = "v.unit_version_no IN (SELECT rowid FROM unit_search WHERE unit_search MATCH ?)";
        return (sql.into(), vec![format!("\"{tokens}\"{star}")]);
    }
    let found = "v.unit_version_no IN (SELECT s.rowid FROM unit_search AS s WHERE";
    // The beginning of a token is in no index.
    let (whole, end) = match (phrase.open, phrase.tokens.split_last()) {
        (true, Some((_, before))) => (before.join(" "), ""),
        _ => (tokens.clone(), " "),
    };
    let pattern = format!("% {tokens}{end}%");
    if whole.is_empty() {
        return (format!("{found} s.tokens LIKE ?)"), vec![pattern]);
    }
    let indexed = "string_to_array(s.tokens, ' ') @> string_to_array(?, ' ')";
    (format!("{found} {indexed} AND s.tokens LIKE ?)"), vec![whole, pattern])
}

/// The cells of several imports as those of all of them, by topic, type, difficulty and pool.
fn added_up(of_imports: Vec<Cell>) -> Vec<Cell> {
    let mut cells: BTreeMap<[String; 4], (i64, i64)> = BTreeMap::new();
    for cell in of_imports {
        let key = [cell.topic, cell.item_type, cell.difficulty, cell.pool];
        let (units, items) = cells.entry(key).or_default();
        *units += cell.units;
        *items += cell.items;
    }
    cells
        .into_iter()
        .map(|([topic, item_type, difficulty, pool], (units, items))| Cell {
            item_type,
            topic,
            difficulty,
            pool,
            units,
            items,
        })
        .collect()
}

impl Store {
    /// Numbers of versions that fit, by their units' numbers.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn unit_find(
        &self,
        filter: &UnitFilter,
        slice: Slice,
    ) -> Result<Vec<i64>, StoreError> {
        let mut all = conditions(filter, self.is_sqlite());
        let end = slice.end("v.unit_no", false, &mut all);
        // A page is found in the order of the units, or from what a phrase finds; SQLite would take
        // all of an import and sort it.
        let join = if self.is_sqlite() { "CROSS JOIN" } else { "JOIN" };
        let sql = format!(
            "-- unit_find
            SELECT v.unit_version_no FROM unit_version AS v
            {join} bank_import AS n ON n.import_no = v.import_no
            WHERE {} {end}",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_scalar(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("unit_find"))
    }

    /// How many units and items fit, by type, topic, difficulty and pool.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn unit_cells(&self, filter: &UnitFilter) -> Result<Vec<Cell>, StoreError> {
        let all = conditions(filter, self.is_sqlite());
        let sql = format!(
            "-- unit_cells
            SELECT v.item_type, v.topic, v.difficulty, v.pool, count(*) AS units,
                CAST(sum(v.items) AS bigint) AS items
            FROM unit_version AS v
            JOIN bank_import AS n ON n.import_no = v.import_no
            WHERE {} GROUP BY n.import_no, v.topic, v.item_type, v.difficulty, v.pool",
            all.sql
        );
        let of_imports: Vec<Cell> = on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("unit_cells"))?;
        Ok(added_up(of_imports))
    }

    /// The numbers of all versions.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn unit_version_numbers(&self) -> Result<Vec<i64>, StoreError> {
        const SQL: &str = "-- unit_version_numbers
            SELECT unit_version_no FROM unit_version ORDER BY unit_version_no";
        on!(self.readers(), pool => sqlx::query_scalar(SQL).fetch_all(pool).await)
            .map_err(StoreError::in_query("unit_version_numbers"))
    }

    /// Keeps what versions are found by.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn unit_search_keep(&self, tokens: &[(i64, String)]) -> Result<(), StoreError> {
        let sql = search_sql(tokens.len());
        on!(self.writer(), pool => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (version, tokens) in tokens {
                query = query.bind(version).bind(tokens);
            }
            query.execute(pool).await.map(|_| ())
        })
        .map_err(StoreError::in_query("unit_search_keep"))
    }
}
