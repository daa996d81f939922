/** Claim: the sources keep the project's rules that no compiler checks. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const FOLDERS = ['', 'model/', 'exports/', 'views/', 'demo/', 'package/', 'test/', 'test/page/', 'test/perfetto/', 'test/trunk/'];
const sources = FOLDERS.flatMap((folder) => readdirSync(folder === '' ? '.' : folder).filter((name) => name.endsWith('.ts')).map((name) => folder + name))
  .map((name) => ({ name, text: readFileSync(name, 'utf8') }));
/** Without comments and without what is quoted. */
const bare = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').replace(/'(?:\\.|[^'\\\n])*'/g, "''");

test('there are sources to look at', () => assert.ok(sources.length > 30));

test('each file opens with what it holds and is short', () => {
  for (const { name, text } of sources) {
    assert.match(text, /^\/\*\*/, name);
    assert.ok(text.split('\n').length <= 400, `${name} is too long`);
  }
});

test('no any, and casts only where untyped values come in', () => {
  for (const { name, text } of sources) {
    assert.doesNotMatch(bare(text), /(:|<|\bas) any\b/, name);
    if (name !== 'engine.ts' && name !== 'test/source.test.ts') assert.doesNotMatch(bare(text), /[\w)\]] as (?!const\b)[A-Z{(]/, name);
  }
});

test('nothing that the page’s policy forbids: no style attributes, no markup from strings', () => {
  for (const { name, text } of sources) {
    if (name.startsWith('test/')) continue;
    assert.doesNotMatch(bare(text), /\sstyle=|innerHTML|unsafeHTML|\beval\(|new Function/, name);
  }
});
