/** Claim: watchers hear of changes and of nothing else, until they stop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Atom } from './atom.ts';

test('watchers hear each change once, and touches, until they stop', () => {
  const atom = new Atom(1);
  const heard: number[] = [];
  const stop = atom.watch((value) => heard.push(value));
  atom.set(2);
  atom.set(2);
  atom.touch();
  stop();
  atom.set(3);
  assert.deepEqual(heard, [2, 2]);
  assert.equal(atom.value, 3);
});

test('a watcher may stop itself and others may go on', () => {
  const atom = new Atom('a');
  const heard: string[] = [];
  const stop = atom.watch(() => stop());
  atom.watch((value) => heard.push(value));
  atom.set('b');
  assert.deepEqual(heard, ['b']);
});
