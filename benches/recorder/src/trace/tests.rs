//! The format holds what was written, byte for byte as documented, and whatever the bytes are, reading them ends.
#![forbid(unsafe_code)]

use super::{Decoder, Encoder, Error, Event, HEADER_LEN, Header, Problem, Reader, SIZE_MAX, check};

/// A generator of numbers that are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A number of any length up to `bits`.
    fn of_bits(&mut self, bits: u64) -> u64 {
        let length = self.below(bits);
        1 << length | self.0 >> 20 & ((1 << length) - 1)
    }
}

/// Events, and the trace that has them.
struct Example {
    events: Vec<Event>,
    header: Header,
    bytes: Vec<u8>,
}

impl Example {
    /// A random program of `length` events.
    fn new(length: u64, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut encoder = Encoder::new(vec![0; length as usize]);
        let mut live: Vec<(u32, u64)> = Vec::new();
        let mut header = Header { events: length, name: "example".to_owned(), ..Header::default() };
        let (mut events, mut bytes) = (Vec::new(), Vec::new());
        for _ in 0..length {
            let size = random.of_bits(48);
            let at = random.below(live.len().max(1) as u64) as usize;
            let encoded = match random.below(5) {
                0 | 1 if !live.is_empty() => {
                    let object = live.swap_remove(at).0;
                    events.push(Event::Free { object });
                    encoder.free(object)
                }
                2 if !live.is_empty() => {
                    live[at].1 = size;
                    events.push(Event::Realloc { object: live[at].0, size });
                    encoder.realloc(live[at].0, size)
                }
                kind => {
                    let (align_log2, zeroed) = (random.below(32) as u8, kind == 3);
                    let (object, encoded) = encoder.alloc(size, align_log2, zeroed).expect("a number for each object");
                    live.push((object, size));
                    events.push(Event::Alloc { object, size, align_log2, zeroed });
                    encoded
                }
            };
            bytes.extend_from_slice(encoded.as_bytes());
            header.peak = header.peak.max(live.iter().map(|(_, size)| size).sum());
        }
        (header.bytes, header.objects) = (bytes.len() as u64, encoder.most());
        Self { events, bytes: [header.to_bytes().as_slice(), &bytes].concat(), header }
    }
}

fn checked(bytes: &[u8]) -> Result<Header, Error> {
    check(bytes, bytes.len() as u64)
}

fn read(bytes: &[u8]) -> Result<Vec<Event>, Error> {
    Reader::new(bytes, bytes.len() as u64)?.collect()
}

/// A trace of `events` events and at most `objects` objects with these bytes.
fn trace(events: u64, objects: u32, bytes: &[u8]) -> Vec<u8> {
    let header = Header { events, objects, bytes: bytes.len() as u64, ..Header::default() };
    [header.to_bytes().as_slice(), bytes].concat()
}

#[test]
fn what_was_written_is_read() {
    for seed in 0..20 {
        let example = Example::new(2_000, seed);
        assert_eq!(read(&example.bytes).as_ref(), Ok(&example.events), "seed {seed}");
        assert_eq!(checked(&example.bytes), Ok(example.header), "seed {seed}");
    }
    assert_eq!(read(&Header::default().to_bytes()), Ok(Vec::new()));
}

#[test]
fn a_trace_of_many_pieces_is_read() {
    let example = Example::new(800_000, 1);
    assert!(example.bytes.len() > 2 << 20);
    assert!(read(&example.bytes) == Ok(example.events));
}

#[test]
fn the_bytes_are_those_of_the_documentation() {
    let mut encoder = Encoder::new([0; 4]);
    let mut bytes = Vec::new();
    for (size, align_log2, zeroed) in [(3, 0, false), (100, 3, true), (4_096, 12, false)] {
        bytes.extend_from_slice(encoder.alloc(size, align_log2, zeroed).expect("a number").1.as_bytes());
    }
    bytes.extend_from_slice(encoder.free(1).as_bytes());
    bytes.extend_from_slice(encoder.realloc(2, 300).as_bytes());
    bytes.extend_from_slice(encoder.free(2).as_bytes());
    let expected = [
        0x61, // 3 << 5 | 0 << 2 | 1
        0x8e, 0x19, // 100 << 5 | 3 << 2 | 2 = 3214
        0x9d, 0x80, 0x08, 12,   // 4096 << 5 | 7 << 2 | 1 = 131101, then the alignment
        0x04, // from 2 to 1: -1 is 1, 1 << 2 | 0
        0x0b, 0xac, 0x02, // from 1 to 2: 1 is 2, 2 << 2 | 3; then 300
        0x00, // the same object again
    ];
    assert_eq!(bytes, expected);
}

#[test]
fn a_trace_that_ends_anywhere_is_an_error_with_its_place() {
    let example = Example::new(60, 3);
    for len in 0..example.bytes.len() {
        let cut = &example.bytes[..len];
        let error = checked(cut).expect_err("a fault");
        assert!(error.at <= len as u64, "{len} bytes: {error}");
        assert!(matches!(error.problem, Problem::Truncated { .. }), "{len} bytes: {error}");
        // As if the header had been told of it.
        if len >= HEADER_LEN {
            let header = Header { bytes: (len - HEADER_LEN) as u64, ..example.header.clone() };
            let whole = [header.to_bytes().as_slice(), &cut[HEADER_LEN..]].concat();
            let error = checked(&whole).expect_err("a fault");
            assert!(error.at <= len as u64, "{len} bytes: {error}");
        }
    }
}

#[test]
fn a_damaged_trace_is_read_or_refused_but_never_more() {
    let example = Example::new(100, 5);
    for at in 0..example.bytes.len() {
        for bit in 0..8 {
            let mut bytes = example.bytes.clone();
            bytes[at] ^= 1 << bit;
            if let Err(error) = checked(&bytes) {
                assert!(error.at <= bytes.len() as u64);
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn noise_is_no_trace() {
    let mut random = Random(9);
    for _ in 0..2_000 {
        let noise: Vec<u8> = (0..random.below(300)).map(|_| random.below(256) as u8).collect();
        assert!(checked(&noise).is_err());
        let events = random.below(noise.len() as u64 + 1);
        // Whatever comes of it, it comes to an end.
        let _ = checked(&trace(events, random.below(events + 1) as u32, &noise));
    }
}

#[test]
fn hostile_values_are_refused_where_they_are() {
    let fault = |events, objects, bytes: &[u8]| {
        let error = read(&trace(events, objects, bytes)).expect_err("a fault");
        (error.at - HEADER_LEN as u64, error.problem)
    };
    assert_eq!(fault(1, 1, &[0x00]), (0, Problem::NotLive(0)));
    assert_eq!(fault(1, 1, &[0x04]), (0, Problem::NotLive(-1)));
    assert_eq!(fault(3, 1, &[0x21, 0x00, 0x00]), (2, Problem::NotLive(0)));
    assert_eq!(fault(2, 1, &[0x21, 0x0b, 5]), (1, Problem::NotLive(1)));
    assert_eq!(fault(2, 1, &[0x21, 0x21]), (1, Problem::TooManyObjects(1)));
    assert_eq!(fault(1, 1, &[0x01]), (0, Problem::Size(0)));
    assert_eq!(fault(2, 1, &[0x21, 0x03, 0x00]), (1, Problem::Size(0)));
    assert_eq!(fault(1, 1, &[0x3d, 32]), (0, Problem::Align(32)));
    assert_eq!(fault(1, 1, &[0x3d]), (0, Problem::HalfAnEvent));
    assert_eq!(fault(1, 1, &[0xff; 9]), (0, Problem::NumberTooLong));
    assert_eq!(fault(1, 1, &[0xff; 8]), (0, Problem::HalfAnEvent));
    let far = [0xf9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert_eq!(fault(1, 1, &far), (0, Problem::Size((1 << 58) - 1)));
    let distant = [0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert_eq!(fault(1, 1, &distant), (0, Problem::NotLive(-(1 << 60))));
    assert_eq!(fault(1, 1, &[0x21, 0x00]), (2, Problem::Says { what: "events", says: 1, found: 2 }));
}

#[test]
fn a_header_that_is_wrong_about_the_events_is_refused() {
    let example = Example::new(200, 7);
    let says = |change: &dyn Fn(&mut Header)| {
        let mut header = example.header.clone();
        change(&mut header);
        checked(&[header.to_bytes().as_slice(), &example.bytes[HEADER_LEN..]].concat()).expect_err("a fault").problem
    };
    assert!(matches!(says(&|it| it.peak += 1), Problem::Says { what: "bytes at most", .. }));
    assert!(matches!(says(&|it| it.objects += 1), Problem::Says { what: "objects", .. }));
    assert!(matches!(says(&|it| it.objects -= 1), Problem::TooManyObjects(_)));
    assert!(matches!(says(&|it| it.events += 1), Problem::Says { what: "events", .. }));
}

#[test]
fn a_header_alone_takes_no_memory() {
    let header = Header { events: 1 << 40, bytes: 1 << 41, objects: u32::MAX, ..Header::default() };
    let error = checked(&header.to_bytes()).expect_err("a fault");
    assert!(matches!(error.problem, Problem::Truncated { .. }));
}

#[test]
fn half_an_event_leaves_the_decoder_as_it_was() {
    let mut encoder = Encoder::new([0; 2]);
    let whole = encoder.alloc(SIZE_MAX, 31, true).expect("a number").1;
    let mut decoder = Decoder::new([0; 2]);
    for len in 0..whole.as_bytes().len() {
        assert_eq!(decoder.decode(&whole.as_bytes()[..len]), Ok(None));
    }
    let event = Event::Alloc { object: 0, size: SIZE_MAX, align_log2: 31, zeroed: true };
    assert_eq!(decoder.decode(whole.as_bytes()), Ok(Some((event, whole.as_bytes().len()))));
}
