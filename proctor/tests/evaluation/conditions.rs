//! Conditions that one photograph shows, and what should be found in it.

use image::{Rgb, RgbImage, imageops};
use proctor::findings::Finding;

use super::edits::{beside, brighter, far, filled, looking_aside, moved, turned};
use super::set::{NOBODY, PORTRAITS, Portrait, picture, takes};

const SKIN: Rgb<u8> = Rgb([150, 190, 215]);
const BLACK: Rgb<u8> = Rgb([25, 25, 28]);

/// A condition: pictures, and what should be found in each.
pub struct Condition {
    pub name: String,
    pub pictures: Vec<RgbImage>,
    pub expects: Expects,
    /// The least share that has to be right, in percent.
    pub least: u32,
}

pub enum Expects {
    /// One face, and nothing else at all.
    Nothing,
    /// No word of missing or several faces.
    OneFace,
    /// Not this.
    Without(Finding),
    /// One of these among what is found.
    Any(&'static [Finding]),
}

impl Expects {
    pub fn is_met(&self, found: &[Finding]) -> bool {
        match self {
            Self::Nothing => found.is_empty(),
            Self::OneFace => {
                !found.contains(&Finding::NoFace) && !found.contains(&Finding::SeveralFaces)
            }
            Self::Without(finding) => !found.contains(finding),
            Self::Any(any) => any.iter().any(|finding| found.contains(finding)),
        }
    }

    pub fn name(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::OneFace => "one face".to_owned(),
            Self::Without(finding) => format!("no {finding:?}"),
            Self::Any(any) => {
                any.iter().map(|finding| format!("{finding:?}")).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

pub fn conditions() -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut add =
        |name: &str, expects, least, edit: &dyn Fn(&Portrait, &RgbImage) -> Vec<RgbImage>| {
            let pictures = PORTRAITS.iter().flat_map(|portrait| {
                takes(portrait).iter().flat_map(|(who, take)| edit(who, take)).collect::<Vec<_>>()
            });
            conditions.push(Condition {
                name: name.to_owned(),
                pictures: pictures.collect(),
                expects,
                least,
            });
        };
    add("as it should be", Expects::Nothing, 90, &|_, p| vec![p.clone()]);
    add("dim (a fifth of the light)", Expects::OneFace, 90, &|_, p| vec![brighter(p, 0.2)]);
    add("dark (a twentieth)", Expects::Any(&[Finding::Dark]), 90, &|_, p| vec![brighter(p, 0.05)]);
    add("blurred", Expects::Any(&[Finding::Blurred]), 90, &|_, p| vec![imageops::blur(p, 8.0)]);
    add("head tilted by 20° and 35°", Expects::OneFace, 90, &|who, p| {
        [-35.0, -20.0, 20.0, 35.0].map(|degrees| turned(p, who.eyes, degrees)).to_vec()
    });
    add("head turned by 15°", Expects::Without(Finding::TurnedAway), 85, &|who, p| {
        [-15.0, 15.0].map(|degrees| looking_aside(p, who, degrees)).to_vec()
    });
    // Some of the people look aside by themselves, to one of the sides.
    for (degrees, least) in [(30.0, 30), (45.0, 45)] {
        let aside = Expects::Any(&[Finding::TurnedAway, Finding::NoFace]);
        add(&format!("head turned by {degrees}°"), aside, least, &|who, p| {
            [-degrees, degrees].map(|degrees| looking_aside(p, who, degrees)).to_vec()
        });
    }
    add(
        "half out of the picture",
        Expects::Any(&[Finding::CutOff, Finding::NoFace]),
        90,
        &|who, p| vec![moved(p, -who.eyes.0, 0.0), moved(p, p.width() as f32 - who.eyes.0, 0.0)],
    );
    add("far away (a face of 14 % and 10 %)", Expects::OneFace, 90, &|_, p| {
        vec![far(p, 0.36), far(p, 0.26)]
    });
    add("two people", Expects::Any(&[Finding::SeveralFaces]), 90, &|who, p| {
        let others = PORTRAITS.iter().filter(|other| other.name != who.name);
        others.map(|other| beside(p, &picture(other.name))).collect()
    });
    add("mask", Expects::OneFace, 90, &|who, p| {
        let mut p = p.clone();
        let ((x, y), d) = (who.eyes, who.apart);
        filled(&mut p, x - d, y + 0.45 * d, 2.0 * d, 1.5 * d, SKIN);
        vec![p]
    });
    add("hat", Expects::OneFace, 90, &|who, p| {
        let mut p = p.clone();
        let ((x, y), d) = (who.eyes, who.apart);
        filled(&mut p, x - 1.5 * d, y - 1.8 * d, 3.0 * d, 1.3 * d, BLACK);
        vec![p]
    });
    add("sunglasses", Expects::OneFace, 90, &|who, p| {
        let mut p = p.clone();
        let ((x, y), d) = (who.eyes, who.apart);
        filled(&mut p, x - 0.95 * d, y - 0.3 * d, 0.85 * d, 0.6 * d, BLACK);
        filled(&mut p, x + 0.1 * d, y - 0.3 * d, 0.85 * d, 0.6 * d, BLACK);
        vec![p]
    });
    let nobody = NOBODY.iter().flat_map(|name| {
        let pixels = picture(name);
        [
            imageops::flip_horizontal(&pixels),
            brighter(&pixels, 0.5),
            moved(&pixels, 60.0, 40.0),
            pixels,
        ]
    });
    conditions.push(Condition {
        name: "nobody".to_owned(),
        pictures: nobody.collect(),
        expects: Expects::Any(&[Finding::NoFace]),
        least: 90,
    });
    let plain = [0_u8, 40, 128, 220, 255].map(|value| {
        RgbImage::from_fn(480, 640, |x, y| {
            Rgb([value.saturating_add(((x * 7 + y * 13) % 5) as u8); 3])
        })
    });
    conditions.push(Condition {
        name: "covered: black, gray, white".to_owned(),
        pictures: plain.to_vec(),
        expects: Expects::Any(&[Finding::Covered, Finding::Dark]),
        least: 100,
    });
    conditions
}
