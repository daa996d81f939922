//! Modules made by hand, section by section, and sections taken out of made ones.
#![allow(dead_code, reason = "each test file uses some of it")]

use flagstone_symbols::{Frame, Symbols};

/// A module with DWARF and names; `fixtures/lines.rs` is its source.
pub(crate) const LINES: &[u8] = include_bytes!("../fixtures/lines.wasm");

/// An unsigned number as the format writes it.
pub(crate) fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Bytes with their number before them.
pub(crate) fn counted(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len()), bytes.to_vec()].concat()
}

/// Items with their number before them.
pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [leb(items.len()), items.concat()].concat()
}

/// A section by its number.
pub(crate) fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], counted(content)].concat()
}

/// A section by its name.
pub(crate) fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    section(0, &[counted(name.as_bytes()), content.to_vec()].concat())
}

/// The section `name` for functions.
pub(crate) fn names(functions: &[(usize, &str)]) -> Vec<u8> {
    let names: Vec<Vec<u8>> =
        functions.iter().map(|(number, name)| [leb(*number), counted(name.as_bytes())].concat()).collect();
    custom("name", &section(1, &list(&names)))
}

/// A module of these sections.
pub(crate) fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
}

/// Three functions of no arguments, the first of them imported; bodies of 4 and 5 bytes that begin at bytes 1 and 6 of the code section's
/// content, after the lengths at its start.
pub(crate) fn three_functions() -> Vec<Vec<u8>> {
    let import = [counted(b"env"), counted(b"imported"), vec![0, 0]].concat();
    vec![
        section(1, &list(&[vec![0x60, 0, 0]])),
        section(2, &list(&[import])),
        section(3, &list(&[vec![0], vec![0]])),
        section(10, &list(&[counted(&[0, 1, 1, 0x0b]), counted(&[0, 1, 1, 1, 0x0b])])),
    ]
}

/// Where the content of the first section with this number begins.
pub(crate) fn content_of(module: &[u8], id: u8) -> usize {
    sections(module).into_iter().find(|part| part.id == id).expect("a module with that section").content
}

/// The module without custom sections whose names begin so.
pub(crate) fn without(module: &[u8], prefix: &str) -> Vec<u8> {
    let kept = sections(module).into_iter().filter(|part| !(part.id == 0 && part.name.starts_with(prefix)));
    let mut kept: Vec<Vec<u8>> = kept.map(|part| module[part.start..part.end].to_vec()).collect();
    kept.insert(0, module[..8].to_vec());
    kept.concat()
}

/// A section of a sound module.
pub(crate) struct Part {
    pub(crate) id: u8,
    pub(crate) name: String,
    pub(crate) start: usize,
    pub(crate) content: usize,
    pub(crate) end: usize,
}

/// The sections of a sound module.
pub(crate) fn sections(module: &[u8]) -> Vec<Part> {
    let number = |at: &mut usize| {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = module[*at];
            *at += 1;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    };
    let mut parts = Vec::new();
    let mut at = 8;
    while at < module.len() {
        let (start, id) = (at, module[at]);
        at += 1;
        let len = number(&mut at);
        let (content, end) = (at, at + len);
        let name = match id {
            0 => {
                let len = number(&mut at);
                String::from_utf8(module[at..at + len].to_vec()).expect("a name in UTF-8")
            }
            _ => String::new(),
        };
        parts.push(Part { id, name, start, content, end });
        at = end;
    }
    parts
}

/// A frame in short: what it says, with `<` for inlined ones.
pub(crate) fn short(frame: &Frame) -> String {
    let place = match (&frame.file, frame.line, frame.column) {
        (Some(file), Some(line), Some(column)) => format!(" {file}:{line}:{column}"),
        (Some(file), Some(line), None) => format!(" {file}:{line}"),
        (None, None, None) => String::new(),
        other => panic!("half a place: {other:?}"),
    };
    format!("{}{}{place}", frame.function, if frame.inlined { " <" } else { "" })
}

/// The frames at an offset, in short.
pub(crate) fn resolved(symbols: &Symbols, offset: usize) -> Vec<String> {
    symbols.resolve(u32::try_from(offset).expect("a small file")).iter().map(short).collect()
}
