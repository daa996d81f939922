/** Claim: `go tool pprof` reads what we write, and its total is what the inspector shows. Skipped by name where Go is not installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipped, pprof } from '../exports/pprof.ts';
import { profileOf, type Records } from '../exports/profile.ts';
import { MISCHIEF, PLAIN, WHOLE } from './fake-records.ts';

const skip = spawnSync('go', ['version']).status === 0 ? false : 'go is not installed (go tool pprof)';
const folder = mkdtempSync(join(tmpdir(), 'flagstone-pprof-'));
after(() => rmSync(folder, { recursive: true }));

async function pprofSays(records: Records, ...options: readonly string[]): Promise<string> {
  const path = join(folder, 'heap.pb.gz');
  writeFileSync(path, await gzipped(pprof(profileOf(records))));
  const ran = spawnSync('go', ['tool', 'pprof', ...options, path], { encoding: 'utf8', env: { ...process.env, HOME: folder, TZ: 'UTC' } });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout;
}

test('what is live, by function and line', { skip }, async () => {
  const text = await pprofSays(WHOLE, '-top', '-lines', '-unit=b');
  assert.match(text, /^Type: inuse_space$/m);
  assert.match(text, /of 12000000B total$/m);
  assert.match(text, /^ *6291456B 52\.43% .* demo::csv::Column::push src\/csv\.rs:88$/m);
  assert.match(text, /^ *1952512B 16\.27% .* not sampled$/m);
  assert.match(text, /demo::index::Index::add src\/index\.rs:52 \(inline\)$/m);
});

test('what was asked for, the peak, and the tags', { skip }, async () => {
  assert.match(await pprofSays(WHOLE, '-top', '-sample_index=inuse_objects'), /of 80000 total$/m);
  assert.match(await pprofSays(WHOLE, '-top', '-unit=b', '-sample_index=peak_space'), /of 15000000B total$/m);
  assert.match(await pprofSays(WHOLE, '-top', '-unit=b', '-sample_index=alloc_space'), new RegExp(`of ${profileOf(WHOLE).total.bytes}B total`));
  assert.match(await pprofSays(WHOLE, '-tags', '-unit=b'), /6291456\.0B \(70\.43%\): import › csv/);
});

test('a build without diagnosis, and names of mischief', { skip }, async () => {
  assert.match(await pprofSays(PLAIN, '-top', '-unit=b'), /of 80512B total$/m);
  assert.match(await pprofSays(MISCHIEF, '-top', '-unit=b'), /of 12000000B total$/m);
});
