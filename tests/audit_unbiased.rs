//! Claim: samples are unbiased: over many heaps the mean of what they tell is what there is, in bytes and in objects, at every rate.
#![cfg(feature = "audit")]

mod support;

use flagstone::audit::Auditor;
use flagstone::objects::{Bare, Cache, Options};
use support::objects::Stage;
use support::{Rng, free, layout};

/// Sizes of requests, by chance.
type Sizes = fn(&mut Rng) -> usize;

/// The mean of what is told of `rounds` heaps, in bytes and objects, over what there is.
fn mean(rate: u32, rounds: u32, size: Sizes) -> [f64; 2] {
    let stage = Stage::new(512);
    let auditor = Auditor::new(stage.heap());
    auditor.set_sampling(rate);
    let nodes = Cache::new(stage.heap(), layout(120, 8), Options::new("nodes"), Bare).unwrap();
    let mut rng = Rng::new(u64::from(rate));
    let mut sums = [0.0; 2];
    for _ in 0..rounds {
        let before = auditor.estimate();
        let held: Vec<_> = (0..400)
            .map(|_| {
                let size = size(&mut rng);
                (stage.alloc(layout(size, 8)), size)
            })
            .collect();
        let objects: Vec<_> = (0..200).map(|_| nodes.alloc().unwrap()).collect();
        let told = auditor.estimate();
        let truth = held.iter().map(|(_, size)| *size).sum::<usize>() + 200 * 120;
        sums[0] += (told.0 - before.0) as f64 / truth as f64;
        sums[1] += (told.1 as f64 - before.1 as f64) / 600.0;
        held.into_iter().for_each(|(at, size)| free(&stage, at, layout(size, 8)));
        // SAFETY: allocated above.
        objects.into_iter().for_each(|at| unsafe { nodes.free(at) });
    }
    sums.map(|sum| sum / f64::from(rounds))
}

#[test]
#[cfg_attr(miri, ignore = "many heaps")]
fn the_mean_of_many_heaps_is_what_there_is() {
    let sizes: [(&str, Sizes); 3] = [
        ("small", |rng| 1 + rng.below(200) as usize),
        ("mixed", |rng| {
            let bits = rng.below(13);
            1 + rng.below(1 << bits) as usize
        }),
        ("large", |rng| 1 + rng.below(40_000) as usize),
    ];
    for (name, size) in sizes {
        for (rate, bound) in [(256, 0.02), (4096, 0.05), (32_768, 0.12)] {
            let means = mean(rate, 300, size);
            for (mean, what) in means.into_iter().zip(["bytes", "objects"]) {
                assert!((mean - 1.0).abs() < bound, "{name} objects, one byte in {rate}: {mean} of the {what}");
            }
        }
    }
}

#[test]
fn what_is_recorded_for_its_own_sake_is_exact() {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    auditor.configure("audit=sites").unwrap();
    let mut truth = (0, 0);
    let held: Vec<_> = (1..500_usize)
        .map(|n| {
            truth = (truth.0 + n as u64, truth.1 + 1);
            stage.alloc(layout(n, 1))
        })
        .collect();
    assert_eq!(auditor.estimate(), truth);
    held.into_iter().zip(1..).for_each(|(at, size)| free(&stage, at, layout(size, 1)));
    assert_eq!(auditor.estimate(), (0, 0));
}
