//! Claim: after a fault that the program goes on after, the heap holds together, everything that is held keeps its contents, and what
//! is abandoned accounts for what is missing (I-34).
#![cfg(feature = "audit")]

mod support;

use flagstone::audit::FaultKind;
use support::assert_sound;
use support::audit_world::AuditWorld;
use support::objects::Stage;

#[test]
fn faults_of_every_kind_leave_a_heap_that_holds_together() {
    let mut kinds = Vec::new();
    for seed in 0..if cfg!(miri) { 1 } else { 30 } {
        println!("seed {seed}");
        let stage = Stage::new(512);
        let mut world = AuditWorld::new(&stage, 1000 + seed);
        for step in 0..if cfg!(miri) { 40 } else { 600 } {
            if step % 5 == 4 {
                let (before, kind) = (world.faults, world.blunder());
                assert_eq!(world.auditor().last_fault().unwrap().kind, kind);
                assert!(world.faults > before);
                kinds.push(kind);
            } else {
                world.step();
            }
            world.check();
            assert_sound(stage.heap());
        }
        world.end();
    }
    let all = [
        FaultKind::Modified,
        FaultKind::Redzone,
        FaultKind::DoubleFree,
        FaultKind::WrongCache,
        FaultKind::WrongSize,
        FaultKind::Interior,
    ];
    assert!(cfg!(miri) || all.iter().all(|kind| kinds.contains(kind)));
}
