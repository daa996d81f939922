// Takes the steps in this process.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './measure.mjs';

/** An engine: `take` does a step with one of the modules in `folder`. */
export function open(folder) {
  const modules = new Map();
  const load = (name) => {
    if (!modules.has(name)) modules.set(name, new WebAssembly.Module(readFileSync(join(folder, `${name}.wasm`))));
    return modules.get(name);
  };
  return {
    about: `node ${process.versions.node} (V8 ${process.versions.v8})`,
    take: async (name, module, ...rest) => step(name, load(module), ...rest),
    close: async () => {},
  };
}
