/** `antipode graph`: shows the published graph of a scenario. */
import type { DRScenarioStatus } from '../api/v1alpha1/dr-scenario.ts';
import { renderDot, renderJson, renderMermaid } from '../domain/graph/render/diagram.ts';
import { count } from '../domain/graph/render/names.ts';
import { type GraphRecord, omissionText } from '../domain/graph/render/record.ts';
import type { Style } from '../domain/graph/render/style.ts';
import { renderTree } from '../domain/graph/render/tree.ts';
import { newestFirst } from '../domain/protection/point-order.ts';
import type { Cluster } from '../kube/cluster.ts';
import { type Outcome, problem } from './outcome.ts';
import { readPublishedGraph, readScenario, type ScenarioKey } from './read-scenario.ts';

export const GRAPH_FORMATS = ['tree', 'dot', 'mermaid', 'json'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/** Mermaid's default of `maxEdges`. */
const MERMAID_EDGES = 500;
const TOO_MANY_EDGES = `Mermaid draws no more than ${MERMAID_EDGES} edges unless its maxEdges is raised: -o dot has no limit`;

export interface GraphRequest {
  readonly scenario: ScenarioKey;
  readonly format: GraphFormat;
  /** Name of a recovery point; the newest when undefined. */
  readonly point: string | undefined;
}

/** @throws KubeError */
export async function showGraph(
  { scenario, format, point }: GraphRequest,
  objective: Cluster,
  style: Style,
  signal: AbortSignal,
): Promise<Outcome> {
  const found = await readScenario(objective, scenario, signal);
  if (found === undefined)
    return problem(
      `there is no DRScenario ${scenario.namespace}/${scenario.name} in ${objective.server}: ` +
        'see kubectl get drscenarios --all-namespaces, and choose its namespace with -n',
    );
  const graph = await readPublishedGraph(objective, scenario, found, signal);
  if (graph.kind === 'none') return problem(graph.message);
  const { record } = graph;
  const chosen = point === undefined ? undefined : choosePoint(record, point, found.status);
  if (chosen?.kind === 'problem') return chosen;
  const omission = omissionText(record);
  const notes = [
    ...(chosen?.notes ?? []),
    ...ageNotes(record, found.status),
    ...(found.status.graph?.warnings ?? []),
    ...(format === 'mermaid' && record.edges.length > MERMAID_EDGES ? [TOO_MANY_EDGES] : []),
    // The tree says it itself.
    ...(omission === undefined || format === 'tree' ? [] : [omission]),
  ];
  return { kind: 'done', text: render(record, format, style), notes };
}

function render(record: GraphRecord, format: GraphFormat, style: Style): string {
  switch (format) {
    case 'tree':
      return renderTree(record, style);
    case 'dot':
      return renderDot(record);
    case 'mermaid':
      return renderMermaid(record);
    case 'json':
      return renderJson(record);
  }
}

type Choice = { readonly kind: 'chosen'; readonly notes: readonly string[] } | ReturnType<typeof problem>;

/** Whether the published graph is that of a point: it is of the one it names, and of all since. */
function choosePoint(record: GraphRecord, name: string, status: DRScenarioStatus): Choice {
  if (name === record.point) return { kind: 'chosen', notes: [] };
  const points = status.recoveryPoints ?? [];
  const found = points.find((point) => point.name === name);
  if (found === undefined) {
    const known = points.map((point) => point.name).join(', ');
    return problem(`there is no recovery point ${name}; there are: ${known === '' ? 'none' : known}`);
  }
  const [newer] = newestFirst([found, { ...record, name: record.point }]);
  if (newer === found)
    return {
      kind: 'chosen',
      notes: [`the graph of ${name} is the one published with ${record.point}: it has not changed since`],
    };
  return problem(
    `the graph has changed since recovery point ${name}, and only the newest is published (${record.point}). ` +
      `The operator's store has the older one in antipode/points/${name}.json`,
  );
}

/** The status is written with every capture: where it counts differently, the published graph is an old one. */
function ageNotes(record: GraphRecord, { graph }: DRScenarioStatus): readonly string[] {
  if (graph === undefined) return [];
  const isSame =
    graph.objects === record.objects.length &&
    graph.units === record.units.length &&
    (graph.edges === record.edges.length || record.omitted.includes('edges'));
  return isSame
    ? []
    : [
        `the newest recovery point has ${count(graph.objects, 'object')}, ${count(graph.units, 'unit')} and ` +
          `${count(graph.edges, 'dependency')}: the published graph is older. It follows within seconds; ` +
          "if it does not, the operator's log says why",
      ];
}
