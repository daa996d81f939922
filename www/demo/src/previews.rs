//! The previews that were shown lately: kept as they were rendered, as long as their budget allows and nobody needs the memory.
//!
//! A preview lies on a sheet, a buffer of a fixed size out of a cache of such. When the budget is spent, or all memory that can be spared is
//! asked for, the cache asks here, and the sheets that were looked at longest ago go back.

use std::cell::RefCell;
use std::collections::VecDeque;

use flagstone::objects::{Budget, CacheBox, Construct, Error, Handle, ObjectCache, Options, Refused};

use crate::home::{Home, home};
use crate::workbench::Document;

/// Bytes of all sheets.
const BUDGET: u32 = 256 << 10;

/// Bytes of text on a sheet, so that it takes 8 KiB: more than the page ever shows of a document.
const ROOM: usize = (8 << 10) - size_of::<usize>();

/// A buffer for a preview.
struct Sheet {
    len: usize,
    text: [u8; ROOM],
}

/// How sheets are made, and given up.
struct Sheets;

impl Construct<Sheet> for Sheets {
    fn construct(&self) -> Result<Sheet, Refused> {
        Ok(Sheet { len: 0, text: [0; ROOM] })
    }

    fn reclaim(&self, wanted: u32) {
        KEPT.with(|kept| {
            // Whoever is just changing the list needs no memory for it that could not come from elsewhere.
            if let Ok(mut kept) = kept.try_borrow_mut() {
                let sheets = (wanted as usize).div_ceil(size_of::<Sheet>()).min(kept.len());
                kept.drain(..sheets);
            }
        });
    }
}

/// A preview of so many characters at most.
struct Kept {
    document: Handle<Document>,
    limit: usize,
    sheet: CacheBox<'static, Sheet, Home, Sheets>,
}

thread_local! {
    /// Those that are kept, the one looked at last at the end.
    static KEPT: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
}

/// What the sheets come from, and what they may take.
struct Shelf {
    sheets: ObjectCache<Sheet, Home, Sheets>,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a budget tells nobody once it is dropped; it stays with its cache")
    )]
    budget: Budget<Home, fn(u32)>,
}

impl Shelf {
    fn new() -> Result<Self, Error> {
        let budget = Budget::new(home(), "previews", BUDGET, (|_| ()) as fn(u32))?;
        let sheets = ObjectCache::new(home(), Options { budget: Some(&budget), ..Options::new("previews") }, Sheets)?;
        Ok(Self { sheets, budget })
    }
}

/// The shelf; none where there is no memory for it.
fn shelf() -> Option<&'static Shelf> {
    thread_local! {
        static SHELF: Option<&'static Shelf> = Shelf::new().ok().map(|shelf| &*Box::leak(Box::new(shelf)));
    }
    SHELF.with(|shelf| *shelf)
}

/// The preview of a document, at most `limit` characters: the one that is kept, or what `render` makes, which is kept then if that is
/// possible.
pub(crate) fn shown(
    document: Handle<Document>,
    limit: usize,
    render: impl FnOnce() -> Option<String>,
) -> Option<String> {
    if let Some(text) = kept(document, limit) {
        return Some(text);
    }
    let text = render()?;
    keep(document, limit, &text);
    Some(text)
}

/// Drops what is kept of a document.
pub(crate) fn forget(document: Handle<Document>) {
    KEPT.with_borrow_mut(|kept| kept.retain(|preview| preview.document != document));
}

fn kept(document: Handle<Document>, limit: usize) -> Option<String> {
    KEPT.with_borrow_mut(|kept| {
        let position = kept.iter().position(|preview| preview.document == document && preview.limit == limit)?;
        let preview = kept.remove(position)?;
        let Sheet { len, text } = &*preview.sheet;
        let text = String::from_utf8_lossy(&text[..*len]).into_owned();
        kept.push_back(preview);
        Some(text)
    })
}

fn keep(document: Handle<Document>, limit: usize, text: &str) {
    if text.len() > ROOM {
        return;
    }
    let Some(Ok(mut sheet)) = shelf().map(|shelf| shelf.sheets.alloc()) else { return };
    sheet.len = text.len();
    sheet.text[..text.len()].copy_from_slice(text.as_bytes());
    KEPT.with_borrow_mut(|kept| kept.push_back(Kept { document, limit, sheet }));
}

#[cfg(test)]
pub(crate) mod tests {
    use flagstone::objects::{CacheStats, Usage};

    use super::*;

    /// How many previews are kept, what their cache counts, and what their budget is charged.
    pub(crate) fn figures() -> (usize, CacheStats, Usage) {
        let shelf = shelf().expect("there is memory for it");
        (KEPT.with_borrow(VecDeque::len), shelf.sheets.stats(), shelf.budget.usage())
    }
}
