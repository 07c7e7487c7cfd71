/**
 * `make test`: every check in order of cost, each with its time, and at the end
 * one line that counts every test that ran. A failing check does not hide the
 * later cheap ones; the expensive e2e tests run only when all before passed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';

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
  // With all cores to themselves.
  {
    name: 'timed e2e tests',
    command: ['vitest', 'run', '--project', 'e2e-timed'],
    counted: true,
    expensive: true,
  },
];

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What failed and how, a few lines each. */
  readonly failures: readonly string[];
}

/** As the test runner writes it, as far as it is read here. */
const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});
type Report = z.infer<typeof reportSchema>;
/** Of a failure's message, which may hold whole objects. */
const SHOWN = 2000;

async function main(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-test-'));
  const failures: string[] = [];
  let total: Count = { passed: 0, failed: 0, failures: [] };
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
  // Last, where they are found even when only the end of the output is kept.
  for (const failure of total.failures) console.log(`\nFAILED ${failure}`);
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
async function countOf(path: string): Promise<Count> {
  try {
    const report = reportSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const { numPassedTests, numFailedTests } = report;
    return { passed: numPassedTests, failed: numFailedTests, failures: failuresIn(report) };
  } catch (error) {
    return { passed: 0, failed: 1, failures: [`to leave a test report: ${String(error)}`] };
  }
}

/** A file may fail without any of its tests: in a hook, or while it is read. */
function failuresIn({ testResults }: Report): readonly string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((result) => result.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`${file}\n${message.slice(0, SHOWN)}`] : [];
    return failed.map(
      ({ fullName, failureMessages }) =>
        `${file} > ${fullName}\n${failureMessages.join('\n').slice(0, SHOWN)}`,
    );
  });
}

const sum = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  failures: [...a.failures, ...b.failures],
});

process.exitCode = await main();
