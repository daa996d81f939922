/**
 * A package in the place of the generated one: its engine reads a heap that is made up. Page tests serve it as `flagstone.js`; the heap is there as
 * `fakeHeap` of the window, who knows names as `fakeSymbols`, so that a test can change what it says.
 */
import type { Heap } from '../model/records.ts';
import { SymbolStore } from '../symbols.ts';
import { ENTRIES, openFake, REPORT } from './fake-audit.ts';
import { FakeHeap } from './fake-engine.ts';
import { OBJECTS } from './fake-objects.ts';

declare global {
  interface Window {
    fakeHeap: FakeHeap | undefined;
    fakeSymbols: SymbolStore | undefined;
  }
}

export default function start(): Promise<void> {
  return Promise.resolve();
}

export function attach(): Heap {
  const heap = new FakeHeap();
  heap.work(2_000_000);
  heap.objects = OBJECTS;
  heap.report = REPORT;
  heap.entries = ENTRIES;
  window.fakeHeap = heap;
  window.fakeSymbols = new SymbolStore(() => Promise.resolve(new ArrayBuffer(0)), undefined, () => Promise.resolve(openFake));
  return heap;
}
