// The page has no program: that runs in the worker, and so does what hands its memory over. The inspector comes when it is asked for.
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.addEventListener('message', ({ data }) => {
  if (data.count !== undefined) document.getElementById('count').textContent = `${data.count.toLocaleString('en-US')} notes`;
});
document.getElementById('add').addEventListener('click', () => worker.postMessage({ add: 50_000 }));
document.getElementById('thin').addEventListener('click', () => worker.postMessage({ thin: 10 }));
document.getElementById('inspect').addEventListener('click', async () => {
  await import('flagstone/element');
  const inspector = document.createElement('heap-inspector');
  inspector.mode = 'panel';
  document.body.append(inspector);
  await inspector.attach(worker);
});
