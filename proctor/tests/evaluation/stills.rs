//! Stills before the camera: what two photographs of one attempt have in common.

use image::RgbImage;
use proctor::findings::{Earlier, Finding, findings};
use proctor::looks::Looks;
use proctor::photo::{self, Photo};

use super::edits::{brighter, moved, turned};
use super::set::{PORTRAITS, interval, sent, takes};

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
