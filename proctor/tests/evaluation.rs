//! How well the checks do on a labelled set, made here from photographs in the public domain and edits of
//! them. `cargo test -p proctor --test evaluation -- --nocapture` prints the table of docs/proctoring.md.

use std::fmt::Write as _;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use proctor::faces::Detector;
use proctor::findings::{Earlier, Finding, findings};
use proctor::looks::Looks;
use proctor::photo::{self, Photo};

/// A portrait, with where its face is: middle between the eyes, and the distance of the eyes.
struct Portrait {
    name: &'static str,
    eyes: (f32, f32),
    apart: f32,
}

const PORTRAITS: [Portrait; 5] = [
    Portrait { name: "collins", eyes: (238.0, 240.0), apart: 76.0 },
    Portrait { name: "obama_1", eyes: (248.0, 160.0), apart: 80.0 },
    Portrait { name: "obama_2", eyes: (232.0, 240.0), apart: 84.0 },
    Portrait { name: "obama_3", eyes: (240.0, 218.0), apart: 88.0 },
    Portrait { name: "biden", eyes: (230.0, 226.0), apart: 84.0 },
];

const NOBODY: [&str; 7] = ["bricks", "cat", "coffee", "curtain", "motorcycle", "rocket", "suit"];

const SKIN: Rgb<u8> = Rgb([150, 190, 215]);
const BLACK: Rgb<u8> = Rgb([25, 25, 28]);

fn picture(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.jpg"));
    let bytes = std::fs::read(path).expect("a picture");
    photo::look(&bytes).expect("a whole JPEG");
    Photo::decode(&bytes).expect("a photograph").pixels().clone()
}

/// As it would come from a phone: compressed once more.
fn sent(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 70)
        .encode_image(pixels)
        .expect("a JPEG");
    bytes
}

fn shown(detector: &Detector, pixels: &RgbImage) -> Vec<Finding> {
    let bytes = sent(pixels);
    photo::look(&bytes).expect("a whole JPEG");
    let photo = Photo::decode(&bytes).expect("a photograph");
    let faces = detector.faces(photo.pixels()).expect("the detector runs");
    findings(&Looks::of(photo.pixels()), &faces, photo::digest(&bytes), &[])
}

fn filled(pixels: &mut RgbImage, left: f32, top: f32, width: f32, height: f32, colour: Rgb<u8>) {
    let (w, h) = pixels.dimensions();
    for y in top.max(0.0) as u32..((top + height).max(0.0) as u32).min(h) {
        for x in left.max(0.0) as u32..((left + width).max(0.0) as u32).min(w) {
            pixels.put_pixel(x, y, colour);
        }
    }
}

fn brighter(pixels: &RgbImage, times: f32) -> RgbImage {
    let mut pixels = pixels.clone();
    for pixel in pixels.pixels_mut() {
        pixel.0 = pixel.0.map(|value| (f32::from(value) * times).clamp(0.0, 255.0) as u8);
    }
    pixels
}

/// Turned about the middle between the eyes.
fn turned(pixels: &RgbImage, (cx, cy): (f32, f32), degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let (dx, dy) = (x as f32 - cx, y as f32 - cy);
        let (sx, sy) = (cx + dx * cos + dy * sin, cy - dx * sin + dy * cos);
        let inside = |v: f32, max: u32| v.clamp(0.0, (max - 1) as f32) as u32;
        *pixels.get_pixel(inside(sx, pixels.width()), inside(sy, pixels.height()))
    })
}

/// Moved, with the background's edge drawn out.
fn moved(pixels: &RgbImage, by_x: f32, by_y: f32) -> RgbImage {
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let inside = |v: f32, max: u32| v.clamp(0.0, (max - 1) as f32) as u32;
        let (sx, sy) = (x as f32 - by_x, y as f32 - by_y);
        *pixels.get_pixel(inside(sx, pixels.width()), inside(sy, pixels.height()))
    })
}

/// Somebody further away: smaller, in front of a room.
fn far(pixels: &RgbImage, share: f32) -> RgbImage {
    let mut room = imageops::blur(&picture("motorcycle"), 3.0);
    let width = (pixels.width() as f32 * share) as u32;
    let height = (pixels.height() as f32 * share) as u32;
    let small = imageops::resize(pixels, width, height, FilterType::Triangle);
    let (x, y) = ((room.width() - width) / 2, (room.height() - height) / 2);
    imageops::overlay(&mut room, &small, x.into(), y.into());
    room
}

fn beside(one: &RgbImage, other: &RgbImage) -> RgbImage {
    let half = |pixels: &RgbImage| imageops::crop_imm(pixels, 100, 60, 280, 420).to_image();
    let mut both = RgbImage::new(560, 420);
    imageops::replace(&mut both, &half(one), 0, 0);
    imageops::replace(&mut both, &half(other), 280, 0);
    both
}

/// A condition: pictures, and what should be found in each.
struct Condition {
    name: String,
    pictures: Vec<RgbImage>,
    expects: Expects,
    /// The least share that has to be right, in percent.
    least: u32,
}

enum Expects {
    /// One face, and nothing else at all.
    Nothing,
    /// No word of missing or several faces.
    OneFace,
    /// One of these among what is found.
    Any(&'static [Finding]),
}

impl Expects {
    fn is_met(&self, found: &[Finding]) -> bool {
        match self {
            Self::Nothing => found.is_empty(),
            Self::OneFace => {
                !found.contains(&Finding::NoFace) && !found.contains(&Finding::SeveralFaces)
            }
            Self::Any(any) => any.iter().any(|finding| found.contains(finding)),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::OneFace => "one face".to_owned(),
            Self::Any(any) => {
                any.iter().map(|finding| format!("{finding:?}")).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

/// Wilson's interval of 95 % around `hits` of `n`, in percent.
///
/// Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
fn interval(hits: usize, n: usize) -> (f64, f64) {
    let (hits, n, z) = (hits as f64, n as f64, 1.96_f64);
    let p = hits / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    (100.0 * (middle - half).max(0.0), 100.0 * (middle + half).min(1.0))
}

/// Slightly different takes of a portrait, as one sitting brings them.
fn takes(portrait: &Portrait) -> Vec<RgbImage> {
    let pixels = picture(portrait.name);
    let mirrored = imageops::flip_horizontal(&pixels);
    vec![
        moved(&pixels, 18.0, -12.0),
        moved(&brighter(&pixels, 0.75), -22.0, 14.0),
        moved(&brighter(&mirrored, 1.2), 8.0, 20.0),
        turned(&pixels, portrait.eyes, 8.0),
        pixels,
    ]
}

fn conditions() -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut add = |name: &str,
                   expects,
                   least,
                   edit: &dyn Fn(&Portrait, &RgbImage) -> Vec<RgbImage>| {
        let pictures = PORTRAITS.iter().flat_map(|portrait| {
            takes(portrait).into_iter().flat_map(|take| edit(portrait, &take)).collect::<Vec<_>>()
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
    add(
        "half out of the picture",
        Expects::Any(&[Finding::CutOff, Finding::NoFace]),
        90,
        &|who, p| vec![moved(p, -who.eyes.0, 0.0), moved(p, p.width() as f32 - who.eyes.0, 0.0)],
    );
    add("far away (a face of 14 % and 10 %)", Expects::OneFace, 60, &|_, p| {
        vec![far(p, 0.36), far(p, 0.26)]
    });
    add("two people", Expects::Any(&[Finding::SeveralFaces]), 90, &|who, p| {
        let others = PORTRAITS.iter().filter(|other| other.name != who.name);
        others.map(|other| beside(p, &picture(other.name))).collect()
    });
    add("mask", Expects::OneFace, 0, &|who, p| {
        let mut p = p.clone();
        let ((x, y), d) = (who.eyes, who.apart);
        filled(&mut p, x - d, y + 0.45 * d, 2.0 * d, 1.5 * d, SKIN);
        vec![p]
    });
    add("hat", Expects::OneFace, 0, &|who, p| {
        let mut p = p.clone();
        let ((x, y), d) = (who.eyes, who.apart);
        filled(&mut p, x - 1.5 * d, y - 1.8 * d, 3.0 * d, 1.3 * d, BLACK);
        vec![p]
    });
    add("sunglasses", Expects::OneFace, 0, &|who, p| {
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

#[test]
fn the_checks_do_as_well_as_they_are_said_to() {
    let detector = Detector::new().expect("the model loads");
    let mut table =
        String::from("| condition | should find | n | right | 95 % |\n|---|---|---:|---:|---|\n");
    let mut failures = String::new();
    for condition in conditions() {
        let n = condition.pictures.len();
        let mut right = 0;
        let mut others = std::collections::BTreeMap::<String, u32>::new();
        for pixels in &condition.pictures {
            let found = shown(&detector, pixels);
            if condition.expects.is_met(&found) {
                right += 1;
            } else {
                *others.entry(format!("{found:?}")).or_default() += 1;
            }
        }
        let (low, high) = interval(right, n);
        let share = 100 * right / n;
        writeln!(
            table,
            "| {} | {} | {n} | {share} % | {low:.0}–{high:.0} % |",
            condition.name,
            condition.expects.name()
        )
        .expect("a text");
        if share < condition.least as usize {
            writeln!(
                failures,
                "{}: {share} % of {}, instead {others:?}",
                condition.name, condition.least
            )
            .expect("a text");
        } else if !others.is_empty() {
            println!("{}: {others:?}", condition.name);
        }
    }
    println!("{table}");
    assert!(failures.is_empty(), "{failures}");
}

/// A frozen camera, and somebody who hardly moves: by two pixels of 480, by one degree, by a breath.
#[test]
fn i02_a_frozen_camera_is_told_from_somebody_who_sits_still() {
    let look = |pixels: &RgbImage| {
        let bytes = sent(pixels);
        (photo::digest(&bytes), Looks::of(Photo::decode(&bytes).expect("a photograph").pixels()))
    };
    let is_told = |found: &[Finding]| {
        found.contains(&Finding::SameFrame) || found.contains(&Finding::SameFile)
    };
    let (mut frozen, mut told, mut honest, mut alarms) = (0, 0, 0, 0);
    let (mut most, mut least) = (0_f32, f32::INFINITY);
    for portrait in &PORTRAITS {
        let takes = takes(portrait);
        let (digest, looks) = look(&takes[0]);
        let earlier = [Earlier { digest, hash: looks.hash, sketch: looks.sketch.clone() }];
        let (same, again) = look(&takes[0]);
        assert_eq!(findings(&again, &[], same, &earlier)[..], [Finding::NoFace, Finding::SameFile]);
        // The same frame, brighter and darker, with the noise of another compression: twenty times.
        for step in 1..=20_u32 {
            let light = 1.0 + (step as f32 - 10.0) * 0.01;
            let mut again = brighter(&takes[0], light);
            for (n, pixel) in again.pixels_mut().enumerate() {
                let noise = (n as u32).wrapping_mul(2_654_435_761 + step) >> 29;
                pixel.0 = pixel.0.map(|value| value.saturating_add(noise as u8));
            }
            let (digest, looks) = look(&again);
            most = most.max(looks.sketch.distance(&earlier[0].sketch));
            frozen += 1;
            told += usize::from(is_told(&findings(&looks, &[], digest, &earlier)));
        }
        let small = [(2.0, 0.0), (0.0, 2.0), (-3.0, 2.0), (5.0, -4.0)];
        let moves = small.map(|(x, y)| moved(&takes[0], x, y));
        let turns = [-2.0, -1.0, 1.0, 2.0].map(|degrees| turned(&takes[0], portrait.eyes, degrees));
        for take in moves.iter().chain(&turns).chain(&takes[1..]) {
            let (digest, looks) = look(take);
            least = least.min(looks.sketch.distance(&earlier[0].sketch));
            honest += 1;
            alarms += usize::from(is_told(&findings(&looks, &[], digest, &earlier)));
        }
    }
    let (of_frozen, of_honest) = (interval(told, frozen), interval(alarms, honest));
    println!("frozen: {told} of {frozen} told, {of_frozen:.0?} %, distance up to {most:.2}");
    println!(
        "honest: {alarms} of {honest} false alarms, {of_honest:.0?} %, distance from {least:.2}"
    );
    assert!(told * 100 >= frozen * 85 && alarms == 0, "{told} of {frozen}, {alarms} of {honest}");
}
