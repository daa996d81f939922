//! Who allocated what was lost: what diagnosis has on record of it.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::SiteOf;
use crate::image::Image;
use crate::image::audit::AuditInfo;
use crate::image::survey::Survey;

/// The sites of watched objects, for [`Options::site_of`](super::Options::site_of); none where the module has no feature `audit`, or its
/// state cannot be read. Takes time and memory linear in the number of watches.
pub fn recorded_sites(image: &(impl Image + ?Sized), survey: &Survey) -> Option<SiteOf> {
    let audit = AuditInfo::read(image, survey).ok().flatten()?;
    let known = audit.watches.iter().filter(|watch| watch.alloc_site != 0);
    let sites: Vec<(u32, u32)> = known.map(|watch| (watch.object, watch.alloc_site)).collect();
    Some(Box::new(move |address| {
        let index = sites.binary_search_by_key(&address, |(object, _)| *object).ok()?;
        Some(sites[index].1)
    }))
}
