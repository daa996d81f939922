/** A trail of numbers as a small line, drawn as SVG from its own lowest to its own highest value. Relies on nothing but Lit. */
import { svg, type SVGTemplateResult } from 'lit';

const WIDTH = 84;
const HEIGHT = 20;

/** The points of the line; `slots` is how many values fill the width. */
export function sparkPoints(values: readonly number[], slots: number): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const spread = high - low;
  return values.map((value, index) => {
    const x = ((slots - values.length + index) / Math.max(1, slots - 1)) * WIDTH;
    const y = spread === 0 ? (high === 0 ? HEIGHT - 2 : HEIGHT / 2) : HEIGHT - 2 - ((value - low) / spread) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  }).join(' ');
}

export function sparkLine(values: readonly number[], slots: number, label: string): SVGTemplateResult {
  return svg`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" width=${WIDTH} height=${HEIGHT} role="img" aria-label=${label}>
    ${values.length > 1 ? svg`<polyline points=${sparkPoints(values, slots)} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>` : ''}</svg>`;
}
