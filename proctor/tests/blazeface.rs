//! The network beside the same model run by `rten`.

use std::path::Path;

use image::RgbImage;
use image::imageops::{FilterType, resize};
use proctor::blazeface::{COLOURS, Network, SIDE};
use proctor::photo::Photo;
use rten::{Model, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

fn tests(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    std::fs::read(path).expect("a file of the tests")
}

#[test]
fn it_answers_what_rten_answers() {
    let model = Model::load(tests("models/blazeface_short_f16.onnx")).expect("a model");
    let (input, outputs) = (model.input_ids()[0], model.output_ids());
    let outputs = [outputs[0], outputs[1]];
    let network = Network::default();
    let names = ["collins", "obama_1", "obama_2", "biden", "bricks", "cat", "coffee", "suit"];
    let pictures = names.map(|name| {
        let photo = Photo::decode(&tests(&format!("pictures/{name}.jpg"))).expect("a photograph");
        resize(photo.pixels(), SIDE as u32, SIDE as u32, FilterType::Triangle)
    });
    let plain = [0, 255].map(|value| RgbImage::from_pixel(128, 128, image::Rgb([value; 3])));
    for pixels in pictures.iter().chain(&plain) {
        let pixels: Vec<f32> = pixels.iter().map(|value| f32::from(*value) / 127.5 - 1.0).collect();
        let answers = network.answers(&pixels);
        let tensor = NdTensor::from_data([1, SIDE, SIDE, COLOURS], pixels);
        let inputs = vec![(input, Value::from(tensor).into())];
        let expected = model.run_n(inputs, outputs, None).expect("it runs");
        let [boxes, scores] =
            expected.map(|value| value.into_tensor::<f32>().expect("numbers").to_vec());
        for (is, should) in [(&answers.boxes, &boxes), (&answers.scores, &scores)] {
            assert_eq!(is.len(), should.len());
            for (is, should) in is.iter().zip(should) {
                assert!((is - should).abs() < 1e-3 * (1.0 + should.abs()), "{is}, not {should}");
            }
        }
    }
}
