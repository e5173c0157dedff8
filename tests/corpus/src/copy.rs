//! A copy of each crate, as a project of its own that also depends on `tethered`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use crate::crates::{CRATES, Crate};

/// `corpus` in the target directory of this workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let workspace = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .exec()?;
    Ok(workspace.target_directory.join("corpus").into())
}

/// The sources of all crates, as they are in the registry, by a project that depends on all of
/// them. Its lock file gives every copy the same dependencies.
pub(crate) struct Sources {
    root: PathBuf,
    metadata: cargo_metadata::Metadata,
}

impl Sources {
    pub(crate) fn fetch(root: &Path) -> Result<Self> {
        let project = root.join("sources");
        fs::create_dir_all(project.join("src"))?;
        fs::write(project.join("src/lib.rs"), "")?;
        let mut manifest: DocumentMut = "[package]\nname = \"sources\"\nedition = \"2024\"\n\
             [workspace]\n[dependencies]\n"
            .parse()?;
        for krate in CRATES {
            let mut dependency = InlineTable::new();
            dependency.insert("version", format!("={}", krate.version).into());
            dependency.insert("default-features", false.into());
            dependency.insert("features", krate.features().collect::<Array>().into());
            manifest["dependencies"][krate.name] = value(dependency);
        }
        fs::write(project.join("Cargo.toml"), manifest.to_string())?;
        let metadata = MetadataCommand::new().current_dir(&project).exec()?;
        let root = root.to_path_buf();
        Ok(Self { root, metadata })
    }

    /// A fresh copy, and nothing changed but its manifest.
    pub(crate) fn copy(&self, krate: &Crate) -> Result<PathBuf> {
        let mut packages = self.metadata.packages.iter();
        let package = packages
            .find(|p| p.name == krate.name && p.version.to_string() == krate.version)
            .context("cargo did not fetch it")?;
        let from = package.manifest_path.parent().context("a folder")?;
        let to = self.root.join(krate.name);
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        copy_folder(from.as_std_path(), &to)?;
        fs::copy(self.root.join("sources/Cargo.lock"), to.join("Cargo.lock"))?;
        let manifest = to.join("Cargo.toml");
        fs::write(&manifest, depend(&fs::read_to_string(&manifest)?)?)?;
        Ok(to)
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// The manifest of a workspace of its own, without what only its tests need.
fn depend(manifest: &str) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse()?;
    manifest.remove("dev-dependencies");
    if let Some(targets) = manifest.get_mut("target").and_then(Item::as_table_like_mut) {
        for (_, target) in targets.iter_mut() {
            if let Some(target) = target.as_table_like_mut() {
                target.remove("dev-dependencies");
            }
        }
    }
    manifest.insert("workspace", Item::Table(Table::new()));
    let mut tethered = InlineTable::new();
    tethered.insert("path", runtime()?.to_string_lossy().as_ref().into());
    manifest["dependencies"]["tethered"] = value(tethered);
    Ok(manifest.to_string())
}

/// The crate that the copies call `tethered`: this workspace's, or the folder in `TETHERED_PATH`.
fn runtime() -> Result<PathBuf> {
    let path = env::var_os("TETHERED_PATH").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime"),
        PathBuf::from,
    );
    ensure!(path.exists(), "there is no {}", path.display());
    Ok(path.canonicalize()?)
}
