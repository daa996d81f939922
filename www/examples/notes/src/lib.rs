//! Notes that are kept and dropped: as small as a program can be that has something to inspect. The examples for Vite, for a worker and
//! for Node all load this one.
#![forbid(unsafe_code)]

use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

/// The notes, in the order in which they came.
#[wasm_bindgen]
#[derive(Default)]
pub struct Notes {
    notes: Vec<String>,
}

#[wasm_bindgen]
impl Notes {
    /// None yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Notes {
        Notes::default()
    }

    /// Adds `count` notes of `bytes` bytes each.
    pub fn add(&mut self, count: u32, bytes: u32) {
        self.notes.extend((0..count).map(|_| "n".repeat(bytes as usize)));
    }

    /// Keeps the first of every `of` notes and drops the others. Of 0 it keeps none.
    pub fn thin(&mut self, of: u32) {
        let mut index = 0;
        self.notes.retain(|_| {
            index += 1;
            of != 0 && (index - 1) % of == 0
        });
    }

    /// How many there are.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> u32 {
        self.notes.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;

    #[test]
    fn one_of_so_many_is_kept() {
        let mut notes = Notes::new();
        notes.add(10, 3);
        notes.thin(4);
        assert_eq!(notes.count(), 3);
        notes.thin(0);
        assert_eq!(notes.count(), 0);
    }
}
