//! See `exam_tests::fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| (exam_tests::fuzz::target("tokens").run)(input));
