/** How many places in slabs are free, as a bar with the red line at 1/8. Relies on nothing but Lit; says nothing: the figure stands beside it. */
import { css, svg, type SVGTemplateResult } from 'lit';
import { isOver } from '../model/object-rows.ts';
import { RED_LINE } from '../model/objects.ts';
import type { ObjectCacheRow } from '../model/records.ts';

export const meterSheet = css`
.meter { width: 64px; height: 10px; vertical-align: -1px; border-radius: 3px; background: var(--part-slab-free); }
.meter rect { fill: var(--part-static); } .meter.over rect { fill: var(--bad); }
.meter line { stroke: var(--text); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
`;

export function fragmentationMeter(row: ObjectCacheRow): SVGTemplateResult {
  const line = 100 * RED_LINE;
  return svg`<svg class="meter ${isOver(row) ? 'over' : ''}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width=${100 * row.fragmentation} height="10"></rect><line x1=${line} x2=${line} y1="0" y2="10"></line></svg>`;
}
