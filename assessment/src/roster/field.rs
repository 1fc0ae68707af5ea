//! The columns of a roster and the names they go by.

use serde::Serialize;

use crate::text;

/// One field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 姓名
    Name,
    /// 身份证号
    ResidentId,
    /// 手机号, optional.
    Phone,
    /// 机构
    Institution,
    /// 执业类别
    Category,
    /// 执业范围
    Scopes,
    /// 医师级别
    Level,
    /// 资格证书编号
    QualificationNumber,
    /// 执业证书编号
    PracticeNumber,
    /// 激活, optional: 是 unless stated.
    Activated,
}

impl Field {
    /// Every field, in the order of the template.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::ResidentId,
        Self::Phone,
        Self::Institution,
        Self::Category,
        Self::Scopes,
        Self::Level,
        Self::QualificationNumber,
        Self::PracticeNumber,
        Self::Activated,
    ];

    /// The header of its column in the template, and its name in messages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.headers()[0]
    }

    /// Whether a table without its column can be read.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Phone | Self::Activated)
    }

    /// The field whose column is headed `header`, forgiving blanks, brackets and a star.
    #[must_use]
    pub fn of_header(header: &str) -> Option<Self> {
        if header.len() > text::FIELD_BYTES_MAX {
            return None;
        }
        let plain = plain_header(header);
        Self::ALL.into_iter().find(|field| field.headers().contains(&plain.as_str()))
    }

    /// The headers it is known by, the template's first.
    const fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["姓名", "医师姓名", "名字"],
            Self::ResidentId => &[
                "身份证号",
                "身份证号码",
                "身份证",
                "证件号码",
                "证件号",
                "居民身份证号",
                "公民身份号码",
            ],
            Self::Phone => &["手机号", "手机号码", "手机", "联系电话", "电话", "移动电话"],
            Self::Institution => &[
                "机构",
                "机构名称",
                "医疗机构",
                "医疗机构名称",
                "执业机构",
                "执业机构名称",
                "主要执业机构",
                "执业地点",
                "单位",
                "单位名称",
                "工作单位",
            ],
            Self::Category => &["执业类别", "类别", "医师类别"],
            Self::Scopes => &["执业范围", "范围", "执业专业"],
            Self::Level => &["医师级别", "级别", "执业级别"],
            Self::QualificationNumber => &[
                "资格证书编号",
                "资格证书编码",
                "资格证书号",
                "资格证书号码",
                "医师资格证书编号",
                "医师资格证书编码",
                "医师资格证书号",
            ],
            Self::PracticeNumber => &[
                "执业证书编号",
                "执业证书编码",
                "执业证书号",
                "执业证书号码",
                "医师执业证书编号",
                "医师执业证书编码",
                "医师执业证书号",
                "注册编号",
            ],
            Self::Activated => &["激活", "是否激活", "激活状态", "已激活"],
        }
    }
}

/// `header` without blanks, marks and what stands in brackets: `* 姓 名（必填）` is `姓名`.
fn plain_header(header: &str) -> String {
    let compact = text::compact(header);
    let mut depth = 0_usize;
    compact
        .chars()
        .filter(|c| match c {
            '(' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            '*' | ':' => false,
            _ => depth == 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_any_of_its_names() {
        assert_eq!(Field::of_header("* 姓 名（必填）"), Some(Field::Name));
        assert_eq!(Field::of_header("身份证号码："), Some(Field::ResidentId));
        assert_eq!(Field::of_header("医师执业证书编码【15位】"), Some(Field::PracticeNumber));
        assert_eq!(Field::of_header("\u{FEFF}姓名"), Some(Field::Name));
        assert_eq!(Field::of_header("备注"), None);
        assert_eq!(Field::of_header(""), None);
    }

    #[test]
    fn no_header_names_two_fields() {
        for field in Field::ALL {
            for header in field.headers() {
                assert_eq!(Field::of_header(header), Some(field), "{header}");
            }
        }
    }
}
