//! Whether something made earlier still stands: a stamp keeps the digests of what it was made from and
//! of what came out, so a changed input, a damaged output and an interrupted run are all noticed.

use crate::paths;
use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// The memory of one thing that is made from files.
pub(crate) struct Stamp {
    /// Where the digests are kept.
    file: PathBuf,
    /// Digest of the inputs as they are now.
    inputs: u64,
    /// What is made.
    outputs: Vec<PathBuf>,
}

impl Stamp {
    /// `recipe` is everything besides files that decides the result: versions, flags.
    pub(crate) fn new(name: &str, recipe: &str, inputs: &[PathBuf], outputs: Vec<PathBuf>) -> Result<Stamp> {
        let inputs = digest(recipe, inputs).context("an input is missing")?;
        Ok(Stamp { file: paths::state().join("stamp").join(name), inputs, outputs })
    }

    /// Whether the outputs are those made from these inputs.
    pub(crate) fn is_fresh(&self) -> bool {
        self.content().is_ok_and(|now| fs::read_to_string(&self.file).is_ok_and(|then| then == now))
    }

    /// Remembers that the outputs were made from these inputs.
    pub(crate) fn set(&self) -> Result<()> {
        fs::create_dir_all(self.file.parent().context("a stamp has a folder")?)?;
        fs::write(&self.file, self.content().context("an output is missing")?)?;
        Ok(())
    }

    /// What the stamp's file says when all is fresh.
    fn content(&self) -> Result<String> {
        Ok(format!("{:016x} {:016x}\n", self.inputs, digest("", &self.outputs)?))
    }
}

/// One number for some words and the content of some files.
fn digest(words: &str, files: &[PathBuf]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    for file in files {
        fs::read(file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::{Stamp, digest};
    use std::fs;
    use std::path::PathBuf;

    /// A folder of the test's own with a stamp from `in` to `out`.
    fn setting(name: &str) -> (PathBuf, impl Fn(&str) -> Stamp) {
        let folder = std::env::temp_dir().join(format!("flagstone-stamp-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        fs::write(folder.join("in"), "one").expect("an input");
        let place = folder.clone();
        let stamp = move |recipe: &str| Stamp {
            file: place.join("stamps/it"),
            inputs: digest(recipe, &[place.join("in")]).expect("a digest"),
            outputs: vec![place.join("out")],
        };
        (folder, stamp)
    }

    #[test]
    fn fresh_until_something_changes() {
        let (folder, stamp) = setting("fresh");
        assert!(!stamp("a").is_fresh(), "nothing was made yet");
        assert!(stamp("a").set().is_err(), "a missing output cannot be stamped");
        fs::write(folder.join("out"), "made").expect("an output");
        stamp("a").set().expect("a stamp");
        assert!(stamp("a").is_fresh());
        assert!(!stamp("b").is_fresh(), "another recipe");
        fs::write(folder.join("out"), "damaged").expect("an output");
        assert!(!stamp("a").is_fresh(), "another output");
        fs::write(folder.join("out"), "made").expect("an output");
        fs::write(folder.join("in"), "two").expect("an input");
        assert!(!stamp("a").is_fresh(), "another input");
        fs::remove_dir_all(folder).expect("clean up");
    }
}
