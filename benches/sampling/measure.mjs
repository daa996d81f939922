// One step of `cargo xtask sampling`, for a node or a page. Lies beside the folders of the two builds, `default` and `sites`.

const SEED = 20260824n;
const builds = new Map();

const steps = { begin, run };

/** Takes a step by its name; what the last one left behind is collected now, not in the middle of this one. */
export function step(name, module, ...rest) {
  globalThis.gc?.();
  return steps[name](module, ...rest);
}

/** Starts a build, which goes on from step to step: only the first run grows its memory. */
async function begin(module, build) {
  const glue = await import(`./${build}/sampling.js`);
  glue.initSync({ module });
  builds.set(build, glue);
}

/**
 * Runs a churn so many times, sampled or not: its time, and what must be the same for all. `estimate` is what samples say was asked for
 * meanwhile.
 */
function run(_, build, kind, bytes, stacks, times) {
  const glue = builds.get(build);
  glue.sample(bytes, stacks);
  const before = glue.sampled();
  let fold = 0n;
  const start = performance.now();
  for (let time = 0; time < times; time++) fold ^= glue.run(kind, SEED + BigInt(time));
  const milliseconds = performance.now() - start;
  return { milliseconds, fold: fold.toString(16), estimate: glue.sampled() - before };
}
