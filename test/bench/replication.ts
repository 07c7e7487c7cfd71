/**
 * `make bench-replication`: Velero and the native engine side by side, on the
 * same clusters and the same S3 server, in turns; what a cycle without a change
 * costs; the memory of the engine. Prints tables, writes the findings and a
 * chart, and ends with 1 when a promise was missed.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { HEAP } from '../../hack/harness/operator.ts';
import { startLab } from '../../hack/lab/lab.ts';
import { chart } from './replication-chart.ts';
import { measureClaims } from './replication-claims.ts';
import { measureIdle } from './replication-idle.ts';
import type { MemoryTask } from './replication-memory.ts';
import {
  type Findings,
  judge,
  type Machine,
  type Memory,
  tables,
  WAYS,
  type Way,
} from './replication-report.ts';
import { type Measured, measureRound } from './replication-rounds.ts';
import { loadSource, prepareWorld, type World } from './replication-world.ts';

const USAGE = `node --import tsx test/bench/replication.ts [options]
  --sizes 200,2000   objects of each load, multiples of 8
  --large            10,000 objects too, one round: Velero needs minutes for each
  --rounds 3         of each size
  --claims 10,100    claims of each load with data, measured last; 0 leaves them out
  --memory 10000     objects for the measurement of memory; 0 leaves it out
  --out docs/figures where replication.json and replication.svg are written`;
const LARGE = 10_000;
/** Code, connections and caches are not what is measured. */
const WARM_UP = 80;

interface Options {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly claims: readonly number[];
  readonly memory: number;
  readonly out: string;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sizes: { type: 'string', default: '200,2000' },
      large: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      claims: { type: 'string', default: '10,100' },
      memory: { type: 'string', default: '10000' },
      out: { type: 'string', default: 'docs/figures' },
    },
  });
  const count = (name: string, text: string): number => {
    if (/^\d+$/.test(text)) return Number(text);
    throw new Error(`--${name}: "${text}" is not a whole number\n${USAGE}`);
  };
  const counts = (name: string, text: string): readonly number[] =>
    text.split(',').map((one) => count(name, one));
  const sizes = counts('sizes', values.sizes);
  return {
    sizes: values.large ? [...sizes, LARGE] : sizes,
    rounds: Math.max(count('rounds', values.rounds), 1),
    claims: counts('claims', values.claims).filter((claims) => claims > 0),
    memory: count('memory', values.memory),
    out: values.out,
  };
}

/** Never the same twice: a lab that is attached remembers earlier runs. */
const run = Date.now().toString(36);

/** @param keep is given what is known so far, whenever there is more */
async function measure(
  world: World,
  options: Options,
  keep: (findings: Findings) => void,
): Promise<Findings> {
  let findings = begin();
  await loadSource(world, `warm-${run}`, WARM_UP);
  await measureRound({
    world,
    namespace: `warm-${run}`,
    objects: WARM_UP,
    name: `w-${run}`,
    veleroFirst: true,
  });
  for (const objects of options.sizes) {
    findings = await measureSize(world, objects, objects >= LARGE ? 1 : options.rounds, findings);
    keep(findings);
  }
  if (options.memory > 0) findings = { ...findings, memory: await measureMemory(world, options.memory) };
  keep(findings);
  if (options.claims.length === 0) return ended(findings);
  const { claims: sizes, rounds } = options;
  const progress = (line: string) => console.log(line);
  return { ...ended(findings), claims: await measureClaims(world, { sizes, rounds, run, progress }) };
}

const now = (): string => new Date().toISOString();
const ended = (findings: Findings): Findings => ({ ...findings, finishedAt: now() });
const begin = (): Findings => ({
  startedAt: now(),
  finishedAt: now(),
  machine: machine(),
  load: [],
  timings: [],
  idle: [],
  archives: [],
});

async function measureSize(
  world: World,
  objects: number,
  rounds: number,
  before: Findings,
): Promise<Findings> {
  const namespace = `load-${run}-${objects}`;
  await loadSource(world, namespace, objects);
  const load: number[] = [];
  const results: Measured[] = [];
  for (let number = 0; number < rounds; number += 1) {
    load.push(loadavg()[0] ?? Number.NaN);
    const name = `r${number}-${run}-${objects}`;
    const round = await measureRound({ world, namespace, objects, name, veleroFirst: number % 2 === 0 });
    console.log(`${objects} objects, round ${number + 1}: ${described(round.seconds)}`);
    results.push(round);
  }
  const timings = WAYS.map((way) => ({
    objects,
    way,
    seconds: results.map((result) => rounded(result.seconds.get(way) ?? Number.NaN)),
  }));
  const idle = await measureIdle(world, namespace, objects);
  return ended({
    ...before,
    load: [...before.load, ...load],
    timings: [...before.timings, ...timings],
    idle: [...before.idle, idle],
    archives: [
      ...before.archives,
      { objects, bytes: Math.max(...results.map((result) => result.archiveBytes)) },
    ],
  });
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
const described = (round: ReadonlyMap<Way, number>): string =>
  [...round].map(([way, seconds]) => `${way} ${seconds.toFixed(2)} s`).join(', ');

/** In a process of its own, so that nothing of this one counts. */
async function measureMemory(world: World, objects: number): Promise<Memory> {
  const namespace = `memory-${run}`;
  await loadSource(world, namespace, objects);
  const { endpoint, region, accessKeyId, secretAccessKey } = world.velero.s3;
  const task: MemoryTask = {
    sourceKubeconfig: await world.lab.source.linkedKubeconfig(),
    recoveryKubeconfig: await world.lab.recovery.linkedKubeconfig(),
    s3: { endpoint, region, accessKeyId, secretAccessKey },
    namespace,
  };
  const root = join(import.meta.dirname, '..', '..');
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(compiler, ['-p', join(root, 'test/bench/tsconfig.memory.json')]);
  const program = join(root, 'dist/bench-memory/test/bench/replication-memory.js');
  const printed = await new Promise<string>((resolve, reject) => {
    const child = execFile(process.execPath, [HEAP, program], (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(stderr, { cause: error })),
    );
    child.stdin?.end(JSON.stringify(task));
  });
  return { objects, mebibytes: Number(printed) };
}

function machine(): Machine {
  const [first, ...others] = cpus();
  return {
    processor: first?.model ?? 'unknown',
    cores: others.length + 1,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
  };
}

function write(folder: string, findings: Findings): void {
  mkdirSync(folder, { recursive: true });
  // Figures of one series side by side, as the formatter of this project wants them.
  const json = JSON.stringify({ ...findings, promises: judge(findings) }, undefined, 2).replaceAll(
    /\[\s+([-\d.,\s]+?)\s+\]/g,
    (_, series: string) => `[${series.replaceAll(/\s+/g, ' ')}]`,
  );
  writeFileSync(join(folder, 'replication.json'), `${json}\n`);
  writeFileSync(join(folder, 'replication.svg'), chart(findings));
}

const options = optionsOf(process.argv.slice(2));
const lab = await startLab({ progress: (line) => console.log(line) });
try {
  const world = await prepareWorld(lab, (line) => console.log(line));
  const keep = (findings: Findings): void => write(options.out, findings);
  try {
    const findings = await measure(world, options, keep);
    keep(findings);
    console.log(`\n${tables(findings)}`);
    if (!judge(findings).every(({ held }) => held)) process.exitCode = 1;
  } finally {
    await world.close();
  }
} finally {
  await lab.stop();
}
