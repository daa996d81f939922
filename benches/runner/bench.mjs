// The bench: every workload with every allocator, by turns.

import { REFERENCE, figures, means, pagesBeyond, text } from './report.mjs';

/** Measures and makes the report; `say` is what it prints. */
export async function bench(engine, { names, only, repeat, progress }) {
  const chosen = choose(await engine.take('workloads', names[0]), only);
  const requests = new Map();
  for (const workload of chosen) {
    progress(`counting: ${workload.name}`);
    requests.set(workload, await sameRequests(engine, names, workload));
  }
  const samples = await measure(engine, names, chosen, requests, repeat, progress);
  const base = await engine.take('initial', REFERENCE);
  const firstAllocation = {};
  for (const name of names) firstAllocation[name] = pagesBeyond(base, await engine.take('firstAllocation', name));
  const rows = chosen.map((workload) => figures(workload, requests.get(workload), samples.get(workload), base));
  const report = { rows, means: means(rows, names), firstAllocation };
  return { report, say: text({ ...report, names }) };
}

/** Those whose names contain a part that is wanted, or all when none is. */
export function choose(all, wanted) {
  const unknown = wanted.filter((part) => !all.some(({ name }) => name.includes(part)));
  if (unknown.length > 0) throw new Error(`nothing is called ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.some((part) => name.includes(part)));
}

/** What the workload asks for, after proof that it asks every allocator for the same. */
async function sameRequests(engine, names, workload) {
  const books = [];
  for (const name of names) books.push(await engine.take('ledger', `${name}-ledger`, workload.index));
  for (const [i, book] of books.entries()) {
    for (const what of ['stream', 'checksum', 'operations', 'peakLive']) {
      if (book[what] !== books[0][what]) {
        throw new Error(`${workload.name}: ${what} is ${book[what]} with ${names[i]} but ${books[0][what]} with ${names[0]}`);
      }
    }
  }
  return books[0];
}

/** All timed runs: a first round that counts for nothing, then `repeat` rounds. */
async function measure(engine, names, chosen, requests, repeat, progress) {
  const samples = new Map(chosen.map((workload) => [workload, Object.fromEntries(names.map((name) => [name, []]))]));
  for (let round = 0; round <= repeat; round++) {
    for (const [at, workload] of chosen.entries()) {
      progress(`round ${round} of ${repeat}: ${workload.name}`);
      for (const name of byTurns(names, round + at)) {
        const result = await engine.take('run', name, workload.index);
        const expected = requests.get(workload).checksum;
        if (result.checksum !== expected) throw new Error(`${workload.name}: ${name} ends with ${result.checksum}, not ${expected}`);
        if (round > 0) samples.get(workload)[name].push(result);
      }
    }
  }
  return samples;
}

/** All names, beginning with another one each turn. */
export function byTurns(names, turn) {
  const first = turn % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}
