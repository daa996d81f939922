// The sweeps: how the cost of an operation goes with one property of the heap.

import { byTurns, choose } from './bench.mjs';
import { bytes, count, digits, table } from './report.mjs';
import { median } from './statistics.mjs';

/** In the order of their numbers in the modules. */
const SWEEPS = [
  { name: 'live', title: 'live objects of 64 bytes', unit: 'count', parameters: steps(13, (i) => Math.round(10 ** (2 + i / 3))) },
  { name: 'size', title: 'bytes of an object, 1,000 of them live (at most 64 MiB)', unit: 'bytes', parameters: steps(18, (i) => 8 * 2 ** i) },
  { name: 'heap', title: 'live bytes, objects of 8 bytes to 8 KiB', unit: 'bytes', parameters: steps(10, (i) => 2 ** (20 + i)) },
];

/** Measures and makes the report; `say` is what it prints. */
export async function sweep(engine, { names, only, repeat, progress }) {
  const sweeps = [];
  for (const chosen of choose(SWEEPS, only)) {
    const kind = SWEEPS.indexOf(chosen);
    const points = [];
    for (const parameter of chosen.parameters) {
      progress(`${chosen.name}: ${parameter}`);
      points.push({ parameter, allocators: await measure(engine, names, kind, parameter, repeat) });
    }
    const { name, title, unit } = chosen;
    sweeps.push({ name, title, unit, points });
  }
  const say = sweeps.map((of) => text(of, names)).join('\n\n');
  return { report: { sweeps }, say: `${say}\n\nns per allocation or free: the median of ${repeat}.` };
}

/** One point: all allocators by turns, after a first round that counts for nothing. */
async function measure(engine, names, kind, parameter, repeat) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  let expected;
  for (let round = 0; round <= repeat; round++) {
    for (const name of byTurns(names, round)) {
      const { milliseconds, checksum, operations } = await engine.take('sweep', `${name}-sweep`, kind, parameter);
      expected ??= checksum;
      if (checksum !== expected) throw new Error(`${SWEEPS[kind].name} ${parameter}: ${name} ends with ${checksum}, not ${expected}`);
      if (round > 0) samples[name].push((milliseconds * 1e6) / operations);
    }
  }
  const figures = names.map((name) => [name, { nanosecondsPerOperation: median(samples[name]), samples: samples[name] }]);
  return Object.fromEntries(figures);
}

/** A sweep as text. */
function text({ title, unit, points }, names) {
  const label = unit === 'bytes' ? bytes : count;
  const rows = points.map(({ parameter, allocators }) =>
    [label(parameter), ...names.map((name) => digits(allocators[name].nanosecondsPerOperation))]);
  return table([[title, ...names], ...rows]);
}

function steps(length, of) {
  return Array.from({ length }, (_, i) => of(i));
}
