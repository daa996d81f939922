//! What a panic does, here where nobody could read a message.

use core::panic::PanicInfo;

/// Hangs, as in talc's measurement: a panic then costs no more than reaching it.
#[cfg(not(feature = "panic_import"))]
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}

#[cfg(feature = "panic_import")]
#[link(wasm_import_module = "flagstone")]
unsafe extern "C" {
    /// Stays in the module exactly when something in it can panic, and keeps the message's parts.
    fn panicked(info: *const u8) -> !;
}

/// Hands the panic to an import.
#[cfg(feature = "panic_import")]
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    // SAFETY: the module is never run, only searched for the import.
    unsafe { panicked(core::ptr::from_ref(info).cast()) }
}
