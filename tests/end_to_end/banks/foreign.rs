//! Exports, read back by libraries that others wrote.

use std::path::{Path, PathBuf};
use std::process::Command;

use question_bank::export::{self, ExportFormat};
use question_bank::item::Defaults;
use question_bank::json;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign")
}

/// Writes the bank of `tests/foreign` in every format.
fn write_all(to: &Path) {
    let bank = std::fs::read(folder().join("bank.json")).expect("it is checked in");
    let read = json::read(&bank, "bank.json", &Defaults::default());
    assert!(read.problems.iter().all(|problem| !problem.is_error()), "{:?}", read.problems);
    for (format, name) in ExportFormat::NAMES {
        let written = export::write(&read.units, &read.pictures, format).expect(name);
        let file = to.join(format!("bank.{}", format.extension()));
        std::fs::write(file, written.bytes).expect("the folder is writable");
    }
}

#[test]
fn libraries_of_others_read_what_is_exported() {
    let Some(python) = std::env::var_os("FOREIGN_PYTHON") else {
        println!("not read by others: ./test installs their libraries, and this is not ./test");
        return;
    };
    let exports = tempfile::tempdir().expect("a folder");
    write_all(exports.path());
    let check = Command::new(python)
        .arg(folder().join("check.py"))
        .arg(exports.path())
        .output()
        .expect("Python runs");
    let (said, trouble) =
        (String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
    println!("{said}");
    assert!(check.status.success(), "{said}{trouble}");
    assert_eq!(said.matches(", ok").count(), 5, "{said}");
}

#[test]
fn packages_are_what_the_public_schemas_say() {
    const ITEM: &str = "imsqti_asiv3p0_v1p0.xsd";
    let Some(schemas) = std::env::var_os("QTI_SCHEMAS") else {
        println!("schemas absent, not validated");
        return;
    };
    let exports = tempfile::tempdir().expect("a folder");
    write_all(exports.path());
    let package = std::fs::File::open(exports.path().join("bank.zip")).expect("it was written");
    zip::ZipArchive::new(package).expect("an archive").extract(exports.path()).expect("unpacked");
    let items = std::fs::read_dir(exports.path().join("items")).expect("items");
    for item in items {
        let item = item.expect("the folder can be read").path();
        let valid = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(Path::new(&schemas).join(ITEM))
            .arg(&item)
            .output()
            .expect("xmllint is installed");
        assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stderr));
    }
}
