/** Claim: symbols are read once and late, frames are kept, and whatever fails there are still frames and a sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SymbolStore, type Frame, type Open } from './symbols.ts';

/** A module whose bytes are 1, and a debug file whose bytes are 2; others are refused. */
class Fake {
  loads = 0;
  fetches = 0;
  asked: number[][] = [];
  hasNames = true;
  trap = false;
  damage: string[] = [];

  readonly load = async (): Promise<Open> => {
    this.loads += 1;
    return (bytes) => {
      if (bytes[0] === 0) throw new Error('The file is no WebAssembly module.');
      return new FakeSymbols(this, bytes[0] === 2);
    };
  };

  readonly fetch = async (): Promise<ArrayBuffer> => {
    this.fetches += 1;
    return Uint8Array.of(1).buffer;
  };

  store(): SymbolStore {
    return new SymbolStore(this.fetch, { name: 'shipped.wasm', fetch: async () => Uint8Array.of(2).buffer }, this.load);
  }
}

class FakeSymbols {
  readonly #fake: Fake;
  hasLines: boolean;

  constructor(fake: Fake, lines: boolean) {
    this.#fake = fake;
    this.hasLines = lines;
  }

  get hasNames(): boolean {
    return this.#fake.hasNames;
  }

  get damage(): string[] {
    return this.#fake.damage;
  }

  addDebug(bytes: Uint8Array): void {
    if (bytes[0] !== 2) throw new Error('The file is of another build.');
    this.hasLines = true;
  }

  resolve(offsets: Uint32Array): Frame[][] {
    if (this.#fake.trap) throw new WebAssembly.RuntimeError('unreachable');
    this.#fake.asked.push([...offsets]);
    return [...offsets].map((offset) => [{ function: `f${offset}`, file: this.hasLines ? 'a.rs' : undefined, line: undefined, column: undefined, inlined: false }]);
  }
}

const file = (byte: number): File => new File([Uint8Array.of(byte)], 'chosen.wasm');
const shown = (frames: Map<number, Frame[]>): string[] => [...frames].map(([offset, [first]]) => `${offset} ${first?.function} ${first?.file ?? '-'}`);

test('nothing is loaded before the first look-up, then once for all', async () => {
  const fake = new Fake();
  const store = fake.store();
  assert.equal(store.state, 'none');
  assert.deepEqual([fake.loads, fake.fetches], [0, 0]);
  const both = Promise.all([store.resolve([1, 2]), store.resolve([2, 3])]);
  assert.equal(store.state, 'loading');
  const [first, second] = await both;
  assert.deepEqual(shown(first), ['1 f1 -', '2 f2 -']);
  assert.deepEqual(shown(second), ['2 f2 -', '3 f3 -']);
  assert.deepEqual([fake.loads, fake.fetches], [1, 1]);
  assert.deepEqual([store.state, store.sentence], ['names', 'Names from the module.']);
});

test('an offset is asked for once, in one batch with others', async () => {
  const fake = new Fake();
  const store = fake.store();
  const first = await store.resolve([5, 5, 6]);
  const again = await store.resolve(new Set([6, 7, 5]));
  assert.deepEqual(fake.asked, [[5, 6], [7]]);
  assert.equal(first.get(5), again.get(5), 'the same array');
  assert.deepEqual(shown(await store.resolve([])), []);
});

test('a debug file adds lines, and watchers hear that frames have more to say', async () => {
  const fake = new Fake();
  const store = fake.store();
  await store.resolve([5]);
  let heard = 0;
  const stop = store.watch(() => {
    heard += 1;
  });
  assert.equal(store.offered, 'shipped.wasm');
  await store.addFile(file(2));
  assert.ok(heard > 0);
  assert.deepEqual([store.state, store.sentence, store.trouble, store.offered], ['lines', 'File and line from chosen.wasm.', '', undefined]);
  assert.deepEqual(shown(await store.resolve([5])), ['5 f5 a.rs']);
  stop();
  heard = 0;
  await store.addFile(file(3));
  assert.equal(heard, 0);
});

test('the debug file beside the module needs no choice', async () => {
  const store = new Fake().store();
  await store.addShipped();
  assert.deepEqual([store.state, store.sentence], ['lines', 'File and line from shipped.wasm.']);
  const without = new SymbolStore(new Fake().fetch, undefined, new Fake().load);
  await without.addShipped();
  assert.deepEqual([without.state, without.offered], ['none', undefined]);
});

test('a file that does not fit changes nothing but the trouble', async () => {
  const fake = new Fake();
  const store = fake.store();
  await store.resolve([5]);
  await store.addFile(file(9));
  assert.deepEqual([store.state, store.trouble], ['names', 'chosen.wasm was not taken. The file is of another build.']);
  assert.deepEqual(shown(await store.resolve([5])), ['5 f5 -']);
  await store.addFile(file(2));
  assert.deepEqual([store.state, store.trouble], ['lines', '']);
});

test('a module without names, and a damaged one, say so', async () => {
  const fake = new Fake();
  fake.hasNames = false;
  fake.damage = ['The file is damaged: names end too early.'];
  const store = fake.store();
  await store.resolve([5]);
  assert.equal(store.state, 'none');
  assert.equal(store.sentence, 'The module has no names, so functions are called by their numbers. The file is damaged: names end too early.');
});

test('without the module there are frames by offset, until a file takes its place', async () => {
  const fake = new Fake();
  const store = new SymbolStore(() => Promise.reject(new Error('The module could not be fetched (status 404).')), undefined, fake.load);
  assert.deepEqual(shown(await store.resolve([0x8f8])), ['2296 module+0x8f8 -']);
  assert.deepEqual([store.state, store.sentence], ['failed', 'The module could not be fetched (status 404).']);
  await store.addFile(file(0));
  assert.deepEqual([store.state, store.trouble], ['failed', 'chosen.wasm was not taken. The file is no WebAssembly module.']);
  await store.addFile(file(2));
  assert.equal(store.sentence, 'File and line from chosen.wasm, which could not be compared with the module that ran.');
  assert.deepEqual(shown(await store.resolve([0x8f8])), ['2296 f2296 a.rs']);
});

test('a reader that fails in the middle leaves frames by offset', async () => {
  const fake = new Fake();
  const store = fake.store();
  await store.resolve([1]);
  fake.trap = true;
  assert.deepEqual(shown(await store.resolve([1, 2])), ['1 f1 -', '2 module+0x2 -']);
  assert.deepEqual([store.state, store.sentence], ['failed', 'The reader of symbols failed. unreachable']);
});
