//! Claim: the log of calls, saved as a trace, is one that a reader of `docs/traces.md` accepts, and tells what the program did.
#![cfg(all(feature = "audit", feature = "inspector", not(miri)))]

mod support;

use flagstone::audit::Auditor;
use flagstone::image::audit::AuditInfo;
use flagstone::image::survey::Survey;
use flagstone::inspector::trace::trace;
use support::{Fake, LOW, heap, layout, memory};

/// What a trace asks for: sizes and alignments of what is made, in order, and what of that is freed, by its place in that order.
#[derive(Debug, Default, PartialEq)]
struct Told {
    made: Vec<(u64, u32)>,
    freed: Vec<usize>,
    peak_objects: u64,
    peak_bytes: u64,
}

/// Reads a trace as its format says, strictly.
fn read(bytes: &[u8]) -> Told {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!(&bytes[..8], b"flagtrac");
    assert_eq!(bytes[8..12], 1_u32.to_le_bytes());
    let (events, len) = (word(16), word(24));
    assert_eq!(bytes.len() as u64, 128 + len);
    let mut rest = &bytes[128..];
    let mut number = || {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let (&byte, tail) = rest.split_first().expect("a byte");
            rest = tail;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return (number, rest.len());
            }
        }
        panic!("a number of more than nine bytes");
    };
    let (mut told, mut live, mut spare) = (Told::default(), Vec::<Option<usize>>::new(), Vec::new());
    let (mut last, mut bytes_now, mut objects_now) = (0_i64, 0, 0);
    for _ in 0..events {
        let (event, _) = number();
        match event & 3 {
            0 => {
                let distance = event >> 2;
                let distance = if distance % 2 == 0 { distance as i64 / 2 } else { -(distance.div_ceil(2) as i64) };
                let object = (last + distance) as usize;
                let made = live[object].take().expect("an object that lives");
                spare.push(object);
                bytes_now -= told.made[made].0;
                objects_now -= 1;
                told.freed.push(made);
                last = object as i64;
            }
            1 => {
                let shift = event >> 2 & 7;
                let align = if shift == 7 { number().0 as u32 } else { shift as u32 };
                let object = spare.pop().unwrap_or_else(|| {
                    live.push(None);
                    live.len() - 1
                });
                live[object] = Some(told.made.len());
                told.made.push((event >> 5, 1 << align));
                bytes_now += event >> 5;
                objects_now += 1;
                told.peak_objects = told.peak_objects.max(objects_now);
                told.peak_bytes = told.peak_bytes.max(bytes_now);
                last = object as i64;
            }
            other => panic!("an event of kind {other}"),
        }
    }
    assert!(rest.is_empty());
    assert_eq!(u64::from(u32::from_le_bytes(bytes[32..36].try_into().unwrap())), told.peak_objects);
    assert_eq!(word(40), told.peak_bytes);
    told
}

#[test]
fn a_log_is_a_trace_of_what_was_asked_for() {
    let mut memory = memory(16);
    let heap = heap(Fake::new(&mut memory, LOW));
    let auditor = Auditor::new(&heap);
    let before = heap.alloc(layout(77, 1));
    auditor.configure("audit=all;quarantine=1").unwrap();
    let mut expected = Told::default();
    let mut held = std::collections::VecDeque::new();
    for n in 0..60_usize {
        let layout = layout(1 + n * 31 % 700, 1 << (n % 10));
        held.push_back((heap.alloc(layout), layout, n));
        expected.made.push((layout.size() as u64, layout.align() as u32));
        if n % 3 == 2 {
            let (at, layout, index) = if n % 2 == 0 { held.pop_front() } else { held.pop_back() }.unwrap();
            // SAFETY: allocated above.
            unsafe { heap.dealloc(at, layout) };
            expected.freed.push(index);
        }
    }
    // What was made before the log is not in it.
    // SAFETY: allocated above.
    unsafe { heap.dealloc(before, layout(77, 1)) };
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    let audit = AuditInfo::read(&heap.image(), &survey).unwrap().unwrap();
    let told = read(&trace(&heap.image(), &audit));
    assert_eq!((&told.made, &told.freed), (&expected.made, &expected.freed));
}
