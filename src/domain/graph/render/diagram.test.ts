import { describe, expect, it } from 'vitest';
import { renderDot, renderJson, renderMermaid } from './diagram.ts';
import { graphRecord } from './record.ts';
import { shopRecord } from './testing/shop.ts';

/** Two units with every character that could end a quoted text; no real name has them. */
const [A, B] = ['Odd/a"]-->b', 'Odd/c\\|{}<script>#;&'];
const odd = {
  ...shopRecord,
  units: [
    { id: A, objects: [A, 'x'] },
    { id: B, objects: [B] },
  ],
  edges: [{ from: A, to: B, because: [{ from: A, to: B, rule: 'user:"x"', field: 'spec["a\\b"]' }] }],
  longestPath: [],
};

/** The text without its quoted parts; throws when a quote is left open. */
function withoutQuoted(text: string): string {
  const rest = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  expect(rest.replaceAll('""', '')).not.toContain('"');
  return rest;
}

describe('the DOT of a graph', () => {
  it('is one balanced digraph of nodes, ranks and edges only', () => {
    const lines = withoutQuoted(renderDot(shopRecord)).trim().split('\n');

    expect(lines[0]).toBe('digraph "" {');
    expect(lines.at(-1)).toBe('}');
    const statement =
      /^ {2}(rankdir=RL;|(node|edge) \[.*\];|u\d+ \[label=""\];|\{ rank=same;( u\d+;)+ \}|u\d+ -> u\d+ \[label="", tooltip=""(, style=bold)?\];)$/;
    expect(lines.slice(1, -1).filter((line) => !statement.test(line))).toEqual([]);
  });

  it('has a node for each unit, an edge for each dependency, and the longest path in bold', () => {
    const dot = renderDot(shopRecord);

    expect(dot.match(/^ {2}u\d+ \[/gm)).toHaveLength(shopRecord.units.length);
    expect(dot.match(/ -> /g)).toHaveLength(shopRecord.edges.length);
    expect(dot.match(/style=bold/g)).toHaveLength(shopRecord.longestPath.length - 1);
    expect(dot).toContain('label="Deployment/shop/web\\n3 objects"');
  });

  it('escapes names that would end a label', () => {
    const dot = renderDot(odd);

    expect(dot).toContain('[label="Odd/a\\"]-->b\\n2 objects"]');
    expect(dot).toContain('[label="Odd/c\\\\|{}<script>#;&"]');
    expect(withoutQuoted(dot)).not.toContain('Odd');
  });
});

describe('the Mermaid of a graph', () => {
  it('is a flowchart of nodes and links only', () => {
    const lines = withoutQuoted(renderMermaid(shopRecord)).trim().split('\n');

    expect(lines[0]).toBe('flowchart RL');
    const statement = /^ {2}(u\d+\[""\]|u\d+ -->(\|""\|)? u\d+|linkStyle \d+(,\d+)* stroke-width:3px)$/;
    expect(lines.slice(1).filter((line) => !statement.test(line))).toEqual([]);
  });

  it('escapes names that would end a label', () => {
    const mermaid = renderMermaid(odd);

    expect(mermaid).toContain('u1["Odd/a#34;]--#62;b<br/>2 objects"]');
    expect(mermaid).toContain('u2["Odd/c#92;|{}#60;script#62;#35;;#38;"]');
    expect(mermaid).toContain('u1 -->|"user:#34;x#34;"| u2');
  });
});

describe('the JSON of a graph', () => {
  it('is the whole record again, with waves', () => {
    const value: unknown = JSON.parse(renderJson(shopRecord));

    expect(graphRecord.parse(value)).toEqual(shopRecord);
    expect(value).toHaveProperty('waves.0', ['Namespace/shop']);
  });
});
