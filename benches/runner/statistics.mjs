// The few statistics that the report is made of.

/** The middle value; the mean of the two middle ones of an even count. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Half the range of the middle half of the values, as a share of their median. */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  return (sorted[sorted.length - 1 - quarter] - sorted[quarter]) / 2 / median(values);
}

/** The geometric mean: the only mean that is fair to ratios. */
export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/**
 * Time against a reference: the median of the ratios within each repetition. Both ran moments apart
 * there, so a machine that slows down for a while does not shift the result.
 */
export function ratio(times, reference) {
  return median(times.map((time, repetition) => time / reference[repetition]));
}
