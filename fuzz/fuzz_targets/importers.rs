//! See `exam_tests::fuzz`.

#![no_main]

use std::sync::Once;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    static HOOK: Once = Once::new();
    HOOK.call_once(exam_tests::fuzz::importers::let_panics_be_caught);
    (exam_tests::fuzz::target("importers").run)(input);
});
