//! Programs that give back what is not theirs to give: twice, from the inside, from elsewhere.

use flagstone::audit::FaultKind::{BadAddress, DoubleFree, Interior};

use super::{Foreign, Ground, Program, Run, layout, program};

pub(super) fn programs<G: Ground>() -> Vec<Program<G>> {
    let mut all = Vec::from(twice());
    all.extend(twice_much_later());
    all.extend(inside());
    all.extend([
        foreign("an address of a static", Foreign::Static),
        foreign("an address on the stack", Foreign::Stack),
        foreign("an address of another heap", Foreign::OtherHeap),
        foreign("a null pointer with an offset", Foreign::Low),
        foreign("an address beyond the memory", Foreign::Beyond),
    ]);
    all.extend(elsewhere());
    all
}

/// Freed twice while the first free is known.
fn twice<G: Ground>() -> [Program<G>; 6] {
    [
        program("freed twice at once", DoubleFree, |it: &Run<G>| {
            let others = [it.alloc(4, 40, 8), it.alloc(4, 40, 8)];
            let at = it.alloc(1, 40, 8);
            it.free(2, at, 40, 8);
            if it.is_wrong() {
                it.free(3, at, 40, 8);
            }
            others.into_iter().for_each(|at| it.free(4, at, 40, 8));
        })
        .of(40, 8)
        .given(40, 8)
        .sites(1, 2, 3)
        .lite(DoubleFree)
        .redzone(BadAddress),
        program("freed twice with other frees between", DoubleFree, |it: &Run<G>| {
            let others: Vec<_> = (0..20).map(|n| (it.alloc(4, 40 + n, 8), 40 + n)).collect();
            let at = it.alloc(1, 40, 8);
            it.free(2, at, 40, 8);
            others.into_iter().for_each(|(at, size)| it.free(4, at, size, 8));
            if it.is_wrong() {
                it.free(3, at, 40, 8);
            }
        })
        .of(40, 8)
        .sites(1, 2, 3)
        .redzone(BadAddress),
        program("a large one freed twice", DoubleFree, |it: &Run<G>| {
            let at = it.alloc(1, 30_000, 8);
            it.free(2, at, 30_000, 8);
            if it.is_wrong() {
                it.free(3, at, 30_000, 8);
            }
        })
        .of(30_000, 8)
        .sites(1, 2, 3)
        .redzone(BadAddress),
        program("two owners of one object", DoubleFree, |it: &Run<G>| {
            let at = it.alloc(1, 24, 8);
            let owners = [at, it.bug(at, core::ptr::null_mut())];
            for (owner, frame) in owners.into_iter().zip([2, 3]).filter(|(owner, _)| !owner.is_null()) {
                it.free(frame, owner, 24, 8);
            }
        })
        .of(24, 8)
        .sites(1, 2, 3)
        .redzone(BadAddress),
        program("the old pointer freed after a realloc", DoubleFree, |it: &Run<G>| {
            let at = it.alloc(1, 40, 8);
            let new = it.realloc(2, at, 40, 8, 400);
            if it.is_wrong() {
                it.free(3, at, 40, 8);
            }
            it.free(4, new, 400, 8);
        })
        .of(40, 8)
        .sites(1, 2, 3)
        .redzone(BadAddress),
        program("what was freed gets another size", DoubleFree, |it: &Run<G>| {
            let at = it.alloc(1, 40, 8);
            it.free(2, at, 40, 8);
            if it.is_wrong() {
                let new = it.realloc(3, at, 40, 8, 400);
                it.free(4, new, 400, 8);
            }
        })
        .of(40, 8)
        .given(40, 8)
        .sites(1, 2, 3)
        .redzone(BadAddress),
    ]
}

/// Freed again when the memory went back, or was freed while nobody looked.
fn twice_much_later<G: Ground>() -> [Program<G>; 4] {
    [
        program("freed twice, the second time after the quarantine", DoubleFree, |it: &Run<G>| {
            let at = it.alloc(1, 40, 8);
            it.free(2, at, 40, 8);
            it.drain(5);
            if it.is_wrong() {
                it.free(3, at, 40, 8);
            }
        })
        .of(40, 8)
        .sites(1, 2, 3)
        .gone()
        .redzone(BadAddress),
        program("freed twice, the second time after all memory went back", DoubleFree, |it: &Run<G>| {
            let at = it.alloc(1, 40, 8);
            let others: Vec<_> = (0..20).map(|_| it.alloc(4, 400, 8)).collect();
            it.free(2, at, 40, 8);
            others.into_iter().for_each(|at| it.free(4, at, 400, 8));
            it.drain(5);
            it.ground.reclaim();
            if it.is_wrong() {
                it.free(3, at, 40, 8);
            }
        })
        .of(40, 8)
        .sites(1, 2, 3)
        .gone()
        .redzone(BadAddress),
        program("freed into a magazine, and again under diagnosis", DoubleFree, |it: &Run<G>| {
            let (neighbour, at) = it.unwatched(|| (it.alloc(4, 72, 8), it.alloc(1, 72, 8)));
            if it.is_wrong() {
                it.unwatched(|| it.free(2, at, 72, 8));
            }
            it.free(3, at, 72, 8);
            it.free(4, neighbour, 72, 8);
        })
        .of(72, 0)
        .sites(0, 0, 3)
        .lite(DoubleFree)
        .redzone(DoubleFree),
        program("asked for without diagnosis, and freed twice under it", DoubleFree, |it: &Run<G>| {
            let (neighbour, at) = it.unwatched(|| (it.alloc(4, 72, 8), it.alloc(1, 72, 8)));
            it.free(2, at, 72, 8);
            if it.is_wrong() {
                it.free(3, at, 72, 8);
            }
            it.free(4, neighbour, 72, 8);
        })
        .of(72, 0)
        .sites(0, 0, 3)
        .lite(DoubleFree)
        .redzone(DoubleFree),
    ]
}

/// Frees an address `offset` bytes into an object, or before it.
fn wrong_place<G: Ground>(name: &str, size: usize, offset: isize) -> Program<G> {
    program(name, Interior, move |it: &Run<G>| {
        let at = it.alloc(1, size, 8);
        if it.is_wrong() {
            it.free(3, at.wrapping_offset(offset), size, 8);
        }
        it.free(2, at, size, 8);
    })
    .of(size as u32, 8)
    .inside(offset as i32)
    .sites(1, 0, 3)
}

/// The inside of objects.
fn inside<G: Ground>() -> [Program<G>; 7] {
    [
        wrong_place("the second byte is freed", 40, 1).lite(Interior),
        wrong_place("the address behind a header is freed", 48, 16).lite(Interior),
        wrong_place("the last byte is freed", 40, 39).lite(Interior),
        wrong_place("the end is freed", 40, 40),
        wrong_place("the address before a header is freed", 40, -8),
        wrong_place("the middle of a large one is freed", 30_000, 16_384).lite(Interior),
        program("the middle gets another size", Interior, |it: &Run<G>| {
            let at = it.alloc(1, 64, 8);
            if it.is_wrong() {
                let new = it.realloc(3, at.wrapping_add(8), 56, 8, 20);
                it.free(2, new, 20, 8);
            }
            it.free(2, at, 64, 8);
        })
        .of(64, 8)
        .given(56, 8)
        .inside(8)
        .sites(1, 0, 3)
        .lite(Interior),
    ]
}

/// Frees an address that is none of the heap's.
fn foreign<G: Ground>(name: &str, foreign: Foreign) -> Program<G> {
    program(name, BadAddress, move |it: &Run<G>| {
        let own = it.alloc(1, 16, 8);
        let at = it.bug(it.ground.foreign(foreign), own);
        it.free(3, at, 16, 8);
        if it.is_wrong() {
            it.free(2, own, 16, 8);
        }
    })
    .given(16, 8)
    .sites(0, 0, 3)
    .lite(BadAddress)
}

/// Memory of the heap that was never handed out so.
fn elsewhere<G: Ground>() -> [Program<G>; 4] {
    [
        program("the heap's own records are freed", BadAddress, |it: &Run<G>| {
            let at = it.alloc(1, 16, 8);
            if it.is_wrong() {
                it.free(3, it.ground.at(super::records::watch_of(it, at).unwrap()), 16, 8);
            }
            it.free(2, at, 16, 8);
        })
        .sites(0, 0, 3)
        .redzone(BadAddress),
        program("a static gets another size", BadAddress, |it: &Run<G>| {
            if it.is_wrong() {
                at_foreign(it);
            }
        })
        .given(16, 8)
        .sites(0, 0, 3)
        .lite(BadAddress),
        program("the last byte of the memory is freed", BadAddress, |it: &Run<G>| {
            if it.is_wrong() {
                let end = it.ground.extent().1;
                it.free(3, it.ground.at(end - 1), 16, 1);
            }
        })
        .sites(0, 0, 3)
        .lite(BadAddress),
        program("memory of an arena is freed to the heap that the arena has it from", Interior, |it: &Run<G>| {
            super::at_frame(1);
            it.ground.with_arena(&|at| {
                if it.is_wrong() {
                    it.free(3, at, 1024, 8);
                }
            });
        })
        .inside(1024)
        .of(8192, 1024)
        .sites(1, 0, 3)
        .lite(Interior),
    ]
}

/// A realloc of an address that is none of the heap's: there is nothing to copy, but there is memory.
fn at_foreign<G: Ground>(it: &Run<G>) {
    super::at_frame(3);
    let new = it.ground.realloc(it.ground.foreign(Foreign::Beyond), layout(16, 8), 32);
    it.free(2, new, 32, 8);
}
