/** Claim, for the compiler alone: what the entries export is what their declarations say. */
import type * as agent from './agent.ts';
import type * as element from './element.ts';
import type * as guarding from './guard.ts';
import type * as node from './node.ts';
import type * as opening from './open.ts';
import type * as saidOfAgent from './types/agent.d.ts';
import type * as saidOfElement from './types/element.d.ts';
import type * as saidOfGuarding from './types/guard.d.ts';
import type * as saidOfNode from './types/node.d.ts';
import type * as saidOfOpening from './types/open.d.ts';

type Is<Made extends Said, Said> = [Made, Said];
type Public<Class extends abstract new (...words: never[]) => unknown> = Pick<InstanceType<Class>, keyof InstanceType<Class>>;

export type Agent = Is<typeof agent, typeof saidOfAgent>;
export type Element = Is<Public<typeof element.HeapInspector>, Public<typeof saidOfElement.HeapInspector>>;
export type Guarding = Is<typeof guarding, typeof saidOfGuarding>;
export type Node = Is<typeof node, typeof saidOfNode>;
export type Opening = Is<typeof opening, typeof saidOfOpening>;
