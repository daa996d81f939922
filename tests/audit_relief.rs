//! Claim: with the feature `reclaim`, by which a request first fails so that others are asked for memory, nothing that there is memory for
//! fails under diagnosis.
#![cfg(all(feature = "audit", feature = "reclaim"))]

mod support;

use flagstone::audit::Auditor;
use flagstone::objects::{Bare, Cache, Options};
use support::objects::Stage;
use support::{assert_sound, free, layout};

#[test]
fn the_memory_grows_under_every_mode_when_everybody_was_asked() {
    for mode in ["off", "lite", "redzone", "poison", "guard", "audit", "sites", "all"] {
        let stage = Stage::new(200);
        let auditor = Auditor::new(stage.heap());
        let cache = Cache::new(stage.heap(), layout(100, 8), Options::new("nodes"), Bare).unwrap();
        auditor.configure(&format!("audit={mode};cache:nodes={mode};sample=4k")).unwrap();
        let mut held = Vec::new();
        let mut objects = Vec::new();
        for n in 0..6000_usize {
            let size = 1 + n * 37 % 2500;
            let at = stage.alloc(layout(size, 8));
            assert!(!at.is_null(), "{mode}: {size} bytes, the {n}th, of {:?}", stage.stats().arena);
            held.push((at, size));
            objects.push(cache.alloc().unwrap_or_else(|error| panic!("{mode}: the {n}th: {error:?}")));
            if n % 1000 == 0 {
                assert_sound(stage.heap());
            }
        }
        held.into_iter().for_each(|(at, size)| free(&stage, at, layout(size, 8)));
        // SAFETY: allocated above.
        objects.into_iter().for_each(|at| unsafe { cache.free(at) });
        assert_eq!(auditor.faults(), 0);
        assert_sound(stage.heap());
    }
}
