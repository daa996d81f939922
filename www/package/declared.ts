/** Claim, for the compiler alone: what the entries export is what their declarations say. */
import type * as saidOfNode from './types/node.d.ts';
import type * as node from './node.ts';

type Is<Made extends Said, Said> = [Made, Said];
export type Node = Is<typeof node, typeof saidOfNode>;
