//! Builds the crate anew when the web app was built anew, which a release carries in itself.

fn main() {
    let built = "../web/dist";
    println!("cargo:rerun-if-changed=build.rs");
    // What does not exist would count as changed each time.
    if std::path::Path::new(built).exists() {
        println!("cargo:rerun-if-changed={built}");
    }
}
