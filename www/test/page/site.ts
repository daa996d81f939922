/** A small server for pages that a test writes down, with what they import lying in folders, and the headers of a careful host. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** No inline code or style, nothing from elsewhere. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'";
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const TYPES: { readonly [ending: string]: string } = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css' };

export interface Site {
  url: string;
  close(): void;
}

/** Serves `files`, by their paths, and `folders`, by the first part of the path; `isolated` allows shared memory. */
export async function serve(files: { readonly [path: string]: string }, folders: { readonly [name: string]: string }, isolated = false, policy = STRICT): Promise<Site> {
  const server: Server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://here').pathname);
    const [, folder = '', ...rest] = path.split('/');
    const from = folders[folder];
    const content = files[path] ?? (from === undefined ? Promise.reject(new Error('not there')) : readFile(join(from, ...rest)));
    Promise.resolve(content).then(
      (body) => response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': policy, ...(isolated ? ISOLATED : {}) }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port ?? 0}/`, close: () => { server.close(); server.closeAllConnections(); } };
}
