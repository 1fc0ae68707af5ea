//! One row of the roster.

use std::fmt;

use crate::certificate::CertificateNumber;
use crate::coded::Coded;
use crate::date::Date;
use crate::person_name::PersonName;
use crate::phone::Phone;
use crate::practice::{Category, Level, parse_scopes};
use crate::resident_id::ResidentId;
use crate::spreadsheet;
use crate::text;

use super::{Field, FieldProblem};

/// A row as text, nothing checked. `Debug` shows none of it.
#[derive(Clone, Default)]
pub struct RawPhysician {
    /// 姓名
    pub name: String,
    /// 身份证号
    pub resident_id: String,
    /// 手机号, or empty.
    pub phone: String,
    /// 机构
    pub institution: String,
    /// 执业类别
    pub category: String,
    /// 执业范围
    pub scopes: String,
    /// 医师级别
    pub level: String,
    /// 资格证书编号
    pub qualification_number: String,
    /// 执业证书编号
    pub practice_number: String,
    /// 激活: 是, 否, or empty for 是.
    pub activated: String,
}

/// A row in which every field is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Physician {
    /// The person's name.
    pub name: PersonName,
    /// The person's number.
    pub resident_id: ResidentId,
    /// The person's phone, where the registry has it.
    pub phone: Option<Phone>,
    /// What the row registers the person for.
    pub registration: Registration,
    /// What is odd but accepted, such as a wrong check digit.
    pub warnings: Vec<FieldProblem>,
}

/// What a person is registered for. Its practice certificate number tells it from the person's
/// other registrations (S61).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// 执业证书编号
    pub practice_number: CertificateNumber,
    /// 资格证书编号
    pub qualification_number: CertificateNumber,
    /// 医师级别
    pub level: Level,
    /// 执业类别
    pub category: Category,
    /// 执业范围, at least one.
    pub scopes: Vec<String>,
    /// The institution's name as the registry writes it.
    pub institution: String,
    /// Whether the registry says the physician activated it (S5).
    pub activated: bool,
}

impl RawPhysician {
    /// Checks every field; `today` bounds the birth date.
    ///
    /// # Errors
    /// A problem for each field that is not in order, in the order of the template.
    pub fn check(&self, today: Date) -> Result<Physician, Vec<FieldProblem>> {
        let mut checked = Checked::default();
        let name = checked.keep(Field::Name, PersonName::parse(&self.name));
        let resident_id = checked.resident_id(&self.resident_id, today);
        let phone = checked.phone(&self.phone);
        let registration = self.check_registration(&mut checked);
        match (name, resident_id, registration) {
            (Some(name), Some(resident_id), Some(registration)) if checked.problems.is_empty() => {
                let warnings = checked.warnings;
                Ok(Physician { name, resident_id, phone, registration, warnings })
            }
            _ => Err(checked.problems),
        }
    }

    fn check_registration(&self, checked: &mut Checked) -> Option<Registration> {
        let institution = checked.institution(&self.institution);
        let category = checked.keep(Field::Category, Category::parse(&self.category));
        let scopes = checked.keep(Field::Scopes, parse_scopes(&self.scopes));
        let level = checked.keep(Field::Level, Level::parse(&self.level));
        let qualification_number = checked
            .keep(Field::QualificationNumber, CertificateNumber::parse(&self.qualification_number));
        let practice_number =
            checked.keep(Field::PracticeNumber, CertificateNumber::parse(&self.practice_number));
        let activated = checked.activated(&self.activated);
        Some(Registration {
            practice_number: practice_number?,
            qualification_number: qualification_number?,
            level: level?,
            category: category?,
            scopes: scopes?,
            institution: institution?,
            activated: activated?,
        })
    }

    pub(super) fn text_mut(&mut self, field: Field) -> &mut String {
        match field {
            Field::Name => &mut self.name,
            Field::ResidentId => &mut self.resident_id,
            Field::Phone => &mut self.phone,
            Field::Institution => &mut self.institution,
            Field::Category => &mut self.category,
            Field::Scopes => &mut self.scopes,
            Field::Level => &mut self.level,
            Field::QualificationNumber => &mut self.qualification_number,
            Field::PracticeNumber => &mut self.practice_number,
            Field::Activated => &mut self.activated,
        }
    }
}

impl fmt::Debug for RawPhysician {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawPhysician(hidden)")
    }
}

/// The most characters of an institution's name.
const INSTITUTION_CHARS_MAX: usize = 100;

/// What checking a row has found so far.
#[derive(Default)]
struct Checked {
    problems: Vec<FieldProblem>,
    warnings: Vec<FieldProblem>,
}

impl Checked {
    /// The value, or `None` with its refusal noted.
    fn keep<T>(&mut self, field: Field, result: Result<T, impl Coded>) -> Option<T> {
        result.map_err(|refusal| self.problems.push(FieldProblem::refused(field, &refusal))).ok()
    }

    fn refuse(&mut self, field: Field, code: &'static str, message: &str) {
        self.problems.push(FieldProblem::new(field, code, message));
    }

    fn warn(&mut self, field: Field, code: &'static str, message: &str) {
        self.warnings.push(FieldProblem::new(field, code, message));
    }

    fn resident_id(&mut self, text: &str, today: Date) -> Option<ResidentId> {
        let short = text.len() <= text::FIELD_BYTES_MAX;
        let compact = if short { text::compact(text) } else { String::new() };
        let parsed = ResidentId::parse(text, today);
        let checks = parsed.as_ref().is_ok_and(ResidentId::checksum_holds);
        let lost_digits = spreadsheet::ends_in_lost_digits(&compact);
        if spreadsheet::is_float(&compact) || (lost_digits && !checks) {
            self.refuse(Field::ResidentId, "id_spreadsheet_damage", ID_DAMAGED);
            return None;
        }
        let id = self.keep(Field::ResidentId, parsed)?;
        if lost_digits {
            self.warn(Field::ResidentId, "id_ends_in_zeros", ID_ENDS_IN_ZEROS);
        } else if !checks {
            self.warn(Field::ResidentId, "id_checksum", ID_CHECKSUM);
        }
        Some(id)
    }

    fn phone(&mut self, text: &str) -> Option<Phone> {
        if text.trim().is_empty() {
            return None;
        }
        self.keep(Field::Phone, Phone::parse(text))
    }

    fn institution(&mut self, text: &str) -> Option<String> {
        let name = text.trim();
        let chars = name.chars().take(INSTITUTION_CHARS_MAX + 1).count();
        if name.is_empty() {
            self.refuse(Field::Institution, "institution_missing", "请填写机构名称");
        } else if chars > INSTITUTION_CHARS_MAX || name.chars().any(text::is_forbidden) {
            let message = "机构名称最多100个字,且不能有控制字符";
            self.refuse(Field::Institution, "institution_malformed", message);
        } else {
            return Some(name.to_owned());
        }
        None
    }

    fn activated(&mut self, text: &str) -> Option<bool> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "是" | "已激活" | "激活" | "y" | "yes" | "true" | "1" => Some(true),
            "否" | "未激活" | "n" | "no" | "false" | "0" => Some(false),
            _ => {
                self.refuse(Field::Activated, "activated_unknown", "激活应填“是”或“否”");
                None
            }
        }
    }
}

const ID_DAMAGED: &str =
    "身份证号被表格软件改成了数值,后面的数字已丢失;请把该列设为“文本”格式后重新填写";
const ID_ENDS_IN_ZEROS: &str = "身份证号以000结尾,可能被表格软件改动过,请核对";
const ID_CHECKSUM: &str = "身份证号的校验码不符,请核对";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    fn today() -> Date {
        Date::new(2026, 3, 1).unwrap()
    }

    fn row() -> RawPhysician {
        fake::physician(&mut ChaCha20Rng::from_seed([5; 32]))
    }

    fn codes(raw: &RawPhysician) -> Vec<&'static str> {
        match raw.check(today()) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(|p| p.code).collect(),
        }
    }

    #[test]
    fn a_row_in_order_becomes_a_physician() {
        let physician = row().check(today()).unwrap();
        assert!(physician.registration.activated);
        assert_eq!(physician.warnings, []);
        assert_eq!(physician.resident_id.canonical(), row().resident_id);
    }

    #[test]
    fn every_bad_field_is_reported_at_once() {
        let raw = RawPhysician {
            phone: "12345".to_owned(),
            activated: "也许".to_owned(),
            ..RawPhysician::default()
        };
        let expected = [
            "name_missing",
            "id_missing",
            "phone_not_mobile",
            "institution_missing",
            "category_missing",
            "scope_missing",
            "level_missing",
            "certificate_missing",
            "certificate_missing",
            "activated_unknown",
        ];
        assert_eq!(codes(&raw), expected);
    }

    #[test]
    fn phone_and_activation_may_be_left_out() {
        let raw = RawPhysician { phone: " ".to_owned(), activated: String::new(), ..row() };
        let physician = raw.check(today()).unwrap();
        assert_eq!(physician.phone, None);
        assert!(physician.registration.activated);
        let raw = RawPhysician { activated: "未激活".to_owned(), ..row() };
        assert!(!raw.check(today()).unwrap().registration.activated);
    }

    #[test]
    fn x12_an_id_number_rounded_by_a_spreadsheet_has_its_own_code() {
        for text in
            ["4.10102E+17", "4.10102199001011E17", "410199199001012000", "410199199001011237.0"]
        {
            let raw = RawPhysician { resident_id: text.to_owned(), ..row() };
            assert_eq!(codes(&raw), ["id_spreadsheet_damage"], "{text}");
        }
    }

    #[test]
    fn l01_a_wrong_check_digit_warns_and_imports() {
        let mut raw = row();
        let last = raw.resident_id.pop().unwrap();
        raw.resident_id.push(if last == '1' { '2' } else { '1' });
        let physician = raw.check(today()).unwrap();
        assert_eq!(physician.warnings[0].code, "id_checksum");
        assert_eq!(physician.warnings[0].field, Field::ResidentId);
    }

    #[test]
    fn a_true_number_that_ends_in_zeros_warns_and_imports() {
        let id = (1..=28)
            .map(|day| Date::new(1990, 1, day).unwrap())
            .map(|birth| ResidentId::assemble(b"410199", birth, 100))
            .find(|id| id.canonical().ends_with("000"))
            .unwrap();
        let raw = RawPhysician { resident_id: id.canonical().to_owned(), ..row() };
        assert_eq!(raw.check(today()).unwrap().warnings[0].code, "id_ends_in_zeros");
    }

    #[test]
    fn a_problem_is_written_for_programs_and_people_without_the_value() {
        let raw = RawPhysician { resident_id: "41019919801301123".to_owned(), ..row() };
        let problems = raw.check(today()).unwrap_err();
        let json = serde_json::to_value(&problems).unwrap();
        assert_eq!(json[0]["field"], "resident_id");
        assert_eq!(json[0]["code"], "id_wrong_length");
        assert!(!json.to_string().contains("4101991980"));
        assert!(!format!("{raw:?}").contains("4101991980"));
        assert!(!format!("{:?}", row().check(today())).contains(&row().resident_id));
    }

    proptest! {
        #[test]
        fn random_text_never_panics(texts in proptest::collection::vec(".*", 10)) {
            let mut raw = RawPhysician::default();
            for (field, text) in Field::ALL.into_iter().zip(texts) {
                *raw.text_mut(field) = text;
            }
            let _ = raw.check(today());
        }
    }
}
