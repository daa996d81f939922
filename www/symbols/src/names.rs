//! Names as people write them, from names as compilers write them.

/// A function's name without what only compilers need: encoding, hashes of crates and functions, marks of the optimiser.
pub(crate) fn readable(name: &str) -> String {
    let name = unmarked(name);
    match rustc_demangle::try_demangle(name) {
        Ok(name) => format!("{name:#}"),
        // Linkers and binding generators may have decoded the name already, with the hashes in it.
        Err(_) => without_crate_hashes(without_hash(name)),
    }
}

/// Without `.llvm.1234`.
fn unmarked(name: &str) -> &str {
    name.split_once(".llvm.").map_or(name, |(name, _)| name)
}

/// `core::fmt::write` for `core::fmt::write::h0123456789abcdef`.
fn without_hash(name: &str) -> &str {
    let is_hash = |text: &str| {
        text.len() == 17 && text.starts_with('h') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match name.rsplit_once("::") {
        Some((name, hash)) if is_hash(hash) => name,
        _ => name,
    }
}

/// `core::fmt::write` for `core[0123456789abcdef]::fmt::write`.
fn without_crate_hashes(name: &str) -> String {
    let mut rest = name;
    let mut clean = String::with_capacity(name.len());
    while let Some((before, after)) = rest.split_once('[') {
        clean.push_str(before);
        let hash = after.split_once(']').filter(|(hash, _)| {
            before.ends_with(|last: char| last.is_alphanumeric() || last == '_')
                && (8..=16).contains(&hash.len())
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        rest = match hash {
            Some((_, after)) => after,
            None => {
                clean.push('[');
                after
            }
        };
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn names_lose_what_only_compilers_need() {
        for (name, people_write) in [
            ("main", "main"),
            ("memcpy", "memcpy"),
            ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
            ("_ZN4core3fmt5write17h0123456789abcdefE.llvm.1234567890", "core::fmt::write"),
            ("core::fmt::write::h0123456789abcdef", "core::fmt::write"),
            ("core::fmt::write::h0123456789abcdef.llvm.99", "core::fmt::write"),
            ("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"),
            ("core[0123456789abcdef]::fmt::write", "core::fmt::write"),
            (
                "<alloc[8ec3cbcf0c1d02e9]::vec::Vec<[u8; 4]> as core[0123456789abcdef]::ops::Drop>::drop",
                "<alloc::vec::Vec<[u8; 4]> as core::ops::Drop>::drop",
            ),
            ("a::b::hello", "a::b::hello"),
            ("look[up", "look[up"),
            ("", ""),
        ] {
            assert_eq!(readable(name), people_write, "{name}");
        }
    }
}
