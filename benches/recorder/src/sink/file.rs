//! The file that an environment variable names.

use std::env;
use std::ffi::c_int;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

/// Names the file.
const VARIABLE: &str = "FLAGSTONE_TRACE";

static FILE: OnceLock<File> = OnceLock::new();

unsafe extern "C" {
    /// Of C's library: has `callback` called when the program ends.
    safe fn atexit(callback: extern "C" fn()) -> c_int;
}

extern "C" fn at_exit() {
    crate::flush();
}

/// Opens the file; whether there is one.
pub(crate) fn open() -> bool {
    let Some(path) = env::var_os(VARIABLE) else { return false };
    match File::create(&path) {
        Ok(file) => FILE.set(file).is_ok() && atexit(at_exit) == 0,
        Err(error) => {
            eprintln!("nothing is recorded: {} cannot be written: {error}", Path::new(&path).display());
            false
        }
    }
}

/// Writes bytes at an offset of the file; whether that was possible.
pub(crate) fn write(offset: u64, bytes: &[u8]) -> bool {
    let Some(mut file) = FILE.get() else { return false };
    let written = file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
    if let Err(error) = &written {
        eprintln!("no more is recorded: the trace cannot be written: {error}");
    }
    written.is_ok()
}

/// The program's name.
pub(crate) fn name() -> String {
    let path = env::args_os().next().unwrap_or_default();
    Path::new(&path).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
