//! Queries whose conditions depend on what is asked.

/// A parameter.
pub(super) enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

/// Conditions with their parameters.
pub(super) struct Conditions {
    /// What stands behind `WHERE`.
    pub(super) sql: String,
    /// Its parameters, in order.
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// One condition, whose parameters are numbered already.
    pub(super) fn new(sql: &str, values: Vec<Value>) -> Self {
        Self { sql: sql.to_owned(), values }
    }

    /// Adds a condition in which each `?` is the next of `values`.
    pub(super) fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql += " AND ";
        let mut values = values.into_iter();
        for part in sql.split_inclusive('?') {
            match part.strip_suffix('?') {
                Some(before) => {
                    self.values.extend(values.next());
                    self.sql += &format!("{before}${}", self.values.len());
                }
                None => self.sql += part,
            }
        }
    }

    /// Adds a condition that one of `names` stands in `column`; nothing for no names.
    pub(super) fn any_of(&mut self, column: &str, names: &[String]) {
        if !names.is_empty() {
            let places = vec!["?"; names.len()].join(", ");
            let values = names.iter().cloned().map(Value::Text);
            self.and(&format!("{column} IN ({places})"), values);
        }
    }

    /// Adds a last parameter, such as a limit, and returns its name.
    pub(super) fn parameter(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }
}

/// A text in which `LIKE` sees no wildcards; `!` escapes.
pub(super) fn like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// Binds the parameters of conditions. PostgreSQL plans the query anew for what is asked: a plan for
/// any word takes a common one for a rare one.
macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query.persistent(false);
        for value in $values {
            query = match value {
                $crate::store::conditions::Value::Text(text) => query.bind(text),
                $crate::store::conditions::Value::Number(number) => query.bind(number),
            };
        }
        query
    }};
}
pub(super) use bind_all;
