//! Which column of a table holds which field.

use super::{Field, FieldProblem, RawPhysician};

/// The columns of a table, found by its header.
#[derive(Clone, Debug)]
pub struct Columns(Vec<(Field, usize)>);

impl Columns {
    /// Finds the fields in a header row. Columns with other headers are left alone.
    ///
    /// # Errors
    /// A problem for each field that has no column though it must (`column_missing`), or more
    /// than one (`column_repeated`).
    pub fn find<S: AsRef<str>>(header: &[S]) -> Result<Self, Vec<FieldProblem>> {
        let found: Vec<(Field, usize)> = header
            .iter()
            .enumerate()
            .filter_map(|(column, name)| Some((Field::of_header(name.as_ref())?, column)))
            .collect();
        let problems: Vec<FieldProblem> =
            Field::ALL.into_iter().filter_map(|field| column_problem(field, &found)).collect();
        if problems.is_empty() { Ok(Self(found)) } else { Err(problems) }
    }

    /// The row of which `cells` are the texts; a cell that is not there is empty.
    #[must_use]
    pub fn row<S: AsRef<str>>(&self, cells: &[S]) -> RawPhysician {
        let mut raw = RawPhysician::default();
        for (field, column) in &self.0 {
            if let Some(cell) = cells.get(*column) {
                cell.as_ref().clone_into(raw.text_mut(*field));
            }
        }
        raw
    }
}

fn column_problem(field: Field, found: &[(Field, usize)]) -> Option<FieldProblem> {
    let label = field.label();
    match found.iter().filter(|(known, _)| *known == field).count() {
        0 if !field.is_optional() => {
            Some(FieldProblem::new(field, "column_missing", format!("表头缺少“{label}”列")))
        }
        0 | 1 => None,
        _ => Some(FieldProblem::new(field, "column_repeated", format!("表头有多个“{label}”列"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 11] = [
        "序号",
        "医师姓名*",
        "身份证号码",
        "手机",
        "单位名称",
        "执业类别",
        "执业范围",
        "医师级别",
        "医师资格证书编码",
        "医师执业证书编码",
        "是否激活",
    ];

    #[test]
    fn cells_are_found_by_the_header_and_short_rows_end_empty() {
        let columns = Columns::find(&HEADER).unwrap();
        let raw = columns.row(&["1", "王磊", "", "138"]);
        assert_eq!(raw.name, "王磊");
        assert_eq!(raw.phone, "138");
        assert_eq!(raw.activated, "");
    }

    #[test]
    fn a_missing_or_repeated_column_is_named() {
        let problems = Columns::find(&["姓名", "医师姓名", "身份证号"]).unwrap_err();
        let of = |field| problems.iter().find(|p| p.field == field).map(|p| p.code);
        assert_eq!(of(Field::Name), Some("column_repeated"));
        assert_eq!(of(Field::Level), Some("column_missing"));
        assert_eq!(of(Field::Phone), None);
        assert_eq!(of(Field::ResidentId), None);
    }
}
