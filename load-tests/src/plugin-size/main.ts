// Prints how large the plugin is, and what each of its modules adds.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from './build-plugin.ts';
import { gzipBytes, moduleSizes } from './sizes.ts';

const folder = await mkdtemp(join(tmpdir(), 'nearcast-size-'));
try {
  await buildPlugin(folder);
  const code = await readFile(join(folder, 'nearcast.js'), 'utf8');
  const map = JSON.parse(await readFile(join(folder, 'nearcast.js.map'), 'utf8'));
  const row = (gzip: number | string, bytes: number | string, name: string) =>
    process.stdout.write(`${String(gzip).padStart(8)} ${String(bytes).padStart(8)}  ${name}\n`);
  row('gzip', 'bytes', 'module');
  for (const size of moduleSizes(code, map)) row(size.gzipBytes, size.bytes, size.module);
  for (const name of ['nearcast.js', 'index.js']) {
    const bytes = await readFile(join(folder, name));
    row(gzipBytes(bytes), bytes.length, name);
  }
} finally {
  await rm(folder, { recursive: true });
}
