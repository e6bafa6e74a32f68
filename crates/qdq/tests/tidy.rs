//! The layer rule: a folder of the library uses only folders to its left in [`LAYERS`].

use std::fs;
use std::path::{Path, PathBuf};

const LAYERS: &[&str] = &[
    "error", "tensor", "spec", "kernels", "ops", "graph", "exec", "passes", "formats", "profiles", "targets",
    "quant", "nn", "data", "pipeline",
];

#[test]
fn layers_use_only_layers_below() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let relative = file.strip_prefix(&src).unwrap();
        let folder = relative.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        if folder == "lib" {
            continue;
        }
        let own = layer(&folder).unwrap_or_else(|| panic!("{folder} is not in LAYERS"));
        for used in used_layers(&fs::read_to_string(&file).unwrap()) {
            match layer(&used) {
                Some(other) if other > own => wrong.push(format!("{} uses {used}", relative.display())),
                Some(_) => {}
                None => wrong.push(format!("{} uses {used}, which is no layer", relative.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn formats_do_not_use_each_other() {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
    for file in rust_files(&formats) {
        let own = file.strip_prefix(&formats).unwrap().iter().next().unwrap().to_string_lossy().into_owned();
        for used in names_after(&fs::read_to_string(&file).unwrap(), "crate::formats::") {
            assert!(own == "mod.rs" || own == used, "{} uses {used}", file.display());
        }
    }
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// The first path segment after each `crate::` in code; macros at the crate's root do not count.
fn used_layers(text: &str) -> Vec<String> {
    let mut used = names_after(text, "crate::");
    for group in text.split("use crate::{").skip(1) {
        let group = group.split('}').next().unwrap_or_default();
        used.extend(
            group.split(',').map(|item| item.trim().split("::").next().unwrap_or_default().to_owned()),
        );
    }
    used.retain(|name| !name.is_empty());
    used
}

fn names_after(text: &str, prefix: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names = code.flat_map(|line| line.split(prefix).skip(1).map(str::to_owned).collect::<Vec<_>>());
    let name = |rest: String| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    names.map(name).filter(|name: &String| !name.is_empty()).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
