//! A program with the recorder is recorded as it was: this file runs itself with the variable set. Three of the tests are
//! the programs; without the variable they run as if there were no recorder.

use std::alloc::System;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use flagstone_recorder::trace::{Event, Header, Reader, check};
use flagstone_recorder::{OBJECTS, Recorder};

#[global_allocator]
static ALLOCATOR: Recorder<System> = Recorder::new(System);

/// Sizes that nobody else asks for.
const FIRST: usize = 123_457;
const THEN: usize = 765_433;
const ZEROED: usize = 99_991;

/// Runs one of the programs and records it; where its trace is.
fn record(program: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("flagstone-recorder-{program}-{}", std::process::id()));
    let mut command = Command::new(std::env::current_exe().expect("a program"));
    command.args(["--exact", program, "--test-threads=1"]).env("FLAGSTONE_TRACE", &file);
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

/// The header and events of a trace, all of which are right. The file is removed.
fn read(file: &PathBuf) -> (Header, Vec<Event>) {
    let open = || File::open(file).expect("a trace");
    let len = open().metadata().expect("a length").len();
    let header = check(open(), len).expect("a trace without faults");
    let events = Reader::new(open(), len).expect("a header").collect::<Result<_, _>>().expect("events");
    fs::remove_file(file).expect("clean up");
    (header, events)
}

#[test]
fn the_program() {
    let mut bytes: Vec<u8> = Vec::with_capacity(FIRST);
    bytes.reserve_exact(THEN);
    assert_eq!(vec![0_u8; ZEROED].iter().max(), Some(&0));
    drop(bytes);
}

#[test]
fn the_threads() {
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            scope.spawn(move || {
                let mut kept = Vec::new();
                for step in 0..20_000_usize {
                    kept.push(vec![step as u8; 1 + (step * 31 + thread) % 300]);
                    if kept.len() > 100 {
                        kept.swap_remove(step % 100);
                    }
                }
            });
        }
    });
}

#[test]
fn the_crowd() {
    let crowd: Vec<Box<u8>> = (0..OBJECTS + 1_000).map(|i| Box::new(i as u8)).collect();
    assert_eq!(crowd.len(), OBJECTS + 1_000);
}

#[test]
fn a_program_is_recorded() {
    let (header, events) = read(&record("the_program"));
    assert!(header.name.starts_with("recorded") && !header.incomplete && header.peak > THEN as u64);
    let size = |event: &Event, wanted: usize| match *event {
        Event::Alloc { size, .. } | Event::Realloc { size, .. } => size == wanted as u64,
        Event::Free { .. } => false,
    };
    let at = |wanted| events.iter().position(|event| size(event, wanted)).expect("that size");
    let (first, then, zeroed) = (at(FIRST), at(THEN), at(ZEROED));
    let Event::Alloc { object, align_log2: 0, zeroed: false, .. } = events[first] else {
        panic!("{:?}", events[first]);
    };
    assert_eq!(events[then], Event::Realloc { object, size: THEN as u64 });
    assert!(matches!(events[zeroed], Event::Alloc { zeroed: true, .. }));
    let freed = events.iter().skip(zeroed).position(|&event| event == Event::Free { object });
    assert!(first < then && then < zeroed && freed.is_some());
}

#[test]
fn threads_are_recorded_in_the_order_in_which_they_were_served() {
    let (header, events) = read(&record("the_threads"));
    assert_eq!(header.events, events.len() as u64);
    assert!(events.len() > 4 * 2 * 19_900, "{} events", events.len());
}

#[test]
fn too_many_objects_end_the_recording_and_the_trace_says_so() {
    let (header, _) = read(&record("the_crowd"));
    assert!(header.incomplete);
    assert_eq!(header.objects as usize, OBJECTS);
}

#[test]
fn without_the_variable_nothing_is_recorded() {
    flagstone_recorder::flush();
    assert_eq!(vec![1_u8; 100].len(), 100);
}
