// A program of this page. `offer` is all that the inspector needs: `?heap-inspector` in the address, `flagstone.open()` in the console, or a button.
import { offer } from 'flagstone/open';
import init, { Notes } from '../notes/pkg/flagstone_notes.js';

const exports = await init();
const notes = new Notes();
const opener = offer(exports, { roots: () => [notes.__wbg_ptr] });

const show = () => { document.getElementById('count').textContent = `${notes.count.toLocaleString('en-US')} notes`; };
document.getElementById('add').addEventListener('click', () => { notes.add(50_000, 100); show(); });
document.getElementById('thin').addEventListener('click', () => { notes.thin(10); show(); });
document.getElementById('inspect').addEventListener('click', () => opener.open());
show();
