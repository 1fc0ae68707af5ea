//! Every value of every table as text, so that two databases of different kinds can be compared.

use std::collections::BTreeMap;
use std::str::FromStr;

use exam_tests::Database;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, SqliteConnection};

/// Rows by table, sorted; the values of a row by column name.
pub type Content = BTreeMap<String, Vec<BTreeMap<String, String>>>;

/// Opens a PostgreSQL database beside the server.
pub async fn postgres(database: &Database) -> PgConnection {
    let options = PgConnectOptions::from_str(&database.url).expect("an address");
    options.connect().await.expect("it answers")
}

/// Opens a SQLite database beside the server.
pub async fn sqlite(database: &Database) -> SqliteConnection {
    let path = database.url.strip_prefix("sqlite:").expect("a file");
    let options = SqliteConnectOptions::new().filename(path);
    options.connect().await.expect("it opens")
}

fn row_of(columns: &[(String, String)], values: Vec<Option<String>>) -> BTreeMap<String, String> {
    let value = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
    columns.iter().map(|(name, _)| name.clone()).zip(values.into_iter().map(value)).collect()
}

/// What PostgreSQL holds.
pub async fn of_postgres(connection: &mut PgConnection) -> Content {
    let mut content = Content::new();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("tables");
    for table in tables {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT CAST(column_name AS text), CAST(data_type AS text)
             FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = $1",
        )
        .bind(&table)
        .fetch_all(&mut *connection)
        .await
        .expect("columns");
        let text = |(name, holds): &(String, String)| match holds.as_str() {
            "bytea" => format!("upper(encode(\"{name}\", 'hex'))"),
            _ => format!("CAST(\"{name}\" AS text)"),
        };
        let list = columns.iter().map(text).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT ARRAY[{list}] FROM \"{table}\"");
        let rows: Vec<Vec<Option<String>>> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.expect("rows");
        let mut rows: Vec<_> = rows.into_iter().map(|row| row_of(&columns, row)).collect();
        rows.sort();
        content.insert(table, rows);
    }
    content
}

/// What SQLite holds.
pub async fn of_sqlite(connection: &mut SqliteConnection) -> Content {
    let mut content = Content::new();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("tables");
    for table in tables {
        let columns: Vec<(String, String)> =
            sqlx::query_as("SELECT name, lower(type) FROM pragma_table_info($1)")
                .bind(&table)
                .fetch_all(&mut *connection)
                .await
                .expect("columns");
        let text = |(name, holds): &(String, String)| match holds.as_str() {
            "blob" => format!("CASE WHEN \"{name}\" IS NULL THEN NULL ELSE hex(\"{name}\") END"),
            _ => format!("CAST(\"{name}\" AS text)"),
        };
        let list = columns.iter().map(text).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT json_array({list}) FROM \"{table}\"");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.expect("rows");
        let values = |row: &String| serde_json::from_str(row).expect("an array");
        let mut rows: Vec<_> = rows.iter().map(|row| row_of(&columns, values(row))).collect();
        rows.sort();
        content.insert(table, rows);
    }
    content
}
