/**
 * The command line: commands, their options, and what each exit code means.
 * Everything from outside (files, terminal, clock, clusters) is passed in.
 */
import { Command, CommanderError, Option } from 'commander';
import { coloured, plain, type Style } from '../domain/graph/render/style.ts';
import type { Clock } from '../domain/time.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KubeError } from '../kube/errors.ts';
import type { Connection } from '../kube/kubeconfig.ts';
import { GRAPH_FORMATS, type GraphFormat, showGraph } from './graph-command.ts';
import { harmless } from './harmless.ts';
import { chooseConnection } from './objective.ts';
import { explainFailure, type Outcome, problem } from './outcome.ts';
import { PLAN_FORMATS, type PlanFormat, plan } from './plan-command.ts';
import { readScenarioFile } from './scenario-file.ts';

/** What the program reaches of the world. */
export interface Surroundings {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Stdout is a terminal. */
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or of stdin for `-`; undefined when there is no such file. */
  readonly read: (path: string) => Promise<string | undefined>;
  readonly connect: (connection: Connection, name: string) => Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const OK = 0;
const PROBLEM = 1;
const USAGE = 2;

interface CommonOptions {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}
interface GraphOptions extends CommonOptions {
  readonly output: GraphFormat;
  readonly point?: string;
}
interface PlanOptions extends CommonOptions {
  readonly filename: string;
  readonly output: PlanFormat;
  readonly operatorNamespace: string;
}

/**
 * Runs one command.
 * @param args without the program's own name
 * @returns the exit code: 0 done, 1 a problem (said on stderr), 2 wrong usage
 */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<number> {
  let outcome: Outcome | undefined;
  const program = new Command('antipode')
    .description('Shows what Antipode protects, and what a change would do. Changes nothing.')
    .exitOverride()
    .configureOutput({ writeOut: around.stdout, writeErr: around.stderr });
  addGraphCommand(program, async (scenario, options) => {
    outcome = await runGraph(scenario, options, around);
  });
  addPlanCommand(program, async (options) => {
    outcome = await runPlan(options, around);
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
    if (!(error instanceof KubeError)) throw error;
    outcome = problem(explainFailure(error));
  }
  return outcome === undefined ? OK : report(outcome, around);
}

function report(outcome: Outcome, { stdout, stderr }: Surroundings): number {
  if (outcome.text !== undefined) stdout(outcome.text);
  for (const note of outcome.notes ?? []) stderr(`note: ${note}\n`);
  if (outcome.kind === 'done') return OK;
  stderr(`antipode: ${outcome.message}\n`);
  return PROBLEM;
}

function withCommonOptions(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace of the scenario (default: of the kubeconfig context)')
    .option(
      '--kubeconfig <file>',
      'kubeconfig of the objective cluster (default: KUBECONFIG, ~/.kube/config)',
    )
    .option('--context <name>', 'context of the kubeconfig (default: its current one)');
}

function addGraphCommand(
  program: Command,
  run: (scenario: string, options: GraphOptions) => Promise<void>,
): void {
  const format = new Option('-o, --output <format>', 'form of the output');
  withCommonOptions(
    program
      .command('graph')
      .description('print what a scenario protects, what needs what and why, and in which order it goes back')
      .argument('<scenario>', 'name of the DRScenario'),
  )
    .addOption(format.choices(GRAPH_FORMATS).default('tree'))
    .option('--point <name>', 'of this recovery point (default: the newest)')
    .action(run);
}

function addPlanCommand(program: Command, run: (options: PlanOptions) => Promise<void>): void {
  const format = new Option('-o, --output <format>', 'form of the output');
  withCommonOptions(
    program
      .command('plan')
      .description('say what applying a changed scenario would add, drop and reorder; changes nothing')
      .requiredOption('-f, --filename <file>', 'YAML with the DRScenario; - for stdin'),
  )
    .addOption(format.choices(PLAN_FORMATS).default('text'))
    .option(
      '--operator-namespace <name>',
      'where the kubeconfig Secrets of the regions are',
      'antipode-system',
    )
    .action(run);
}

/** Connects to the objective cluster, without the means to change it, for as long as `use` takes. */
async function withObjective(
  options: CommonOptions,
  around: Surroundings,
  use: (objective: Cluster, contextNamespace: string) => Promise<Outcome>,
): Promise<Outcome> {
  const { environment, read, clock, connect } = around;
  const { kubeconfig, context } = options;
  const chosen = await chooseConnection({ kubeconfig, context, environment, read }, clock.now());
  if (chosen.kind === 'problem') return problem(chosen.message);
  const objective = harmless(connect(chosen.connection, 'objective'));
  try {
    return await use(objective, chosen.namespace);
  } finally {
    await objective.close();
  }
}

function runGraph(name: string, options: GraphOptions, around: Surroundings): Promise<Outcome> {
  const { output: format, point, namespace } = options;
  return withObjective(options, around, (objective, fallback) => {
    const scenario = { namespace: namespace ?? fallback, name };
    return showGraph({ scenario, format, point }, objective, styleOf(around), around.signal);
  });
}

async function runPlan(options: PlanOptions, around: Surroundings): Promise<Outcome> {
  const { filename, namespace, output, operatorNamespace } = options;
  const text = await around.read(filename);
  if (text === undefined) return problem(`${filename} does not exist or cannot be read: pass -f FILE`);
  return withObjective(options, around, async (objective, fallback) => {
    const file = readScenarioFile(text, { name: filename, namespace, fallback });
    if (file.kind === 'invalid') return problem(file.message);
    const connect = (connection: Connection, name: string) => harmless(around.connect(connection, name));
    const { clock, signal } = around;
    const deps = { objective, operatorNamespace, connect, clock, style: styleOf(around) };
    return plan(file, output, deps, signal);
  });
}

/** Colours on a terminal only, and not where NO_COLOR (https://no-color.org) is set to anything. */
function styleOf({ isTerminal, environment }: Surroundings): Style {
  return isTerminal && (environment['NO_COLOR'] ?? '') === '' ? coloured : plain;
}
