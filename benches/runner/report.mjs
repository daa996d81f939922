// Turns samples into figures, and figures into the text on the terminal.

import { geometricMean, median, ratio, spread } from './statistics.mjs';

/** Everything is a ratio to this one. */
export const REFERENCE = 'dlmalloc';
/** The allocator that the bars are for. */
const OURS = 'flagstone';
/** A run may take this much more pages than the thriftiest peer. */
const THRIFT = 1.05;
const PAGE = 65536;
const KINDS = ['synthetic', 'collections', 'programs'];

/**
 * The figures of one workload: `samples[allocator]` are its runs in order of repetition. Pages and heap
 * bytes are what the memory has at the end beyond `base`, the initial memory and the static data of the
 * same program with the reference allocator: tables that an allocator keeps in static memory count too.
 */
export function figures(workload, requests, samples, base) {
  const times = Object.fromEntries(
    Object.entries(samples).map(([name, runs]) => [name, runs.map((run) => run.milliseconds)]),
  );
  const allocators = {};
  for (const [name, runs] of Object.entries(samples)) {
    // Every repetition makes the same requests, so the memory ends alike.
    const pages = pagesBeyond(base, runs[0].bytes);
    const heapBytes = runs[0].bytes - base.heapBase;
    const milliseconds = median(times[name]);
    allocators[name] = {
      milliseconds,
      nanosecondsPerOperation: (milliseconds * 1e6) / requests.operations,
      ratio: ratio(times[name], times[REFERENCE]),
      spread: spread(times[name]),
      pages,
      heapBytes,
      overhead: heapBytes / requests.peakLive,
      samples: times[name],
    };
  }
  const { name, kind } = workload;
  return { name, kind, ...requests, allocators, misses: misses(name, allocators) };
}

/** Whole pages of a memory of `bytes` beyond the initial ones. */
export function pagesBeyond(base, bytes) {
  return (bytes - base.bytes) / PAGE;
}

/** The bars of one workload that our allocator misses. */
function misses(workload, allocators) {
  const ours = allocators[OURS];
  if (!ours) return [];
  const least = (names, figure) =>
    Math.min(...names.filter((name) => name in allocators).map((name) => allocators[name][figure]));
  const rivals = ['dlmalloc', 'talc', 'rlsf', ...(workload.startsWith('churn') ? ['rusty_alloc'] : [])];
  const found = [];
  if (ours.ratio > least(rivals, 'ratio')) found.push('time');
  if (ours.pages > THRIFT * least(['dlmalloc', 'talc'], 'pages')) found.push('pages');
  return found;
}

/** Geometric means of time ratio and memory overhead, by kind and allocator. */
export function means(rows, names) {
  return KINDS.flatMap((kind) => {
    const of = rows.filter((row) => row.kind === kind);
    if (of.length === 0) return [];
    const mean = (name, figure) => geometricMean(of.map((row) => row.allocators[name][figure]));
    const allocators = Object.fromEntries(
      names.map((name) => [name, { ratio: mean(name, 'ratio'), overhead: mean(name, 'overhead') }]),
    );
    return [{ kind, workloads: of.length, allocators }];
  });
}

/** The whole report as text. */
export function text({ rows, means, names, firstAllocation }) {
  const mark = (row, bar) => (name) => (name === OURS && row.misses.includes(bar) ? '!' : ' ');
  const times = [
    ['ns per operation, ratio', 'operations', ...names],
    ...rows.map((row) => {
      const marked = mark(row, 'time');
      const cell = (name) => {
        const { nanosecondsPerOperation, ratio } = row.allocators[name];
        return `${digits(nanosecondsPerOperation)}  ${ratio.toFixed(2)}${marked(name)}`;
      };
      return [row.name, count(row.operations), ...names.map(cell)];
    }),
    ...means.map(({ kind, workloads, allocators }) =>
      [`mean of ${workloads} ${kind}`, '', ...names.map((name) => `${allocators[name].ratio.toFixed(2)} `)]),
  ];
  const memory = [
    ['pages, heap / live', 'peak live', ...names],
    ...rows.map((row) => {
      const marked = mark(row, 'pages');
      const cell = (name) => `${row.allocators[name].pages}  ${row.allocators[name].overhead.toFixed(2)}${marked(name)}`;
      return [row.name, bytes(row.peakLive), ...names.map(cell)];
    }),
    ...means.map(({ kind, workloads, allocators }) =>
      [`mean of ${workloads} ${kind}`, '', ...names.map((name) => `${allocators[name].overhead.toFixed(2)} `)]),
    ['first allocation', '', ...names.map((name) => `${firstAllocation[name]}       `)],
  ];
  return `${table(times)}\n\n${table(memory)}\n\n${remarks(rows, names)}`;
}

/** What a reader has to know about the tables. */
function remarks(rows, names) {
  const spreads = rows.flatMap((row) => names.map((name) => row.allocators[name].spread));
  const lines = [
    'Ratios are to dlmalloc in the same repetition; means are geometric; pages are those beyond the initial memory with dlmalloc.',
    `Spread of a cell (half the middle half of its samples / median): typically ${percent(median(spreads))}, at most ${percent(Math.max(...spreads))}.`,
  ];
  if (names.includes(OURS)) {
    const missed = rows.filter((row) => row.misses.length > 0).length;
    lines.push(
      `! ${OURS} slower than the fastest of dlmalloc, talc, rlsf (churn: and rusty_alloc), or above ${THRIFT} of the pages of the better of dlmalloc and talc: ${missed} of ${rows.length} workloads.`,
    );
  }
  return lines.join('\n');
}

/** Rows of cells as aligned text: the first column to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   ').trimEnd())
    .join('\n');
}

const percent = (share) => `${(share * 100).toFixed(1)} %`;
export const digits = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
export const count = (value) => (value < 1e5 ? String(value) : `${(value / 1e6).toFixed(2)} M`);
export const bytes = (value) => (value < 1024 ? `${value} B` : value < 2 ** 20 ? `${(value / 1024).toFixed(0)} KiB` : `${(value / 2 ** 20).toFixed(1)} MiB`);
