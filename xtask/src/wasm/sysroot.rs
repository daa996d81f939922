//! Debian's Rust for the web has no standard library for `wasm32-unknown-unknown`, but its source.
//! Here it is built once into a sysroot of our own, `target/wasm-sysroot/`, which plain cargo then uses:
//!
//! ```text
//! bin/cargo                      -> Debian's
//! bin/rustc, bin/rustdoc         Debian's with --sysroot
//! lib/rustlib/HOST/lib           -> Debian's: build scripts and procedural macros
//! lib/rustlib/HOST/bin/rust-lld  -> Debian's: the linker
//! lib/rustlib/{src,etc}          -> Debian's
//! lib/rustlib/wasm32-unknown-unknown/lib/*.rlib   built here
//! VERSION                        the packages it was built from
//! ```
//!
//! It is put together beside its place and renamed, so what is there is always whole.

use crate::{debian, lock, paths, run, say, wasm::TARGET};
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiler, cargo, source of the standard library, and the link `rust-lld`, which lacks its end.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
/// Crates of the standard library that programs and `cargo test` need.
const CRATES: &str = "std,panic_abort,panic_unwind,proc_macro,test";
/// Goes up when this file builds something else than before.
const RECIPE: u32 = 2;

/// The finished sysroot.
pub(super) fn ensure() -> Result<PathBuf> {
    let linker = linker_package()?;
    let packages = [&PACKAGES[..], &[&linker]].concat();
    debian::ensure(&packages, "Rust with the wasm target")?;
    let versions = debian::versions(&packages).context("Debian's Rust is not installed")?;
    let wanted = format!("recipe {RECIPE}\n{versions}\n");
    let place = paths::target().join("wasm-sysroot");
    let finished = || fs::read_to_string(place.join("VERSION")).is_ok_and(|found| found == wanted);
    if finished() {
        return Ok(place);
    }
    let _lock = lock::hold("wasm-sysroot")?;
    if finished() {
        return Ok(place);
    }
    say::doing("building the standard library for wasm, once (about a minute)");
    let fresh = paths::target().join("wasm-sysroot.new");
    remove(&fresh)?;
    build(&Debian::find()?, &fresh, &wanted)?;
    remove(&place)?;
    // What was compiled against the old library does not fit the new one, and cargo cannot tell.
    remove(&paths::target().join("wasm"))?;
    fs::rename(&fresh, &place)?;
    Ok(place)
}

/// The package of the linker that `rust-lld` points to: LLVM's, of the version that Rust was built with.
fn linker_package() -> Result<String> {
    let find = || debian::needs("rust-web-llvm").iter().find_map(|name| lld_for(name));
    if let Some(name) = find() {
        return Ok(name);
    }
    debian::update("Rust with the wasm target")?;
    find().context("Debian's lists do not know rust-web-llvm: install a toolchain that has wasm32-unknown-unknown")
}

/// `lld-22` for `llvm-22`.
fn lld_for(package: &str) -> Option<String> {
    let version = package.strip_prefix("llvm-")?;
    version.parse::<u32>().is_ok().then(|| format!("lld-{version}"))
}

/// The tools of the installed packages.
struct Debian {
    cargo: PathBuf,
    rustc: PathBuf,
    rustdoc: PathBuf,
    lld: PathBuf,
    /// `lib/rustlib` of Debian's sysroot.
    rustlib: PathBuf,
    /// The host's target triple.
    host: String,
}

impl Debian {
    /// Asks the packages for their files, and the compiler for the rest.
    fn find() -> Result<Debian> {
        let file = |package, ending| {
            debian::file(package, ending).with_context(|| format!("Debian's package {package} has no file *{ending}"))
        };
        let rustc = file("rustc-web", "/bin/rustc")?;
        let ask = |args: &[&str]| {
            run::answer(Command::new(&rustc).args(args).env_remove("LD_LIBRARY_PATH"))
                .context("Debian's rustc does not run")
        };
        let about = ask(&["-vV"])?;
        let host =
            about.lines().find_map(|line| line.strip_prefix("host: ")).context("Debian's rustc names no host")?;
        let rustlib = Path::new(&ask(&["--print", "sysroot"])?).join("lib/rustlib");
        Ok(Debian {
            cargo: file("cargo-web", "/bin/cargo")?,
            rustdoc: file("rustc-web", "/bin/rustdoc")?,
            lld: file("rust-web-llvm", "/bin/rust-lld")?,
            host: host.to_owned(),
            rustc,
            rustlib,
        })
    }
}

/// Puts the sysroot together in `place`; its version file comes last.
fn build(debian: &Debian, place: &Path, version: &str) -> Result<()> {
    let host = place.join("lib/rustlib").join(&debian.host);
    let lib = place.join("lib/rustlib").join(TARGET).join("lib");
    let bin = place.join("bin");
    for folder in [&host.join("bin"), &lib, &bin] {
        fs::create_dir_all(folder)?;
    }
    symlink(debian.rustlib.join(&debian.host).join("lib"), host.join("lib"))?;
    symlink(&debian.lld, host.join("bin/rust-lld"))?;
    for shared in ["src", "etc"] {
        symlink(debian.rustlib.join(shared), place.join("lib/rustlib").join(shared))?;
    }
    symlink(&debian.cargo, bin.join("cargo"))?;
    wrapper(&bin.join("rustc"), &debian.rustc)?;
    wrapper(&bin.join("rustdoc"), &debian.rustdoc)?;

    let work = place.join("build");
    let built = compile(debian, &work)?;
    let copied = copy_libraries(&built, &lib)?;
    if copied == 0 {
        bail!("the build of the standard library left nothing in {}", built.display());
    }
    remove(&work)?;
    fs::write(place.join("VERSION"), version)?;
    Ok(())
}

/// A shell script that is Debian's tool with our sysroot. It finds the sysroot from its own place,
/// because the folder is renamed after it is written.
fn wrapper(place: &Path, tool: &Path) -> Result<()> {
    let script = format!("#!/bin/sh\nexec '{}' --sysroot \"${{0%/*}}/..\" \"$@\"\n", tool.display());
    fs::write(place, script)?;
    fs::set_permissions(place, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Builds the standard library by way of an empty crate; the folder where its libraries are.
fn compile(debian: &Debian, work: &Path) -> Result<PathBuf> {
    let package = work.join("empty");
    fs::create_dir_all(package.join("src"))?;
    // Its own workspace, because the folder lies inside ours.
    let manifest = "[package]\nname = \"flagstone-empty\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(package.join("Cargo.toml"), manifest)?;
    fs::write(package.join("src/lib.rs"), "#![no_std]\n")?;
    let mut cargo = Command::new(&debian.cargo);
    cargo.current_dir(&package).arg("build").arg(format!("-Zbuild-std={CRATES}"));
    cargo.args(["--release", "--target", TARGET]);
    cargo.env("RUSTC", &debian.rustc).env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", work.join("target"));
    // A program built with LTO needs the bitcode, which cargo leaves out by itself.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes").env_remove("RUSTFLAGS");
    for other in ["LD_LIBRARY_PATH", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(other);
    }
    run::checked("building std for wasm", &mut cargo)?;
    Ok(work.join("target").join(TARGET).join("release/deps"))
}

/// Copies the libraries but for the empty crate's own; how many there were.
fn copy_libraries(from: &Path, to: &Path) -> Result<usize> {
    let mut copied = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.contains("flagstone_empty") {
            fs::copy(entry.path(), to.join(&name))?;
            copied += 1;
        }
    }
    Ok(copied)
}

/// Removes a folder that may not be there.
fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::lld_for;

    #[test]
    fn the_linker_has_llvms_version() {
        assert_eq!(lld_for("llvm-22").as_deref(), Some("lld-22"));
        assert_eq!(lld_for("llvm-22-dev"), None);
        assert_eq!(lld_for("libc6"), None);
    }
}
