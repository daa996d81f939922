// Weighs wasm modules for `cargo xtask size`. For each file one line with tabs between: bytes, bytes after
// gzip, bytes of initialised data, where static memory ends, imports, suspicious text.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Words that a panic message, its place in the source or a formatter leave in the data. */
const SUSPICIOUS = ['panicked', 'src/', '.rs', 'overflow', 'attempt to', 'out of bounds', 'called `'];
const DATA_SECTION = 11;

for (const file of process.argv.slice(2)) {
  const bytes = readFileSync(file);
  const module = new WebAssembly.Module(bytes);
  const data = dataSegments(bytes);
  const text = Buffer.concat(data).toString('latin1');
  const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
  const found = SUSPICIOUS.filter((word) => text.includes(word));
  const size = data.reduce((sum, segment) => sum + segment.length, 0);
  console.log([bytes.length, gzipSync(bytes, { level: 9 }).length, size, staticEnd(module), imports, found].join('\t'));
}

/** Where static memory ends and the heap begins; the linker tells. */
function staticEnd(module) {
  const nothing = new Proxy({}, { get: () => new Proxy({}, { get: () => () => {} }) });
  return new WebAssembly.Instance(module, nothing).exports.__heap_base.value >>> 0;
}

/** The initial contents of all data segments. */
function dataSegments(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const segment = () => {
    const kind = number();
    if (kind === 2) number();
    // Where it goes: a constant expression, which the linker makes of one i32.const and an end.
    if (kind !== 1) for (at++, number(); bytes[at++] !== 11; );
    const length = number();
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const length = number();
    if (section === DATA_SECTION) return Array.from({ length: number() }, segment);
    at += length;
  }
  return [];
}
