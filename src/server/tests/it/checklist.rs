//! `docs/SECURITY.md` names tests: each of them is there.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file as the document names it.
fn file(name: &str) -> PathBuf {
    let short = [
        ("it/", "src/server/tests/it/"),
        ("domain/", "src/domain/tests/it/"),
        ("db/", "src/db/tests/"),
        ("e2e/", "end2end/tests/acceptance/"),
    ];
    let long = short
        .iter()
        .find_map(|(start, whole)| Some(format!("{whole}{}", name.strip_prefix(start)?)));
    root().join(long.unwrap_or_else(|| name.to_owned()))
}

#[test]
fn every_test_of_the_document_is_there() {
    let document = std::fs::read_to_string(root().join("docs/SECURITY.md")).unwrap();
    let (mut seen, mut faults) = (0, Vec::new());
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let mut text = String::new();
        let mut of = "";
        for name in line.split('`').skip(1).step_by(2) {
            let (path, test) = name.split_once("::").map_or((name, None), |(path, test)| (path, Some(test)));
            let is_file = [".rs", ".spec.ts"].iter().any(|end| path.ends_with(end));
            if is_file {
                of = path;
                text = std::fs::read_to_string(file(path)).unwrap_or_default();
                if text.is_empty() {
                    faults.push(format!("there is no {path}"));
                }
            }
            let Some(test) = test.filter(|_| is_file || path.is_empty()) else {
                continue;
            };
            seen += 1;
            if !text.contains(&format!("fn {test}(")) {
                faults.push(format!("there is no {test} in {of}"));
            }
        }
    }
    assert!(seen > 100, "only {seen} tests are named");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
