//! Who sits what: an exam's audience is rules over who a physician is, with one blueprint a row.

use serde::{Deserialize, Serialize};

use crate::blueprint::Blueprint;

/// One row of an audience. An empty list stands for everyone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceRow {
    /// 执业类别
    pub categories: Vec<String>,
    /// 执业范围
    pub practice_scopes: Vec<String>,
    /// 医师级别
    pub levels: Vec<String>,
    /// Names of institutions.
    pub institutions: Vec<String>,
    /// What they sit.
    pub blueprint: Blueprint,
}

/// Whose practice something is for: 执业类别 × 执业范围. An empty list stands for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practices {
    /// 执业类别
    pub categories: Vec<String>,
    /// 执业范围
    pub practice_scopes: Vec<String>,
}

/// What the audience asks about one registration of a physician.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// 执业类别
    pub category: String,
    /// 执业范围
    pub practice_scope: String,
    /// 医师级别
    pub level: String,
    /// The institution's name.
    pub institution: String,
}

/// What stands between a candidate and an exam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// The registration is not activated.
    NotActivated,
    /// No row of the audience fits.
    NotInAudience,
    /// More than one row fits, which a person has to settle.
    AudienceAmbiguous,
    /// Another exam has to be passed first.
    OtherExamFirst,
    /// Too many starts within the hour.
    TooManyStarts,
    /// The time between two tries is not over.
    WaitBetweenTries,
    /// The time allowed would run into the maintenance window.
    Maintenance,
}

impl AudienceRow {
    /// Whether a registration is meant by this row.
    #[must_use]
    pub fn fits(&self, facts: &Facts) -> bool {
        let among = |list: &[String], value: &String| list.is_empty() || list.contains(value);
        among(&self.categories, &facts.category)
            && among(&self.practice_scopes, &facts.practice_scope)
            && among(&self.levels, &facts.level)
            && among(&self.institutions, &facts.institution)
    }
}

impl Practices {
    /// Whether it is for everybody.
    #[must_use]
    pub const fn are_all(&self) -> bool {
        self.categories.is_empty() && self.practice_scopes.is_empty()
    }

    /// Whether it is for everybody whom `others` mean.
    #[must_use]
    pub fn cover(&self, others: &Self) -> bool {
        let cover = |mine: &[String], others: &[String]| {
            mine.is_empty() || (!others.is_empty() && others.iter().all(|one| mine.contains(one)))
        };
        cover(&self.categories, &others.categories)
            && cover(&self.practice_scopes, &others.practice_scopes)
    }
}

/// The row that a physician's registrations lead to.
///
/// # Errors
/// [`Block::NotInAudience`] or [`Block::AudienceAmbiguous`] where that is not exactly one.
pub fn row_of(rows: &[AudienceRow], registrations: &[Facts]) -> Result<usize, Block> {
    let fits = |row: &AudienceRow| registrations.iter().any(|facts| row.fits(facts));
    let mut fitting = (0..).zip(rows).filter(|(_, row)| fits(row)).map(|(number, _)| number);
    match (fitting.next(), fitting.next()) {
        (Some(row), None) => Ok(row),
        (None, _) => Err(Block::NotInAudience),
        (Some(_), Some(_)) => Err(Block::AudienceAmbiguous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::Points;
    use crate::time::Span;

    fn row(categories: &[&str], levels: &[&str]) -> AudienceRow {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        AudienceRow {
            categories: texts(categories),
            practice_scopes: vec![],
            levels: texts(levels),
            institutions: vec![],
            blueprint: Blueprint {
                time_allowed: Span::from_minutes(60),
                pass_points: Points::ZERO,
                shuffle_items: true,
                shuffle_options: true,
                sections: vec![],
            },
        }
    }

    fn facts(category: &str, level: &str) -> Facts {
        Facts {
            category: category.into(),
            practice_scope: "内科专业".into(),
            level: level.into(),
            institution: "第一人民医院".into(),
        }
    }

    #[test]
    fn what_is_for_some_is_not_for_all() {
        let practices = |categories: &[&str], scopes: &[&str]| {
            let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
            Practices { categories: texts(categories), practice_scopes: texts(scopes) }
        };
        let all = Practices::default();
        let medicine = practices(&["临床"], &["内科专业", "外科专业"]);
        assert!(all.cover(&all) && all.cover(&medicine));
        assert!(medicine.cover(&practices(&["临床"], &["内科专业"])));
        assert!(!medicine.cover(&practices(&["临床"], &["内科专业", "儿科专业"])));
        assert!(!medicine.cover(&practices(&["临床"], &[])), "a scope that it is not for");
        assert!(!medicine.cover(&practices(&["口腔"], &["内科专业"])));
        assert!(!medicine.cover(&all));
    }

    #[test]
    fn an_empty_row_is_for_everyone() {
        assert_eq!(row_of(&[row(&[], &[])], &[facts("口腔", "执业医师")]), Ok(0));
    }

    #[test]
    fn exactly_one_row_has_to_fit() {
        let rows = [row(&["临床"], &["执业医师"]), row(&["临床"], &["执业助理医师"])];
        let (full, assistant) = (facts("临床", "执业医师"), facts("临床", "执业助理医师"));
        assert_eq!(row_of(&rows, std::slice::from_ref(&assistant)), Ok(1));
        assert_eq!(row_of(&rows, &[facts("口腔", "执业医师")]), Err(Block::NotInAudience));
        assert_eq!(row_of(&rows, &[]), Err(Block::NotInAudience));
        assert_eq!(row_of(&rows, &[full, assistant]), Err(Block::AudienceAmbiguous));
    }
}
