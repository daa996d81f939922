//! A sample: summary, tables and map of one survey. So what is shown together agrees, and costs one walk over the heap.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::arena_rows::{ArenaRow, arena_rows};
use super::heap_map::HeapMap;
use super::object_rows::{BudgetRow, ObjectCacheRow, RefusalRow, budget_rows, object_cache_rows};
use super::rows::{CacheRow, Summary, cache_rows};
use crate::image::region::regions;
use crate::image::survey::Survey;

/// All that a page shows of a heap at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// The heap in a few figures.
    pub summary: Summary,
    /// The caches, by size class.
    pub caches: Vec<CacheRow>,
    /// The object caches, by number.
    pub object_caches: Vec<ObjectCacheRow>,
    /// The budgets, by number.
    pub budgets: Vec<BudgetRow>,
    /// The last request that the front end refused.
    pub refusal: Option<RefusalRow>,
    /// The arenas: the heap's own, then the others by number.
    pub arenas: Vec<ArenaRow>,
    /// The map, where one was asked for. Its arrays cross to JavaScript as typed ones, not through serde.
    #[serde(skip)]
    pub map: Option<HeapMap>,
}

impl Sample {
    /// The sample of a survey, with a map where a `granule` is given.
    ///
    /// # Errors
    /// As [`HeapMap::of`].
    pub fn of(survey: &Survey, granule: Option<u32>) -> Result<Self, String> {
        let regions = regions(survey);
        let caches = cache_rows(survey);
        Ok(Self {
            summary: Summary::with(survey, &regions, &caches),
            arenas: arena_rows(survey),
            object_caches: object_cache_rows(survey),
            budgets: budget_rows(survey),
            refusal: survey.refusal.map(RefusalRow::from),
            map: granule.map(|granule| HeapMap::with(survey, &regions, granule)).transpose()?,
            caches,
        })
    }
}
