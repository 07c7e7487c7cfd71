/** The lab's state as a table for people. Pure: facts and status in, text out. */
import type { ClusterFacts, LabFacts } from './facts.ts';
import type { ClusterStatus } from './processes/cluster.ts';

export function formatStatus(facts: LabFacts, statuses: readonly ClusterStatus[]): string {
  const rows = Object.entries(facts.clusters).map(([role, cluster]) =>
    rowOf(
      role,
      cluster,
      statuses.find((status) => status.name === cluster.name),
    ),
  );
  const table = columns([['ROLE', 'CLUSTER', 'REGION', 'CONTROL PLANE', 'ZONES', 'KUBECONFIG'], ...rows]);
  const dead = statuses.flatMap((status) => status.dead);
  return [
    table,
    '',
    `DNS zone ${facts.dns.zone}, authoritative server ${facts.dns.server}`,
    ...(dead.length === 0 ? [] : [`Ended by themselves: ${dead.join(', ')}; logs are in ${facts.directory}`]),
  ].join('\n');
}

function rowOf(role: string, cluster: ClusterFacts, status: ClusterStatus | undefined): string[] {
  const zones = status?.zones ?? [];
  const down = zones.filter((zone) => !zone.up).map((zone) => zone.name);
  const up = `${zones.length - down.length}/${zones.length} up`;
  return [
    role,
    cluster.name,
    cluster.region,
    status?.controlPlane ?? 'unknown',
    down.length === 0 || down.length === zones.length ? up : `${up}, down: ${down.join(' ')}`,
    cluster.kubeconfig,
  ];
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
