//! The parts of a WebAssembly module that say where its code is from: function bodies, names, debug sections, build id.
//!
//! What a module cannot run without must be whole, else there is an error. Custom sections are no such parts: what is damaged there is noted,
//! and what was read before it stays.

use crate::Error;
use std::collections::BTreeMap;
use std::ops::Range;
use wasmparser::{
    BinaryReader, CustomSectionReader, Encoding, ExternalKind, Import, Imports, KnownCustom, Name, Parser, Payload,
    TypeRef,
};

/// What was read of a module; ranges are bytes of the file.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The code section without its id and length: offsets in DWARF count from its start.
    pub(crate) code: Option<Range<usize>>,
    /// The bodies of functions, in the order of their places.
    bodies: Vec<Range<usize>>,
    /// How many functions are imported: they come before the others in the numbering.
    imported: u32,
    /// Names of functions, as they stand in the file.
    pub(crate) names: BTreeMap<u32, Box<str>>,
    /// Under what name functions are exported.
    pub(crate) exports: BTreeMap<u32, Box<str>>,
    /// What the linker calls this very build.
    pub(crate) build_id: Option<Vec<u8>>,
    /// Sections of DWARF by name.
    pub(crate) debug: BTreeMap<String, Range<usize>>,
    /// What is damaged but can be done without.
    pub(crate) damage: Vec<Error>,
}

impl Module {
    /// Reads a module.
    ///
    /// # Errors
    /// When the bytes are no module, or a damaged one.
    pub(crate) fn of(bytes: &[u8]) -> Result<Module, Error> {
        if !bytes.starts_with(b"\0asm") {
            return Err(Error::at(0, "The file is no WebAssembly module."));
        }
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding: Encoding::Component, .. } => {
                    return Err(Error::of("The file is a WebAssembly component, not a module."));
                }
                Payload::ImportSection(imports) => {
                    for imports in imports {
                        module.imported = module.imported.saturating_add(functions_in(imports?)?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            module.exports.entry(export.index).or_insert_with(|| export.name.into());
                        }
                    }
                }
                Payload::CodeSectionStart { unchecked_range, .. } => module.code = Some(range(unchecked_range)),
                Payload::CodeSectionEntry(body) => module.bodies.push(range(body.range())),
                Payload::CustomSection(section) => module.custom(&section),
                _ => {}
            }
        }
        Ok(module)
    }

    /// The number of the function whose body has the byte at `offset`.
    pub(crate) fn function_at(&self, offset: usize) -> Option<u32> {
        let after = self.bodies.partition_point(|body| body.start <= offset);
        let body = after.checked_sub(1)?;
        let number = u32::try_from(body).ok()?;
        self.bodies[body].contains(&offset).then(|| self.imported.saturating_add(number))
    }

    /// Whether a function's body begins at an offset into the code section.
    pub(crate) fn begins_function(&self, offset: u64) -> bool {
        let start = self.code.as_ref().map_or(0, |code| code.start);
        let at = usize::try_from(offset).ok().and_then(|offset| start.checked_add(offset));
        at.is_some_and(|at| self.bodies.binary_search_by_key(&at, |body| body.start).is_ok())
    }

    /// Whether anything names functions.
    pub(crate) fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// Takes what a custom section says of the code.
    fn custom(&mut self, section: &CustomSectionReader<'_>) {
        let place = range(section.data_offset()..section.data_offset() + section.data().len() as u64);
        match section.as_known() {
            KnownCustom::Name(names) => {
                for name in names {
                    let read = name.map_err(Error::from).and_then(|name| self.name(name));
                    if let Err(error) = read {
                        self.damage.push(error);
                        return;
                    }
                }
            }
            _ if section.name() == "build_id" => {
                let mut reader = BinaryReader::new(section.data(), section.data_offset());
                let id = reader.read_var_u32().and_then(|len| reader.read_bytes(len as usize));
                match id {
                    Ok(id) => self.build_id = Some(id.to_vec()),
                    Err(error) => self.damage.push(error.into()),
                }
            }
            _ if section.name().starts_with(".debug_") => {
                self.debug.insert(section.name().to_owned(), place);
            }
            _ => {}
        }
    }

    /// Takes the names of functions; others are of no use here.
    fn name(&mut self, name: Name<'_>) -> Result<(), Error> {
        if let Name::Function(names) = name {
            for naming in names {
                let naming = naming?;
                self.names.insert(naming.index, naming.name.into());
            }
        }
        Ok(())
    }
}

/// How many of these imports are functions.
fn functions_in(imports: Imports<'_>) -> Result<u32, Error> {
    let is_function = |ty| matches!(ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
    Ok(match imports {
        Imports::Single(_, Import { ty, .. }) => u32::from(is_function(ty)),
        Imports::Compact1 { items, .. } => {
            let mut count = 0;
            for item in items {
                count += u32::from(is_function(item?.ty));
            }
            count
        }
        Imports::Compact2 { ty, names, .. } => {
            if is_function(ty) {
                names.count()
            } else {
                0
            }
        }
    })
}

/// Bytes of a file that is in memory, so both ends fit.
fn range(range: Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}
