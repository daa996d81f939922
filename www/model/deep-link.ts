/**
 * What is looked at as the fragment of an address, so that it can be sent to somebody: view, address, cache, object cache, call site, arena.
 * Pure; relies on the list of views.
 */
import { address as hex, parseAddress } from './format.ts';

/** What is looked at. What is left out is not chosen. Numbers begin at 1. */
export interface Selection {
  view: string;
  address?: number | undefined;
  /** The filter of the table of caches. */
  cache?: string | undefined;
  /** Number of an object cache. */
  object?: number | undefined;
  site?: number | undefined;
}

/** The fragment without `#`; empty where nothing but the first view is looked at. */
export function fragment({ view, address, cache, object, site }: Selection, first: string): string {
  const words = new URLSearchParams();
  if (view !== first) words.set('view', view);
  if (address !== undefined) words.set('address', hex(address));
  if (cache !== undefined && cache !== '') words.set('cache', cache);
  if (object !== undefined) words.set('object', String(object));
  if (site !== undefined) words.set('site', String(site));
  return words.toString();
}

/** Reads a fragment, with or without `#`. What makes no sense in it counts as left out; a view that is none of `views` as the first. */
export function selection(text: string, views: readonly string[]): Selection {
  const words = new URLSearchParams(text.replace(/^#/, ''));
  const number = (name: string): number | undefined => {
    const word = words.get(name) ?? '';
    return /^[1-9][0-9]{0,8}$/.test(word) ? Number(word) : undefined;
  };
  const wanted = words.get('view');
  return {
    view: views.find((view) => view === wanted) ?? views[0] ?? '',
    address: parseAddress(words.get('address') ?? ''),
    cache: words.get('cache') ?? undefined,
    object: number('object'),
    site: number('site'),
  };
}
