//! Functions, inlined ones too, and source lines from a file's DWARF.

use crate::{Error, Frame, module::Module, names, reader::Metered};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

/// How deep entries may lie in one another. Compilers stay below 100, and the look-up goes one call deeper with each.
const DEPTH: isize = 500;
/// How many attributes an entry may have. Compilers stay below 40, and looking at one costs time even where it has no bytes.
const ATTRIBUTES: usize = 400;

/// The DWARF of one file.
pub(crate) struct Lines {
    context: addr2line::Context<Metered>,
    file: Metered,
}

impl Lines {
    /// Takes the debug sections of a file, which are about the code of `module`; none when there are no line tables.
    ///
    /// # Errors
    /// When the sections are damaged so that nothing can be looked up, or are about other code.
    pub(crate) fn of(
        bytes: &Rc<[u8]>,
        sections: &BTreeMap<String, Range<usize>>,
        module: &Module,
    ) -> Result<Option<Lines>, Error> {
        let (Some(info), true) = (sections.get(".debug_info"), sections.contains_key(".debug_line")) else {
            return Ok(None);
        };
        let file = Metered::new(Rc::clone(bytes));
        let dwarf = gimli::Dwarf::load(|section| {
            Ok::<_, Error>(file.of(sections.get(section.name()).cloned().unwrap_or_default()))
        })?;
        check(&dwarf, info.start, module)?;
        let context =
            addr2line::Context::from_dwarf(dwarf).map_err(|error| Error::at(info.start as u64, damaged(error)))?;
        Ok(Some(Lines { context, file }))
    }

    /// The frames at an offset into the code section, innermost first; none when nothing is known of it.
    pub(crate) fn frames(&self, offset: u64) -> Option<Vec<Frame>> {
        self.file.allow_look_up();
        let mut found = self.context.find_frames(offset).skip_all_loads().ok()?;
        let mut frames = Vec::new();
        while let Some(frame) = found.next().ok()? {
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let location = frame.location.unwrap_or(addr2line::Location { file: None, line: None, column: None });
            frames.push(Frame {
                function: name.map(|name| names::readable(&name)).unwrap_or_default(),
                file: location.file.map(str::to_owned),
                line: location.line,
                // Column 0 stands for none.
                column: location.column.filter(|column| *column > 0),
                inlined: true,
            });
        }
        frames.last_mut()?.inlined = false;
        Some(frames)
    }
}

/// Looks at every entry once, before anything is looked up. `start` is where `.debug_info` is in the file.
///
/// Fails where entries are so deep or so wide that looking up could fail badly; what else is wrong with an entry, the look-up notices. Fails
/// also when most functions begin where the module has none: tools that change code and leave its DWARF as it was are common, and lines
/// that are wrong are worse than none.
fn check(dwarf: &gimli::Dwarf<Metered>, start: usize, module: &Module) -> Result<(), Error> {
    let wrong = |what: &str, at: usize| Err(Error::at((start + at) as u64, damaged(what)));
    let (mut placed, mut misplaced) = (0_u32, 0_u32);
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        let begin = header.offset().to_debug_info_offset(&header).map_or(0, |unit| unit.0);
        let Ok(unit) = dwarf.unit(header) else { continue };
        let unit = unit.unit_ref(dwarf);
        let Ok(mut entries) = unit.entries_raw(None) else { continue };
        'entries: while !entries.is_empty() {
            let place = begin + entries.next_offset().0;
            if entries.next_depth() > DEPTH {
                return wrong("entries lie too deep in one another", place);
            }
            let Ok(abbreviation) = entries.read_abbreviation() else { break 'entries };
            let Some(abbreviation) = abbreviation else { continue };
            if abbreviation.attributes().len() > ATTRIBUTES {
                return wrong("an entry has too many attributes", place);
            }
            if abbreviation.tag() != gimli::DW_TAG_subprogram {
                if entries.skip_attributes(abbreviation.attributes()).is_err() {
                    break 'entries;
                }
                continue;
            }
            for specification in abbreviation.attributes() {
                let Ok(attribute) = entries.read_attribute(*specification) else { break 'entries };
                if attribute.name() != gimli::DW_AT_low_pc {
                    continue;
                }
                // Functions that the linker left out have a place that no function can have.
                match unit.attr_address(attribute.value()) {
                    Ok(Some(low)) if low > 0 && low < u64::from(u32::MAX - 1) => {
                        placed += 1;
                        misplaced += u32::from(!module.begins_function(low));
                    }
                    _ => {}
                }
            }
        }
    }
    if misplaced > placed / 2 {
        return Err(Error::of(format!(
            "The debug sections are about other code: {misplaced} of {placed} functions begin where the module has none. \
             A tool such as wasm-opt changed the code and left them as they were."
        )));
    }
    Ok(())
}

fn damaged(what: impl std::fmt::Display) -> String {
    format!("The debug sections are damaged: {what}.")
}
