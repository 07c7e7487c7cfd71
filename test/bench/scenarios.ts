/**
 * `make bench-scenarios`: one operator with many scenarios whose applications
 * keep changing. Shows whether every RPO holds, and what that costs: memory,
 * processor time, requests. Ends with 1 when a limit is passed.
 */
import { parseArgs } from 'node:util';
import { buildOperator } from '../../hack/harness/operator.ts';
import { waitFor } from '../../hack/harness/wait.ts';
import { startLab } from '../../hack/lab/lab.ts';
import type { Lab } from '../../hack/lab/types.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { systemClock } from '../../src/clock.ts';
import { seconds } from '../../src/domain/time.ts';
import { connect } from '../e2e/connect.ts';
import { type Antipode, aNamespace, apply, aScenario, installOn } from '../e2e/support/antipode.ts';
import { type Figure, print } from './figures.ts';
import { bareClient, mixedLoad } from './restore-load.ts';
import { type Sample, sampleOf } from './scrape.ts';

const USAGE = `node --import tsx test/bench/scenarios.ts [options]
  --scenarios 50   how many
  --objects 104    of each, a multiple of 8; and a namespace
  --minutes 5      watched once all are protected`;
const NAMESPACE = 'many-dr';
const RPO_SECONDS = 120;
const LOOK_EVERY = seconds(2);
const signal = new AbortController().signal;

interface Options {
  readonly scenarios: number;
  readonly objects: number;
  readonly minutes: number;
}

function optionsOf(args: readonly string[]): Options {
  const options = {
    scenarios: { type: 'string', default: '50' },
    objects: { type: 'string', default: '104' },
    minutes: { type: 'string', default: '5' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const count = (name: keyof typeof options): number => {
    if (/^[1-9]\d*$/.test(values[name])) return Number(values[name]);
    throw new Error(`--${name}: "${values[name]}" is not a whole number\n${USAGE}`);
  };
  return { scenarios: count('scenarios'), objects: count('objects'), minutes: count('minutes') };
}

const nameOf = (index: number): string => `many-${index}`;

async function declare(lab: Lab, { scenarios, objects }: Options): Promise<(index: number) => Promise<void>> {
  const source = await connect(lab.source);
  const bare = await bareClient(lab.source, source);
  const loads = Array.from({ length: scenarios }, (_, index) => mixedLoad(nameOf(index), objects));
  for (const load of loads) await bare.write('create', load);
  await apply(lab.objective, [
    aNamespace(NAMESPACE),
    ...loads.map((_, index) =>
      aScenario(lab, {
        namespace: NAMESPACE,
        name: nameOf(index),
        namespaces: [nameOf(index)],
        spec: { objectives: { rpo: `${RPO_SECONDS}s`, rto: '10m' } },
      }),
    ),
  ]);
  return async (turn) => {
    const changed: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'app-0', namespace: nameOf(turn % scenarios) },
      data: { theme: 'dark', changed: `${turn}` },
    };
    await source.apply(changed, { fieldManager: 'bench', force: true }, signal);
  };
}

async function untilProtected(lab: Lab, { scenarios }: Options): Promise<void> {
  await waitFor({ what: `all ${scenarios} scenarios to be Protected`, seconds: 600 }, async () => {
    const phases = ['-n', NAMESPACE, 'get', 'drs', '-o', 'jsonpath={.items[*].status.phase}'];
    const found = (await lab.objective.kubectl(phases)).split(' ');
    return found.filter((phase) => phase === 'Protected').length === scenarios ? true : undefined;
  });
}

/** Changes an object at every look, so that each scenario has something new to copy once in a while. */
async function watch(
  antipode: Antipode,
  minutes: number,
  change: (turn: number) => Promise<void>,
): Promise<readonly Sample[]> {
  const samples = [await sampleOf(antipode.operator())];
  const until = performance.now() + minutes * 60_000;
  for (let turn = 0; performance.now() < until; turn += 1) {
    await change(turn);
    await systemClock.sleep(LOOK_EVERY, signal);
    samples.push(await sampleOf(antipode.operator()));
  }
  return samples;
}

function figuresOf(samples: readonly Sample[], { scenarios, objects }: Options): readonly Figure[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const took = (last.at - first.at) / 1000;
  const perSecond = (of: (sample: Sample) => number): number => (of(last) - of(first)) / took;
  const counted = Math.min(...samples.map(({ ages }) => ages.length));
  if (counted < scenarios)
    throw new Error(`only ${counted} of ${scenarios} scenarios had a point all the time`);
  const oldest = Math.max(...samples.flatMap(({ ages }) => ages));
  const memory = Math.max(...samples.map(({ mebibytes }) => mebibytes));
  return [
    {
      what: `oldest newest point, ${scenarios} x ${objects} objects`,
      value: oldest,
      unit: 's',
      limit: RPO_SECONDS,
    },
    { what: 'operator memory (RSS), at most', value: memory, unit: 'MiB', limit: 400 },
    { what: 'operator processor time', value: perSecond(({ cpu }) => cpu), unit: 'cores', limit: 1 },
    { what: 'captures and confirmations', value: perSecond(({ captures }) => captures), unit: '/s' },
    ...[...last.requests.keys()].map(
      (cluster): Figure => ({
        what: `requests to ${cluster}`,
        value: perSecond(({ requests }) => requests.get(cluster) ?? 0),
        unit: '/s',
      }),
    ),
  ];
}

const options = optionsOf(process.argv.slice(2));
await buildOperator();
const lab = await startLab({ progress: (line) => console.log(line) });
try {
  const antipode = await installOn(lab);
  try {
    const change = await declare(lab, options);
    await untilProtected(lab, options);
    console.log(`all ${options.scenarios} scenarios are protected; watching for ${options.minutes} min`);
    const figures = figuresOf(await watch(antipode, options.minutes, change), options);
    print(figures);
    if (figures.some(({ value, limit = Infinity }) => value > limit)) process.exitCode = 1;
  } finally {
    await antipode.remove();
  }
} finally {
  await lab.stop();
}
