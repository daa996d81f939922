//! Hands out the rest of what the recorder wrote down, in the build that `cargo xtask record` runs.

/// Called when the workload is done.
#[unsafe(no_mangle)]
extern "C" fn recorder_flush() {
    flagstone_recorder::flush();
}
