/** Types of `capture.js`, for the tests of the page. */
export function install(memory: WebAssembly.Memory): void;
export function capture(at: number, max: number): number;
export function now(): number;
