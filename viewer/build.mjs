// Bundles the viewer: one script, one style sheet, names that never change. `--tests` bundles the tests for node instead.
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url).pathname;
const common = { absWorkingDir: here, bundle: true, charset: 'utf8', logLevel: 'warning', legalComments: 'none' };

if (process.argv.includes('--tests')) {
  const entries = readdirSync(new URL('tests', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
  await build({
    ...common,
    entryPoints: entries.map((name) => `tests/${name}`),
    outdir: '.tests',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
  });
} else {
  const at = process.argv.indexOf('--out');
  await build({
    ...common,
    entryPoints: { viewer: 'src/main.ts' },
    outdir: at > 0 ? process.argv[at + 1] : '../src/scanward/portal/static/viewer',
    format: 'iife',
    target: ['es2022'],
    minify: true,
  });
}
