//! What the host of the heap gives it: stacks, a clock, and somebody who is told of faults. Without them diagnosis works without.

#[cfg(not(target_family = "wasm"))]
use std::thread_local;

use core::cell::Cell;

use super::fault::Fault;

/// Writes the return addresses of the stack, the innermost first, into its argument; how many it wrote.
///
/// On wasm these are byte offsets in the module. It must not use the heap.
pub type Capture = fn(&mut [u32]) -> usize;

/// Milliseconds of a clock that never goes back. It must not use the heap.
pub type Clock = fn() -> u32;

/// Is told of a fault, before anything is done about it.
pub type OnFault = fn(&Fault);

/// What a host gave.
struct Host {
    capture: Cell<Option<Capture>>,
    clock: Cell<Option<Clock>>,
    on_fault: Cell<Option<OnFault>>,
}

impl Host {
    const fn none() -> Self {
        Self { capture: Cell::new(None), clock: Cell::new(None), on_fault: Cell::new(None) }
    }
}

/// A build without atomics has one thread.
#[cfg(target_family = "wasm")]
struct OneThread(Host);

// SAFETY: as above; a build with atomics is refused.
#[cfg(target_family = "wasm")]
unsafe impl Sync for OneThread {}

#[cfg(target_family = "wasm")]
static HOST: OneThread = OneThread(Host::none());

#[cfg(not(target_family = "wasm"))]
thread_local! {
    static HOST: Host = const { Host::none() };
}

#[cfg(target_family = "wasm")]
fn with<R>(f: impl FnOnce(&Host) -> R) -> R {
    f(&HOST.0)
}

#[cfg(not(target_family = "wasm"))]
fn with<R>(f: impl FnOnce(&Host) -> R) -> R {
    HOST.with(f)
}

/// Says where stacks come from; natively those of heaps that this thread uses. The feature `sites` does it for a module in
/// JavaScript.
///
/// ```
/// flagstone::audit::set_capture(|frames| {
///     frames[0] = 0x8f8;
///     1
/// });
/// ```
pub fn set_capture(capture: Capture) {
    with(|host| host.capture.set(Some(capture)));
}

/// Says where the time comes from, as [`set_capture`] does for stacks.
///
/// ```
/// flagstone::audit::set_clock(|| 17);
/// ```
pub fn set_clock(clock: Clock) {
    with(|host| host.clock.set(Some(clock)));
}

/// Says who is told of faults, where the policy is not to trap at once.
///
/// ```
/// flagstone::audit::set_on_fault(|fault| println!("{fault}"));
/// ```
pub fn set_on_fault(on_fault: OnFault) {
    with(|host| host.on_fault.set(Some(on_fault)));
}

/// Writes the stack as a site would have it, the innermost call first; how many frames were written, none where the host gives no
/// stacks.
///
/// ```
/// flagstone::audit::set_capture(|frames| {
///     frames[0] = 0x8f8;
///     1
/// });
/// let mut frames = [0; 32];
/// let depth = flagstone::audit::stack(&mut frames);
/// assert_eq!(frames[..depth], [0x8f8]);
/// ```
pub fn stack(frames: &mut [u32]) -> usize {
    let capture = with(|host| host.capture.get());
    capture.map_or(0, |capture| capture(frames).min(frames.len()))
}

/// Milliseconds; zero without a clock.
pub(super) fn now() -> u32 {
    with(|host| host.clock.get()).map_or(0, |clock| clock())
}

/// Tells of a fault.
pub(super) fn tell(fault: &Fault) {
    if let Some(on_fault) = with(|host| host.on_fault.get()) {
        on_fault(fault);
    }
}
