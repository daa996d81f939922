// Trunk's script says when the program has started, and with what exports: this one stands before it, and waits for nothing itself.
// `?heap-inspector` in the address opens the inspector on the program.
addEventListener('TrunkApplicationStarted', async ({ detail }) => {
  const { offer } = await import('./flagstone/element/open.js');
  offer(detail.wasm);
});
