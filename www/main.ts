/** The start of the page: loads engine and demo and mounts the inspector on them. */
import { DemoPanel } from './demo/demo-panel.ts';
import { DEBUG_FILE, fetchModule, loadDemo } from './demo/demo.ts';
import { loadEngine } from './engine.ts';
import { mount } from './shell.ts';
import { SymbolStore } from './symbols.ts';
import { InspectorApp } from './views/inspector-app.ts';

const app = document.querySelector('inspector-app');
const panel = document.querySelector('demo-panel');
if (!(app instanceof InspectorApp) || !(panel instanceof DemoPanel)) {
  throw new Error('The page lacks its <inspector-app> or <demo-panel>.');
}
await mount(app, panel, loadEngine(), loadDemo(), new SymbolStore(fetchModule, DEBUG_FILE));
