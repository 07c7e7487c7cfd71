/**
 * A graph for other programs to draw: Graphviz DOT and Mermaid, and JSON with
 * everything. An arrow points from what needs to what is needed. Names only
 * ever stand in quoted labels; the ids of nodes are made here.
 */
import { grouped } from '../grouped.ts';
import { count, shortener } from './names.ts';
import type { GraphRecord } from './record.ts';
import { keysOf } from './tree.ts';
import { byWave } from './waves.ts';

interface Diagram {
  readonly nodes: readonly {
    readonly id: string;
    readonly lines: readonly string[];
    readonly wave: number;
  }[];
  readonly links: readonly {
    readonly from: string;
    readonly to: string;
    readonly label: string;
    readonly evidence: readonly string[];
    readonly isOnLongestPath: boolean;
  }[];
}

function diagramOf(record: GraphRecord): Diagram {
  const short = shortener(keysOf(record));
  const ids = new Map(record.units.map(({ id }, index) => [id, `u${index + 1}`]));
  const sizes = new Map(record.units.map(({ id, objects }) => [id, objects.length]));
  const steps = new Set(record.longestPath.slice(1).map((to, index) => `${to} ${record.longestPath[index]}`));
  const nodes = byWave(record).flatMap((units, wave) =>
    units.map((unit) => ({ id: ids.get(unit) ?? unit, lines: labelOf(short(unit), sizes.get(unit)), wave })),
  );
  const links = record.edges.flatMap(({ from, to, because }) => {
    const [a, b] = [ids.get(from), ids.get(to)];
    if (a === undefined || b === undefined) return [];
    const label = [...new Set(because.map(({ rule }) => rule))].join(', ');
    const evidence = because.map((one) => `${short(one.from)} ${one.field} (${one.rule})`);
    return [{ from: a, to: b, label, evidence, isOnLongestPath: steps.has(`${from} ${to}`) }];
  });
  return { nodes, links };
}

const labelOf = (name: string, objects = 1): readonly string[] =>
  objects > 1 ? [name, count(objects, 'object')] : [name];

/** For `dot -Tsvg`. Waves are ranks; hovering an arrow shows its evidence; the longest path is bold. */
export function renderDot(record: GraphRecord): string {
  const { nodes, links } = diagramOf(record);
  const { namespace, name } = record.scenario;
  const ranks = grouped(nodes, ({ wave }) => wave);
  const lines = [
    `digraph ${dotText([`${namespace}/${name}`])} {`,
    '  rankdir=RL;',
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
    ...nodes.map(({ id, lines: label }) => `  ${id} [label=${dotText(label)}];`),
    ...[...ranks.values()].map((rank) => `  { rank=same; ${rank.map(({ id }) => `${id};`).join(' ')} }`),
    ...links.map(({ from, to, label, evidence, isOnLongestPath }) => {
      const bold = isOnLongestPath ? ', style=bold' : '';
      return `  ${from} -> ${to} [label=${dotText([label])}, tooltip=${dotText(evidence)}${bold}];`;
    }),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** A quoted string of DOT; the lines of a label are parted by its own escape. */
function dotText(lines: readonly string[]): string {
  const escaped = lines.map((line) => line.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
  return `"${escaped.join('\\n')}"`;
}

/** For Markdown pages. What it cannot hold (evidence) is in the JSON. */
export function renderMermaid(record: GraphRecord): string {
  const { nodes, links } = diagramOf(record);
  const bold = links.flatMap(({ isOnLongestPath }, index) => (isOnLongestPath ? [index] : []));
  const lines = [
    'flowchart RL',
    ...nodes.map(({ id, lines: label }) => `  ${id}["${label.map(mermaidText).join('<br/>')}"]`),
    ...links.map(({ from, to, label }) => {
      const text = label === '' ? '' : `|"${mermaidText(label)}"|`;
      return `  ${from} -->${text} ${to}`;
    }),
    ...(bold.length === 0 ? [] : [`  linkStyle ${bold.join(',')} stroke-width:3px`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Mermaid writes what would end or break a quoted text as numbered entities, without an ampersand. */
function mermaidText(text: string): string {
  return text.replace(/[#&"<>`\\]/g, (character) => `#${character.codePointAt(0) ?? 0};`);
}

/** Everything, with the evidence of every edge and the wave of every unit. */
export function renderJson(record: GraphRecord): string {
  return `${JSON.stringify({ ...record, waves: byWave(record) }, undefined, 2)}\n`;
}
