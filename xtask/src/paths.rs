//! Where things are in the repository. Every other module takes its folders from here.

use std::path::{Path, PathBuf};

/// The root of the repository: the folder above this crate.
pub(crate) fn root() -> PathBuf {
    // The variable is set by `cargo run`; the fallback serves a binary that is started by hand.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or(manifest.clone(), Path::to_path_buf)
}

/// Everything that is built and can be built again.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Logs, stamps and locks of this program.
pub(crate) fn state() -> PathBuf {
    target().join("xtask")
}

/// The page's sources and npm packages.
pub(crate) fn www() -> PathBuf {
    root().join("www")
}

/// The finished page, ready for any static server.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}
