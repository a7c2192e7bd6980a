//! A release of the server has the site inside: without one there is nothing to build. Lints look
//! at the code only, and pass without it.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC_WORKSPACE_WRAPPER");
    println!("cargo::rerun-if-changed=build.rs");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if !release {
        return;
    }
    let pkg = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/site/pkg");
    // One that is missing makes cargo ask again at the next build.
    println!("cargo::rerun-if-changed={}", pkg.display());
    let lints = std::env::var("RUSTC_WORKSPACE_WRAPPER").is_ok_and(|wrapper| wrapper.contains("clippy"));
    let missing: Vec<&str> = ["tenantry.js", "tenantry.wasm", "tenantry.css"]
        .into_iter()
        .filter(|name| !pkg.join(name).is_file())
        .collect();
    if !missing.is_empty() && !lints {
        println!(
            "cargo::error=the site is missing ({} in target/site/pkg): a release has it inside. Build it first with scripts/build-site, or all of it with `make build`",
            missing.join(", ")
        );
    }
}
