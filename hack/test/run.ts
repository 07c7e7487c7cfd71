/**
 * `make test`: every check in order of cost, each with its time, and at the end
 * one line that counts every test that ran. A failing check does not hide the
 * later cheap ones; the expensive e2e tests run only when all before passed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** A vitest project: its tests are counted. */
  readonly counted?: boolean;
  /** Skipped, and said so, when an earlier check failed. */
  readonly expensive?: boolean;
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['biome', 'check', '.'] },
  { name: 'unused code', command: ['knip'] },
  { name: 'generated CRDs', command: ['tsx', 'hack/generate-crds.ts', '--check'] },
  { name: 'generated docs', command: ['tsx', 'hack/generate-docs.ts', '--check'] },
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit', '--coverage'], counted: true },
  { name: 'lab binaries', command: ['tsx', 'hack/lab/build-binaries.ts'], expensive: true },
  { name: 'e2e tests', command: ['vitest', 'run', '--project', 'e2e'], counted: true, expensive: true },
];

interface Count {
  readonly passed: number;
  readonly failed: number;
}

async function main(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-test-'));
  const failures: string[] = [];
  let total: Count = { passed: 0, failed: 0 };
  try {
    for (const check of CHECKS) {
      if (check.expensive === true && failures.length > 0) {
        console.log(`\n== ${check.name}: not run, because of: ${failures.join(', ')}`);
        continue;
      }
      const report = join(directory, `${check.name.replaceAll(' ', '-')}.json`);
      if (!(await passes(check, report))) failures.push(check.name);
      if (check.counted === true) total = sum(total, await countOf(report));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return failures.length === 0 && total.failed === 0 && total.passed > 0 ? 0 : 1;
}

async function passes(check: Check, report: string): Promise<boolean> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  console.log(`\n== ${check.name}`);
  const started = performance.now();
  const code = await run([...check.command, ...(check.counted === true ? reporters : [])]);
  const took = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`== ${check.name}: ${code === 0 ? 'ok' : `FAILED (exit ${code})`} in ${took} s`);
  return code === 0;
}

function run([program = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(join('node_modules', '.bin', program), args, {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** A report that is missing counts as one failed test: a runner that died must not look like success. */
async function countOf(report: string): Promise<Count> {
  const text = await readFile(report, 'utf8').catch((error: unknown) => {
    console.log(`no test report: ${String(error)}`);
    return '{"numPassedTests":0,"numFailedTests":1}';
  });
  const { numPassedTests, numFailedTests } = JSON.parse(text);
  return { passed: Number(numPassedTests), failed: Number(numFailedTests) };
}

const sum = (a: Count, b: Count): Count => ({ passed: a.passed + b.passed, failed: a.failed + b.failed });

process.exitCode = await main();
