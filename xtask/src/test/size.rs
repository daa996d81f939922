//! Bytes of wasm that the allocator adds, against their bars.

use super::Report;
use crate::size;
use anyhow::Result;

pub(super) fn steps(report: &mut Report) -> Result<()> {
    report.check("the allocator's wasm is within its bars", size::check);
    Ok(())
}
