/**
 * `<time-chart .history .snapshots .range .dark>`: live, held and whole memory over time (uPlot), growth and snapshots marked; as a table for those who
 * want figures. A drag chooses the part of the time that is shown, a double click ends that: both send `set-range`.
 * The right axis is the same memory in pages: both axes belong to one scale.
 */
import { css, html, LitElement, nothing, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import uPlot from 'uplot';
import plotSheet from 'uplot/dist/uPlot.min.css';
import { bytes, count, moment, plural } from '../model/format.ts';
import type { History } from '../model/history.ts';
import type { Entry } from '../model/shelf.ts';
import { colourReader, cssColour } from './colours.ts';
import { wish } from './events.ts';
import { sheet } from './sheet.ts';
import './term-hint.ts';

const PAGE = 65536;
const WINDOWS = [{ label: '30 s', seconds: 30 }, { label: '2 min', seconds: 120 }, { label: 'All', seconds: Infinity }] as const;
const SERIES = [
  { label: 'Live', term: 'live', colour: '--part-live' },
  { label: 'Held by the heap', term: 'held', colour: '--part-magazines' },
  { label: 'Memory', term: 'memory', colour: '--part-static' },
] as const;
/** Distances between marks on the axis of bytes: powers of two, so that they fall on whole pages and mebibytes. */
const STEPS = Array.from({ length: 24 }, (_, index) => 1024 * 2 ** index);
const TABLE_ROWS = 12;

export class TimeChart extends LitElement {
  static override styles = [unsafeCSS(plotSheet), sheet, css`
.plot { height: 260px; margin: 8px 0 4px; }
.u-wrap, .u-over, .u-under { position: absolute; }
.uplot { font-family: var(--sans); position: relative; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend b { font-weight: 600; font-variant-numeric: tabular-nums; }
.key { width: 16px; height: 3px; border-radius: 2px; }
.key.s0 { background: var(--part-live); } .key.s1 { background: var(--part-magazines); } .key.s2 { background: var(--part-static); }
.key.mark { width: 0; height: 14px; border-radius: 0; border-left: 2px dashed var(--part-metadata); }
.key.taken { width: 0; height: 14px; border-radius: 0; border-left: 2px solid var(--accent); }
.u-select { background: var(--accent); opacity: .18; }
.windows button { min-height: 28px; padding: 1px 9px; font-size: 13px; }
`];
  static override properties = { history: { attribute: false }, snapshots: { attribute: false }, range: { attribute: false }, recorded: { type: Number }, dark: { type: Boolean }, span: { state: true }, at: { state: true } };
  declare history: History | undefined;
  /** Changes with each sample: the history itself changes inside. */
  declare recorded: number;
  declare snapshots: readonly Entry[];
  declare range: readonly [number, number] | undefined;
  declare dark: boolean;
  declare span: number;
  declare at: number | undefined;
  #plot: uPlot | undefined;
  #width: ResizeObserver | undefined;

  constructor() {
    super();
    this.recorded = 0;
    this.dark = false;
    this.span = Infinity;
    this.snapshots = [];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#width?.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override render(): TemplateResult {
    const { range } = this;
    const columns = this.#columns();
    const last = columns[0].length - 1;
    const at = this.at === undefined || this.at > last ? last : this.at;
    const value = (index: 1 | 2 | 3): string => bytes(columns[index][at] ?? 0);
    return html`
      <div class="row spread">
        <ul class="legend" aria-label="Series">
          ${SERIES.map(({ label, term }, index) => html`<li><span class="key s${index}" aria-hidden="true"></span>
            <term-hint term=${term}>${label}</term-hint> <b>${index === 0 ? value(1) : index === 1 ? value(2) : value(3)}</b></li>`)}
          <li><span class="key mark" aria-hidden="true"></span><term-hint term="growth">Growth</term-hint></li>
          ${this.snapshots.length === 0 ? nothing : html`<li><span class="key taken" aria-hidden="true"></span>${plural(this.snapshots.length, 'snapshot')}</li>`}
          <li class="muted number">at ${moment(columns[0][at] ?? 0)}</li>
        </ul>
        <div class="row windows" role="group" aria-label="Time shown">
          ${range === undefined ? nothing : html`<button aria-pressed="true" title="Show all of the time again" @click=${() => wish(this, 'set-range', undefined)}>${moment(range[0])} – ${moment(range[1])} ×</button>`}
          ${WINDOWS.map(({ label, seconds }) => html`<button aria-pressed=${range === undefined && seconds === this.span} @click=${() => this.#show(seconds)}>${label}</button>`)}
        </div>
      </div>
      <div class="plot" role="img" aria-label="Memory over time: ${value(1)} live, ${value(3)} in all at ${moment(columns[0][at] ?? 0)}. The table below has the figures."></div>
      <details><summary>Figures as a table</summary>${this.#table(columns)}</details>`;
  }

  #columns(): [number[], number[], number[], number[]] {
    return this.history?.columns(this.range === undefined ? this.span : Infinity) ?? [[], [], [], []];
  }

  #table(columns: [number[], number[], number[], number[]]): TemplateResult {
    const step = Math.max(1, Math.ceil(columns[0].length / TABLE_ROWS));
    const rows = columns[0].map((_, index) => index).filter((index) => (columns[0].length - 1 - index) % step === 0).reverse();
    return html`<div class="scroll"><table>
      <caption class="visually-hidden">Memory over time, newest first</caption>
      <thead><tr><th scope="col">Time</th><th scope="col" class="number">Live</th><th scope="col" class="number">Held</th>
        <th scope="col" class="number">Memory</th><th scope="col" class="number">Pages</th></tr></thead>
      <tbody>${rows.map((index) => html`<tr><td>${moment(columns[0][index] ?? 0)}</td>
        <td class="number">${bytes(columns[1][index] ?? 0)}</td><td class="number">${bytes(columns[2][index] ?? 0)}</td>
        <td class="number">${bytes(columns[3][index] ?? 0)}</td><td class="number">${count((columns[3][index] ?? 0) / PAGE)}</td></tr>`)}</tbody>
    </table></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    const place = this.renderRoot.querySelector('.plot');
    if (!(place instanceof HTMLElement)) return;
    if (changed.has('dark') && this.#plot !== undefined) {
      this.#plot.destroy();
      this.#plot = undefined;
    }
    if (this.#plot === undefined) {
      if (place.clientWidth === 0) return this.#whenWide(place);
      this.#plot = new uPlot(this.#options(place), this.#columns(), place);
      this.#whenWide(place);
    } else if (changed.has('recorded') || changed.has('span') || changed.has('history') || changed.has('range') || changed.has('snapshots')) {
      this.#plot.setData(this.#columns());
    }
  }

  /** The chart is as wide as its place, whenever that changes; a hidden place has no width yet. */
  #whenWide(place: HTMLElement): void {
    this.#width ??= new ResizeObserver(() => {
      if (place.clientWidth === 0) return;
      if (this.#plot === undefined) this.requestUpdate();
      else this.#plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    });
    this.#width.observe(place);
  }

  #options(place: HTMLElement): uPlot.Options {
    const read = colourReader(this.renderRoot);
    const colour = (property: string, opacity = 1): string => cssColour(read(property), opacity);
    const grid = { stroke: colour('--line'), width: 1 };
    const text = { stroke: colour('--muted'), font: '12px system-ui, sans-serif', grid, ticks: { show: false } };
    const narrow = place.clientWidth < 480;
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    return {
      width: place.clientWidth,
      height: place.clientHeight,
      padding: [10, narrow ? 8 : 0, 0, 0],
      legend: { show: false },
      // A double click is ours: uPlot's own would show other times than the state says.
      cursor: { drag: { x: true, y: false, setScale: false, dist: 6 }, points: { size: 7 }, bind: { dblclick: () => () => (wish(this, 'set-range', undefined), null) } },
      hooks: {
        setCursor: [(plot) => { this.at = plot.cursor.idx ?? undefined; }],
        setSelect: [(plot) => this.#select(plot)],
        drawClear: [(plot) => this.#drawMarks(plot, colour('--part-metadata', 0.85), colour('--accent'))],
      },
      scales: {
        x: { time: false, range: (_plot, low, high) => this.range === undefined ? [low, Math.max(high, low + 5)] : [...this.range] },
        y: { range: (_plot, _low, high) => [0, Math.max(high * 1.08, PAGE)] },
        pages: { from: 'y', range: (_plot, low, high) => [low / PAGE, high / PAGE] },
      },
      axes: [
        { ...text, values: (_plot, values) => values.map((value) => moment(value).replace(/\.0$/, '')), space: 70, size: 34 },
        { ...text, incrs: STEPS, values: (_plot, values) => values.map((value) => bytes(value)), size: 66 },
        { ...text, show: !narrow, scale: 'pages', side: 1, grid: { show: false }, values: (_plot, values) => values.map((value) => `${count(value)} p.`), size: 60, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      ],
      series: [
        {},
        { label: 'Live', stroke: colour('--part-live'), width: 2, fill: colour('--part-live', 0.16), points: { show: false } },
        { label: 'Held', stroke: colour('--part-magazines'), width: 1.5, points: { show: false } },
        { label: 'Memory', stroke: colour('--part-static'), width: 2, points: { show: false }, ...(stepped === undefined ? {} : { paths: stepped }) },
      ],
    };
  }

  #show(seconds: number): void {
    this.span = seconds;
    if (this.range !== undefined) wish(this, 'set-range', undefined);
  }

  /** What was dragged over becomes the time that is shown. */
  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6) return;
    const range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')] as const;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    wish(this, 'set-range', range);
  }

  #drawMarks(plot: uPlot, growth: string, snapshot: string): void {
    this.#drawLines(plot, growth, [3, 3], (this.history?.growths ?? []).map(({ time }) => time));
    this.#drawLines(plot, snapshot, [], this.snapshots.flatMap(({ time }) => time === undefined ? [] : [time]));
  }

  #drawLines(plot: uPlot, stroke: string, dashes: readonly number[], times: readonly number[]): void {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = stroke;
    ctx.lineWidth = ratio;
    ctx.setLineDash(dashes.map((dash) => dash * ratio));
    for (const time of times) {
      const x = Math.round(plot.valToPos(time, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}

customElements.define('time-chart', TimeChart);
