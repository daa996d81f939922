/** All exports in one place, for programs without a page: read a heap with `recordsOfHeap`, or a document with `recordsOf`, and write `FORMATS` or `tablesOf` it. */
export { collapsed } from './collapsed.ts';
export { csv, json, type Cell, type Table } from './csv.ts';
export { dhat } from './dhat.ts';
export { documentOf, recordsOf } from './document.ts';
export { fileName, FORMATS, formatsOf, sourceOf, tableFormat, type Content, type Format, type Source } from './formats.ts';
export { heapProfile } from './heap-profile.ts';
export { heapSnapshot } from './heap-snapshot.ts';
export { treeOf, type HeapNode, type HeapTree } from './heap-tree.ts';
export { gzipped, pprof } from './pprof.ts';
export { peakOf, profileOf, type Measure, type Namer, type Place, type Profile, type Reading, type Records, type Stack } from './profile.ts';
export { recordsOfHeap } from './reading.ts';
export { speedscope } from './speedscope.ts';
export { tablesOf } from './tables.ts';
export { traceEvents } from './trace-events.ts';
