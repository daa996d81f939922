// The program, in a worker. `serve` answers an inspector that asks through this worker's own port.
import { serve } from 'flagstone/agent';
import init, { Notes } from '../notes/pkg/flagstone_notes.js';

const exports = await init();
const notes = new Notes();
serve({ memory: exports.memory, root: exports.__flagstone_root, roots: () => [notes.__wbg_ptr] });

addEventListener('message', ({ data }) => {
  // Messages of the inspector have a field `flagstone`.
  if (data.add !== undefined) notes.add(data.add, 100);
  else if (data.thin !== undefined) notes.thin(data.thin);
  else return;
  postMessage({ count: notes.count });
});
postMessage({ count: notes.count });
