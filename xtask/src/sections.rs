//! The sections of a wasm module: taking out what is only for debuggers.

/// The module without its sections of DWARF; all others stay byte for byte. None when it is damaged.
pub(crate) fn without_debug(module: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(8)?;
    let mut kept = header.to_vec();
    while !rest.is_empty() {
        let (len, content) = number(&rest[1..])?;
        let (content, after) = content.split_at_checked(len)?;
        let section = &rest[..rest.len() - after.len()];
        if rest[0] != 0 || !name(content)?.starts_with(b".debug_") {
            kept.extend_from_slice(section);
        }
        rest = after;
    }
    Some(kept)
}

/// The name of a custom section.
fn name(content: &[u8]) -> Option<&[u8]> {
    let (len, content) = number(content)?;
    content.get(..len)
}

/// A number of seven bits to a byte, lowest first, and what follows it.
fn number(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (byte, after) = bytes.split_first()?;
        bytes = after;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((number, bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::without_debug;

    #[test]
    fn only_sections_of_dwarf_go() {
        let header = b"\0asm\x01\0\0\0";
        let types = b"\x01\x81\x80\x00\x00";
        let debug = b"\0\x0d\x0b.debug_infox";
        let names = b"\0\x06\x04namex";
        let module = [&header[..], types, debug, names, debug].concat();
        assert_eq!(without_debug(&module), Some([&header[..], types, names].concat()));
        assert_eq!(without_debug(header), Some(header.to_vec()));
        assert_eq!(without_debug(&module[..module.len() - 1]), None, "a section that ends too early");
        assert_eq!(without_debug(b"\0asm"), None);
    }
}
