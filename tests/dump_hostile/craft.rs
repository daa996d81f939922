//! Files of WebAssembly as lists of sections, to be put together wrongly.

/// The magic and the version.
pub(crate) const BEGIN: [u8; 8] = *b"\0asm\x01\0\0\0";

/// A number as the binary format has it.
pub(crate) fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let digit = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { digit } else { digit | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

/// A name as the binary format has it.
pub(crate) fn name(text: &str) -> Vec<u8> {
    [leb(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// The sections of a file: what each is, and its contents.
#[derive(Clone)]
pub(crate) struct File(pub(crate) Vec<(u8, Vec<u8>)>);

impl File {
    /// Those of a file; none where it is not cut into sections rightly.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut sections = Vec::new();
        let mut rest = bytes.get(8..)?;
        while let Some((id, behind)) = rest.split_first() {
            let digits = behind.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
            let len = behind[..digits].iter().rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
            sections.push((*id, behind[digits..].get(..len)?.to_vec()));
            rest = &behind[digits + len..];
        }
        Some(Self(sections))
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = BEGIN.to_vec();
        for (id, contents) in &self.0 {
            bytes.push(*id);
            bytes.extend(leb(contents.len() as u64));
            bytes.extend(contents);
        }
        bytes
    }

    /// The same with other contents in the sections that are `id`.
    pub(crate) fn with(&self, id: u8, contents: Vec<u8>) -> Self {
        let changed = |section: &(u8, Vec<u8>)| if section.0 == id { (id, contents.clone()) } else { section.clone() };
        Self(self.0.iter().map(changed).collect())
    }
}

/// A data section of such segments: where each begins, and its bytes.
pub(crate) fn data(segments: &[(i64, &[u8])]) -> Vec<u8> {
    let mut bytes = leb(segments.len() as u64);
    for (address, contents) in segments {
        bytes.extend([0, 0x42]);
        bytes.extend(signed(*address));
        bytes.push(0x0b);
        bytes.extend(leb(contents.len() as u64));
        bytes.extend(*contents);
    }
    bytes
}

/// A number with a sign, in ten digits, as long as it may be.
fn signed(value: i64) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..9).map(|digit| (value >> (7 * digit)) as u8 & 0x7f | 0x80).collect();
    bytes.push((value >> 63) as u8 & 0x7f);
    bytes
}
