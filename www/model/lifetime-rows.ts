/** Lifetimes as their table shows them: columns, orders, names and words. Pure; relies on the lifetimes, the formats and the names of sites. */
import type { LifeKey, LifeOrder } from './diagnosis.ts';
import { bytes, count, plural, share } from './format.ts';
import { TEMPORARY, type Lifetimes, type SiteLives } from './lifetimes.ts';
import type { Site } from './site-names.ts';
import { operations } from './site-rows.ts';

export interface LifeColumn {
  key: LifeKey;
  label: string;
  says: string;
}

export const LIFE_COLUMNS: readonly LifeColumn[] = [
  { key: 'name', label: 'Function', says: 'The innermost function of the program’s own that asked for the objects.' },
  { key: 'back', label: 'Given back', says: 'Objects whose request and whose free are both in the log.' },
  { key: 'held', label: 'Still held', says: 'Objects whose request is in the log, and that were not given back yet.' },
  { key: 'median', label: 'Median life', says: 'Half of the objects that were given back lived no longer. An operation is one call that is on record.' },
  { key: 'temporaryBytes', label: 'Temporary', says: `Bytes of objects that were given back within ${TEMPORARY} operations: what could be made once and used again, lie on the stack, or be asked for at once.` },
  { key: 'share', label: 'Of its bytes', says: 'How much of all the bytes that were asked for here, as far as the log reaches back, was temporary.' },
];

/** A row with its name. */
export interface NamedLives {
  lives: SiteLives;
  name: string;
  place: string;
  /** Whether the site is on record, so that it can be looked at. */
  known: boolean;
}

export function namedLives(all: readonly SiteLives[], sites: readonly Site[]): NamedLives[] {
  const byId = new Map(sites.map((site) => [site.row.id, site]));
  return all.map((lives) => {
    const site = byId.get(lives.site);
    return { lives, name: site?.name ?? (lives.site === 0 ? 'no call site on record' : `site ${count(lives.site)}`), place: site?.place ?? '', known: site !== undefined };
  });
}

/** Sorted copy; what is equal stays in the order of the temporary bytes. A median or a share of nothing comes last. */
export function livesInOrder(rows: readonly NamedLives[], { key, descending }: LifeOrder): NamedLives[] {
  const sign = descending ? -1 : 1;
  const value = ({ lives }: NamedLives): number => key === 'share' ? temporaryShare(lives) : key === 'name' ? 0 : lives[key];
  const none = ({ lives }: NamedLives): number => Number(key === 'median' && lives.back === 0);
  return [...rows].sort((a, b) => none(a) - none(b) || sign * (key === 'name' ? a.name.localeCompare(b.name, 'en', { numeric: true }) : value(a) - value(b)));
}

/** The order that a column begins with. */
export function lifeOrderBy(key: LifeKey): LifeOrder {
  return { key, descending: key !== 'name' };
}

export function lifeOrderTurned(order: LifeOrder, key: LifeKey): LifeOrder {
  return order.key === key ? { key, descending: !order.descending } : lifeOrderBy(key);
}

function temporaryShare({ temporaryBytes, bytes: all }: SiteLives): number {
  return all === 0 ? 0 : temporaryBytes / all;
}

/** What a cell says. */
export function lifeWords(lives: SiteLives, key: Exclude<LifeKey, 'name'>): string {
  switch (key) {
    case 'back': return count(lives.back);
    case 'held': return count(lives.held);
    case 'median': return lives.back === 0 ? '–' : operations(lives.median);
    case 'temporaryBytes': return bytes(lives.temporaryBytes);
    case 'share': return share(lives.temporaryBytes, lives.bytes);
  }
}

/** What the figures are based on: `12,345 calls in the log, the last 40,000 operations.` */
export function basedOn({ calls, span, unread, lost }: Pick<Lifetimes, 'calls' | 'span' | 'unread' | 'lost'>): string {
  const older = unread + lost;
  return `Based on ${plural(calls, 'call')} in the log, the last ${plural(span, 'operation')}${older === 0 ? '' : `; ${plural(older, 'older one')} ${older === 1 ? 'is' : 'are'} not`}.`;
}

/** Which objects have no part in the figures; nothing where all have one. */
export function apartWords({ unmade, unended }: Pick<Lifetimes, 'unmade' | 'unended'>): string {
  if (unmade + unended === 0) return '';
  const parts = [unmade === 0 ? '' : `${plural(unmade, 'object')} whose request is not in the log`, unended === 0 ? '' : `${plural(unended, 'object')} whose free is not`];
  return `No lifetime is known of ${parts.filter((part) => part !== '').join(', and of ')}. Lives are those of objects that came and went within the log: what lives longer has no part in them.`;
}
