/**
 * `make demo [ENGINE=native|velero]`: three real control planes, an online shop, and the loss of the
 * region it runs in. What is shown is read from the clusters, the authoritative
 * DNS server and the operator's metrics, never made up here.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import type { StepStatus } from '../../src/api/v1alpha1/dr-execution.ts';
import { askAuthority } from '../harness/dns.ts';
import { untilExecuted } from '../harness/executions.ts';
import { installAntipode, OPERATOR_NAMESPACE } from '../harness/install.ts';
import { buildOperator, operatorCommand } from '../harness/operator.ts';
import { freePort } from '../harness/ports.ts';
import { deployShop, loadShop } from '../harness/shop.ts';
import { waitFor } from '../harness/wait.ts';
import { downLab, upLab } from '../lab/detached.ts';
import { attachLab } from '../lab/lab.ts';
import type { Lab } from '../lab/types.ts';
import { loadProtection, PROTECTION_FILE } from './protection.ts';
import { createStages, StageError, type Stages } from './stages.ts';
import { startVelero, type VeleroPlan } from './velero.ts';

const HOSTNAME = 'shop.dr.test';
const SCENARIO = { namespace: 'dr', scenario: 'shop' };
/** failure.for of the demo's regions is 10 s. */
const VERDICT_SECONDS = 30;
/** What is said instead of it, with Velero, is 5 m (velero.ts); in protection.yaml objectives.rto is 2 m. */
const FAILOVER_SECONDS = { native: 120, velero: 300 } as const;
type EngineName = keyof typeof FAILOVER_SECONDS;

interface Running {
  readonly lab: Lab;
  readonly engine: EngineName;
  readonly metricsUrl: string;
}

async function demo(engine: EngineName, stages: Stages): Promise<void> {
  const lab = await prepare(stages);
  const plan = engine === 'velero' ? await prepareVelero(lab, stages) : {};
  const running = { lab, engine, metricsUrl: await install(lab, engine, stages) };
  await protect(running, plan, stages);
  await loseRegion(running, stages);
  await showNumbers(running, stages);
  nextSteps(running, stages);
}

async function prepare({ stage, say, show }: Stages): Promise<Lab> {
  await stage('Building the operator', buildOperator);
  const lab = await stage(
    'Starting three real Kubernetes control planes, nodes in three zones each, and DNS',
    async () => {
      await downLab({ environment: process.env });
      return upLab({ environment: process.env, progress: say });
    },
  );
  const shop = await loadShop();
  await stage(
    `Deploying an online shop (${shop.objects.length} objects, two namespaces) in ${lab.source.name}`,
    async () => {
      await deployShop(lab.source, shop);
      show(await lab.source.kubectl(['get', 'deployments,statefulsets,jobs', '-A']));
    },
  );
  return lab;
}

/** Before Antipode, whose chart gives it rights in Velero's namespace, and after the shop (velero.ts). */
const prepareVelero = (lab: Lab, { stage, say }: Stages): Promise<VeleroPlan> =>
  stage('Starting an S3 server, and Velero in both regions', () => startVelero(lab, say));

/** @returns where the operator's metrics are */
async function install(lab: Lab, engine: EngineName, { stage, say }: Stages): Promise<string> {
  const port = await freePort();
  await stage(
    'Installing Antipode with its Helm chart: source may be read, recovery restored into',
    async () => {
      const regionValues = engine === 'velero' ? ['velero.enabled=true'] : [];
      const { kubeconfig } = await installAntipode(lab, lab.objective.directory, { regionValues });
      const operator = {
        kubeconfig,
        port,
        namespace: OPERATOR_NAMESPACE,
        identity: 'demo',
        storeDir: join(lab.objective.directory, 'points'),
      };
      const { logFile } = await lab.run('operator', operatorCommand(operator));
      say(`operator log: ${logFile}`);
      await waitFor({ what: 'the operator to be ready', seconds: 30 }, async () =>
        (await fetch(`http://127.0.0.1:${port}/readyz`)).ok ? true : undefined,
      );
    },
  );
  return `http://127.0.0.1:${port}/metrics`;
}

async function protect({ lab }: Running, plan: object, { stage, say, show }: Stages): Promise<void> {
  await stage('Declaring two regions and one scenario', async () => {
    show(readFileSync(PROTECTION_FILE, 'utf8'));
    if (Object.keys(plan).length > 0) show(`In the scenario's spec, otherwise than above:\n${dump(plan)}`);
    await lab.objective.kubectl(['create', 'namespace', 'dr']);
    await lab.objective.kubectl(['apply', '--server-side', '-f', '-'], {
      input: listOf(await loadProtection(lab, plan)),
    });
  });
  await stage('Waiting until it is protected and its name answers with the source', async () => {
    await lab.objective.kubectl([
      '-n',
      'dr',
      'wait',
      'drs/shop',
      '--for=jsonpath={.status.phase}=Protected',
      '--timeout=120s',
    ]);
    const [address] = await waitFor({ what: `${HOSTNAME} to answer`, seconds: 60 }, () =>
      askAuthority(lab.dns.server, HOSTNAME),
    );
    say(`${HOSTNAME} -> ${address} (asked of the authoritative server ${lab.dns.server})`);
    show(await tables(lab));
  });
}

async function loseRegion({ lab, engine }: Running, { stage, say }: Stages): Promise<void> {
  const source = lab.source.name;
  const killedAt = performance.now();
  const sinceKilled = () => `${((performance.now() - killedAt) / 1000).toFixed(1)} s`;
  await stage(`KILLING ${source}: its zones and its API server, all at once`, () => lab.source.kill());
  await stage('Waiting for the verdict', async () => {
    const wait = [
      'wait',
      `rh/${source}`,
      '--for=jsonpath={.status.verdict}=Failed',
      `--timeout=${VERDICT_SECONDS}s`,
    ];
    await lab.objective.kubectl(wait);
    say(`${source} is Failed, ${sinceKilled()} after it was killed:`);
    say(await lab.objective.kubectl(['get', 'rh', source, '-o', 'jsonpath={.status.message}']));
  });
  await stage('The failover, step by step, in dependency order', async () => {
    const { name, status } = await untilExecuted(lab.objective, SCENARIO, FAILOVER_SECONDS[engine], (step) =>
      say(lineOf(step)),
    );
    say(`${name}: ${status.message ?? ''}`);
    for (const warning of status.report?.warnings ?? []) say(`warning: ${warning}`);
    if (status.phase !== 'Succeeded') throw new Error(`${name} is ${status.phase}: ${status.message}`);
    say(
      `lost ${status.report?.lost}, took ${status.report?.took}; all ready ${sinceKilled()} after the region was killed`,
    );
  });
  await stage('Asking the authoritative DNS server', async () => {
    const [address] = (await askAuthority(lab.dns.server, HOSTNAME)) ?? [];
    const ip = await lab.recovery.kubectl([
      '-n',
      'shop',
      'get',
      'service',
      'web',
      '-o',
      'jsonpath={.status.loadBalancer.ingress[0].ip}',
    ]);
    say(`${HOSTNAME} -> ${address}; Service shop/web in ${lab.recovery.name} has ${ip}`);
    if (address !== ip) throw new Error(`${HOSTNAME} does not answer with the recovery address`);
  });
}

/** `12:04:31.402  0.8 s  restore/Deployment.apps/shop/web  ready`. */
function lineOf({ id, phase, startedAt = '', finishedAt = '', message = '' }: StepStatus): string {
  const took = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  return `${finishedAt.slice(11, 23)}  ${took.toFixed(1).padStart(5)} s  ${phase.padEnd(9)}  ${id}  ${message}`;
}

async function showNumbers({ lab, metricsUrl }: Running, { stage, show }: Stages): Promise<void> {
  await stage('What it looks like now', async () => {
    show(await tables(lab));
    show(await lab.recovery.kubectl(['get', 'deployments,statefulsets,persistentvolumeclaims', '-A']));
    const metrics = await (await fetch(metricsUrl)).text();
    show(
      metrics
        .split('\n')
        .filter((line) => /^antipode_r[pt]o_seconds\{/.test(line))
        .join('\n'),
    );
  });
}

const tables = (lab: Lab): Promise<string> => lab.objective.kubectl(['get', 'drs,rh,drx', '-A']);
const listOf = (items: readonly unknown[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

function nextSteps({ lab, metricsUrl }: Running, { total }: Stages): void {
  console.log(`
The demo took ${total().toFixed(0)} s. The lab goes on running:

  objective  export KUBECONFIG=${lab.objective.kubeconfig}
  source     ${lab.source.kubeconfig} (lost; npm run lab -- start ${lab.source.name} brings it back)
  recovery   ${lab.recovery.kubeconfig}

Try:
  kubectl -n dr describe drx
  kubectl -n dr describe drs shop
  kubectl describe rh ${lab.source.name}
  kubectl --kubeconfig ${lab.recovery.kubeconfig} get all -n shop
  curl -s ${metricsUrl} | grep antipode_
  npm run lab -- status

When you are done:
  make demo-down`);
}

async function main(engine: string): Promise<number> {
  if (engine !== 'native' && engine !== 'velero') {
    console.error(`ENGINE: "${engine}" is no engine of the demo; use native or velero`);
    return 2;
  }
  const stages = createStages((line) => console.log(line));
  try {
    await demo(engine, stages);
    return 0;
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    console.error(`\nFailed at: ${error.stage}\n${error.message}`);
    console.error(await operatorLogTail());
    console.error(
      '\nThe lab is left as it is: look with `npm run lab -- status`. `make demo` starts afresh, `make demo-down` removes it.',
    );
    return 1;
  }
}

/** The end of the operator's log, when it got so far as to be started. */
async function operatorLogTail(): Promise<string> {
  try {
    const { objective } = await attachLab();
    const path = join(dirname(objective.directory), 'operator.log');
    return `\n--- ${path}\n${readFileSync(path, 'utf8').split('\n').slice(-15).join('\n')}`;
  } catch (error) {
    return `\n(no operator log: ${error instanceof Error ? error.message : String(error)})`;
  }
}

process.exitCode = await main(process.argv[2] ?? 'native');
