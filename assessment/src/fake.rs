//! Synthetic physicians for the demo, rehearsals and tests. None of them exists.
//!
//! Their numbers have the right shape and check digit, so that everything treats them like real
//! ones, but they come from a county code that was never assigned and from phone numbers of a
//! prefix not issued to the public.

use rand_chacha::rand_core::Rng;

use crate::chance::{below, pick};
use crate::date::Date;
use crate::person_name::PersonName;
use crate::phone::Phone;
use crate::practice::{Category, Level};
use crate::resident_id::ResidentId;
use crate::roster::RawPhysician;

/// Zhengzhou in Henan with a county number that GB/T 2260 never gave away.
const UNASSIGNED_COUNTY: &[u8; 6] = b"410199";

/// The mobile prefix of synthetic phones.
const UNISSUED_PREFIX: &str = "160";

/// A resident ID with the right check digit, born from 1961 to 1999, of nobody.
pub fn resident_id(rng: &mut impl Rng) -> ResidentId {
    let year = 1961 + below(rng, 39) as u16;
    let (month, day) = (1 + below(rng, 12) as u8, 1 + below(rng, 28) as u8);
    let birth = Date::new(year, month, day).expect("every month has 28 days");
    ResidentId::assemble(UNASSIGNED_COUNTY, birth, below(rng, 1_000))
}

/// A common name of two or three characters, now and then a rarer kind.
pub fn person_name(rng: &mut impl Rng) -> PersonName {
    const SURNAMES: [&str; 20] = [
        "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡",
        "郭", "何", "林", "欧阳", "𠮷",
    ];
    const GIVEN: [&str; 20] = [
        "伟", "芳", "娜", "敏", "静", "磊", "强", "洋", "艳", "勇", "建华", "秀英", "志强", "晓明",
        "海燕", "国庆", "雨桐", "子涵", "永福", "婷婷",
    ];
    let name = if below(rng, 50) == 0 {
        "买买提·艾力".to_owned()
    } else {
        format!("{}{}", pick(rng, &SURNAMES), pick(rng, &GIVEN))
    };
    PersonName::parse(&name).expect("the names above are in order")
}

/// A mobile number of nobody.
pub fn phone(rng: &mut impl Rng) -> Phone {
    let number = format!("{UNISSUED_PREFIX}{:08}", below(rng, 100_000_000));
    Phone::parse(&number).expect("eleven digits")
}

/// A row of a roster in order, activated.
pub fn physician(rng: &mut impl Rng) -> RawPhysician {
    const INSTITUTIONS: [&str; 3] = ["示例市人民医院", "示例市中医院", "示例县疾病预防控制中心"];
    const SCOPES: [&str; 4] = ["内科专业", "外科专业", "妇产科专业", "儿科专业"];
    let resident_id = resident_id(rng).canonical().to_owned();
    RawPhysician {
        name: person_name(rng).as_str().to_owned(),
        phone: phone(rng).as_str().to_owned(),
        institution: pick(rng, &INSTITUTIONS).to_owned(),
        category: pick(rng, &Category::ALL).label().to_owned(),
        scopes: pick(rng, &SCOPES).to_owned(),
        level: pick(rng, &Level::ALL).label().to_owned(),
        qualification_number: format!("202041110{resident_id}"),
        practice_number: format!("110{:012}", below(rng, u32::MAX)),
        activated: "是".to_owned(),
        resident_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn synthetic_people_pass_every_check_without_a_warning() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let today = Date::new(2026, 3, 1).unwrap();
        for _ in 0..1_000 {
            let physician = physician(&mut rng).check(today).unwrap();
            assert!(physician.resident_id.checksum_holds());
            assert!(physician.warnings.iter().all(|warning| warning.code == "id_ends_in_zeros"));
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_people() {
        let people = |seed| {
            let mut rng = ChaCha20Rng::from_seed([seed; 32]);
            (0..5).map(|_| physician(&mut rng).resident_id).collect::<Vec<_>>()
        };
        assert_eq!(people(1), people(1));
        assert_ne!(people(1), people(2));
    }
}
