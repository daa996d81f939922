// What a job of CI does: runs a flow of the program twice, and fails where the second time leaves something behind or the memory is too large.
import { readFile } from 'node:fs/promises';
import { copy, diff, report, text } from 'flagstone/node';
import init, { Notes } from '../notes/pkg/flagstone_notes.js';

const app = await init({ module_or_path: await readFile(new URL('../notes/pkg/flagstone_notes_bg.wasm', import.meta.url)) });
/** With the word `leak` the flow forgets its notes. */
const forgets = process.argv.includes('leak');
const held = new Set();

function flow() {
  const notes = new Notes();
  held.add(notes);
  notes.add(10_000, 100);
  notes.thin(10);
  if (!forgets) {
    notes.free();
    held.delete(notes);
  }
}

flow();
const before = copy(app);
flow();
const grown = diff(before, app, { assert: 'max-page-growth=0,max-object-growth=0' });
const now = report(app, { top: 3, roots: [...held].map((notes) => notes.__wbg_ptr), assert: 'max-pages=64,no-leaks,ok' });
console.log(text(grown));
console.log(text(now));
process.exitCode = grown.ok && now.ok ? 0 : 1;
