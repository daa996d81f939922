//! Where code is from: functions and source lines for byte offsets into a WebAssembly module.
//!
//! The stack traces of engines print such offsets (`wasm-function[7]:0x8f8`), and the call sites of allocations are kept as such. Nothing of
//! the running module is needed to resolve them, only its file, so this works for a dump that was saved long ago. Three sources are asked in
//! turn, best first:
//!
//! - DWARF, of the module itself or of a debug file of the same build: functions with all that was inlined into them, file, line, column;
//! - the section `name`, or what functions are exported as: the function that has the offset in its body;
//! - nothing: the number of that function, or only the offset, so that equal sites still come together.
//!
//! Files come from outside and may be anything: reading is checked throughout, in time that the length of the file bounds. `module` reads
//! what WebAssembly defines, `lines` DWARF by way of `reader`, `names` makes names readable, `bindings` is for JavaScript.
#![forbid(unsafe_code)]

#[cfg(target_family = "wasm")]
mod bindings;
mod error;
mod lines;
mod module;
mod names;
mod reader;

pub use error::Error;
use lines::Lines;
use module::Module;
use std::rc::Rc;

/// One function on the way to a place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name as people write it; `wasm-function[7]` or `module+0x8f8` when it has none that is known.
    pub function: String,
    /// The source file, as the compiler was told it.
    pub file: Option<String>,
    /// The line in the file, from 1.
    pub line: Option<u32>,
    /// The column in the line, from 1.
    pub column: Option<u32>,
    /// Whether its code is part of the next frame's function.
    pub inlined: bool,
}

/// Frames of one place, innermost first; there is at least one.
pub type Frames = Vec<Frame>;

/// The symbols of one module.
///
/// ```
/// // The smallest module that there is.
/// let symbols = flagstone_symbols::Symbols::of(b"\0asm\x01\0\0\0")?;
/// assert_eq!(symbols.resolve(0x8f8)[0].function, "module+0x8f8");
/// # Ok::<(), flagstone_symbols::Error>(())
/// ```
pub struct Symbols {
    bytes: Rc<[u8]>,
    module: Module,
    lines: Option<Lines>,
}

impl Symbols {
    /// Reads the module that runs, or ran: offsets are into this file.
    ///
    /// # Errors
    /// When the bytes are no WebAssembly module or a damaged one. Damaged names or debug sections are no error: see [`Symbols::damage`].
    pub fn of(bytes: &[u8]) -> Result<Symbols, Error> {
        let mut module = Module::of(bytes)?;
        let bytes = Rc::from(bytes);
        let lines = Lines::of(&bytes, &module.debug, &module).unwrap_or_else(|error| {
            module.damage.push(error);
            None
        });
        Ok(Symbols { bytes, module, lines })
    }

    /// Takes names and lines from another file of the same build, such as the module before its debug sections were removed.
    ///
    /// # Errors
    /// When the file is damaged, is of another build, or has nothing to add. Everything stays as it was then.
    pub fn with_debug(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let debug = Module::of(bytes)?;
        self.matches(&debug, bytes)?;
        let lines = Lines::of(&Rc::from(bytes), &debug.debug, &self.module)?;
        if lines.is_none() && !debug.has_names() {
            return Err(debug.damage.into_iter().next().unwrap_or_else(|| {
                Error::of(
                    "The file has neither names nor lines: build with `debug = \"line-tables-only\"` in the profile.",
                )
            }));
        }
        self.module.names.extend(debug.names);
        self.module.damage.extend(debug.damage);
        self.lines = lines.or(self.lines.take());
        Ok(())
    }

    /// The frames at a byte offset into the module's file, innermost first. There is always one, and equal offsets have equal frames.
    pub fn resolve(&self, offset: u32) -> Frames {
        let offset = offset as usize;
        let Some(function) = self.module.function_at(offset) else {
            return vec![frame(format!("module+{offset:#x}"))];
        };
        let name = self.name(function);
        let code = self.module.code.as_ref().map_or(0, |code| code.start);
        let frames = self.lines.as_ref().and_then(|lines| lines.frames((offset - code) as u64));
        let Some(mut frames) = frames else { return vec![frame(name.unwrap_or_else(|| numbered(function)))] };
        if let Some(outermost) = frames.last_mut() {
            // Line tables alone name functions in short, or not at all when nothing is inlined in them.
            match name {
                Some(name) => outermost.function = name,
                None if outermost.function.is_empty() => outermost.function = numbered(function),
                None => {}
            }
        }
        frames
    }

    /// Whether any function has a name of its own.
    pub fn has_names(&self) -> bool {
        self.module.has_names()
    }

    /// Whether source lines are known.
    pub fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// What was damaged and left out.
    pub fn damage(&self) -> &[Error] {
        &self.module.damage
    }

    /// The name of a function, or what it is exported as.
    fn name(&self, function: u32) -> Option<String> {
        let Module { names, exports, .. } = &self.module;
        names
            .get(&function)
            .or_else(|| exports.get(&function))
            .map(|name| names::readable(name))
            .filter(|name| !name.is_empty())
    }

    /// Fails when a file is not of the same build: then its code differs, or where it has none, its build id.
    fn matches(&self, debug: &Module, bytes: &[u8]) -> Result<(), Error> {
        let (Some(here), Some(there)) = (&self.module.code, &debug.code) else {
            return match (&self.module.build_id, &debug.build_id) {
                (Some(here), Some(there)) if here == there => Ok(()),
                (Some(here), Some(there)) => Err(Error::of(format!(
                    "The file is of another build: its build id is {}, that of the running module {}.",
                    hex(there),
                    hex(here)
                ))),
                _ => Err(Error::of("The file has neither code nor a build id to compare with the running module.")),
            };
        };
        let (here, there) = (&self.bytes[here.clone()], &bytes[there.clone()]);
        if here.len() != there.len() {
            return Err(Error::of(format!(
                "The file is of another build: its code has {} bytes, that of the running module {}.",
                there.len(),
                here.len()
            )));
        }
        match here.iter().zip(there).position(|(here, there)| here != there) {
            None => Ok(()),
            Some(at) => Err(Error::of(format!(
                "The file is of another build: its code differs from byte {at:#x} of the code section on."
            ))),
        }
    }
}

/// A frame of which only a name is known.
fn frame(function: String) -> Frame {
    Frame { function, file: None, line: None, column: None, inlined: false }
}

/// What engines call a function without a name.
fn numbered(function: u32) -> String {
    format!("wasm-function[{function}]")
}

/// Bytes as people read them.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
