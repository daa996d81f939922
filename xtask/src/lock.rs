//! One `cargo xtask` at a time may make the same thing. The lock is the file system's, so it goes
//! away with the process however that ends.

use crate::{paths, say};
use anyhow::{Context, Result};
use std::fs::{self, File, TryLockError};

/// Waits until nobody else makes `what`; others wait until the returned file is dropped.
pub(crate) fn hold(what: &str) -> Result<File> {
    let folder = paths::state().join("lock");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = File::create(folder.join(what))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => say::doing(&format!("waiting for another cargo xtask that makes the {what}")),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    file.lock()?;
    Ok(file)
}
