/** The program `flagstone`. A reader that ends before it has all, such as `head`, is no fault. */
import { readFileSync } from 'node:fs';
import { run } from './cli.ts';

const { version }: { version: string } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
process.stdout.on('error', (error) => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
});
process.exitCode = run(process.argv.slice(2), version, (line) => process.stdout.write(`${line}\n`), (line) => process.stderr.write(`${line}\n`));
