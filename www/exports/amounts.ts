/** Bytes and objects as whole numbers that add up to what is known for sure. Pure; relies on nothing. */

export interface Amount {
  bytes: number;
  count: number;
}

export const NOTHING: Amount = { bytes: 0, count: 0 };

export function plus(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes + b.bytes, count: a.count + b.count };
}

export function most(a: Amount, b: Amount): Amount {
  return { bytes: Math.max(a.bytes, b.bytes), count: Math.max(a.count, b.count) };
}

export function isNothing({ bytes, count }: Amount): boolean {
  return bytes === 0 && count === 0;
}

/** A figure out of a memory that may be damaged: what makes no sense is 0. */
export function sane(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0;
}

/**
 * Estimates as whole numbers that add up, with `rest`, to `total`. Estimates that come to more than there is are all made smaller by the same
 * share; where they come to less, the difference is the rest. What rounding takes away goes to those that lost most by it.
 */
export function fitted(estimates: readonly number[], total: number): { values: number[]; rest: number } {
  const whole = Math.round(sane(total));
  const good = estimates.map(sane);
  const sum = good.reduce((a, b) => a + b, 0);
  const share = sum > whole ? whole / sum : 1;
  const wanted = Math.min(whole, Math.round(sum));
  const exact = good.map((value) => value * share);
  const values = exact.map(Math.floor);
  let missing = wanted - values.reduce((a, b) => a + b, 0);
  const byLoss = exact.map((value, index) => ({ index, loss: value - Math.floor(value) })).sort((a, b) => b.loss - a.loss || a.index - b.index);
  for (const { index } of byLoss) {
    if (missing <= 0) break;
    values[index] = (values[index] ?? 0) + 1;
    missing -= 1;
  }
  return { values, rest: whole - wanted };
}
