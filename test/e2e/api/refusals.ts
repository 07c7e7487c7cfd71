/** Bad input of every sort that admission can tell, each with the field and the words its refusal must hold. */
import { dnsOf, execution, type Manifest, region, scenario } from './manifests.ts';

export interface Refusal {
  /** Continues "The API server refuses …". */
  readonly what: string;
  readonly manifest: Manifest;
  readonly field: string;
  readonly words: string;
}

const aDuration = 'must be a duration in whole numbers, largest unit first, such as 500ms, 30s, 5m or 1h30m';
const edges = (...pairs: readonly (readonly [string, string])[]): Manifest =>
  scenario({ dependencies: { edges: pairs.map(([before, after]) => ({ before, after })) } });
const rules = (...list: readonly object[]): Manifest => scenario({ dependencies: { rules: list } });
const readiness = (...list: readonly object[]): Manifest => scenario({ dependencies: { readiness: list } });
const objectives = (rpo: string, rto: string): Manifest => scenario({ objectives: { rpo, rto } });
const resources = (fields: object): Manifest => scenario({ resources: { namespaces: ['shop'], ...fields } });
const server = (address: string): Manifest => scenario({ dns: { authoritativeServers: [address] } });
const probes = (...list: readonly object[]): Manifest => region({ probes: list });
const failure = (fields: object): Manifest => region({ failure: fields });
const record = (fields: object): Manifest =>
  scenario({
    dns: {
      records: [
        {
          hostname: 'shop.example.com',
          source: { addresses: ['192.0.2.1'] },
          recovery: { addresses: ['192.0.2.2'] },
          ...fields,
        },
      ],
    },
  });

function refusal(what: string, manifest: Manifest, field: string, words: string): Refusal {
  return { what, manifest, field, words };
}

const db = 'StatefulSet/shop/db';
const web = 'Deployment/shop/web';
const zonesRemedy = 'must be a number of zones from 1 to 64, or a percentage from 1% to 100% in quotes';
const serverRemedy = 'must be host:port with a port of 1 to 65535';
const addressRemedy = 'must be IP addresses only, or exactly one host name';
const oneKind = 'source and recovery must be of one kind, both IP addresses or both host names';

export const scenarioRefusals: readonly Refusal[] = [
  refusal(
    'a recovery region that is the source',
    scenario({ recovery: { region: 'eu-west' } }),
    'spec.recovery.region',
    'recovery.region must differ from source.region: a region cannot recover itself',
  ),
  refusal('no source', scenario({ source: undefined }), 'spec.source', 'Required value'),
  refusal(
    'a region name with capitals',
    scenario({ source: { region: 'EU West' } }),
    'spec.source.region',
    'must be a name of lower-case letters, digits',
  ),
  refusal('an RPO of zero', objectives('0s', '10m'), 'spec.objectives.rpo', 'must be 1s or longer'),
  refusal('an RTO of zero', objectives('5m', '0h0m'), 'spec.objectives.rto', 'must be 1s or longer'),
  refusal('an RPO below a second', objectives('20ms', '10m'), 'spec.objectives.rpo', 'must be 1s or longer'),
  refusal('a negative RPO', objectives('-5m', '10m'), 'spec.objectives.rpo', aDuration),
  refusal('an RPO without a unit', objectives('300', '10m'), 'spec.objectives.rpo', aDuration),
  refusal('an RTO in words', objectives('5m', '10 minutes'), 'spec.objectives.rto', aDuration),
  refusal('an RTO in an order that is not read', objectives('5m', '10s1h'), 'spec.objectives.rto', aDuration),
  refusal('an empty RPO', objectives('', '10m'), 'spec.objectives.rpo', 'at least 2 chars long'),
  refusal('no namespaces', resources({ namespaces: [] }), 'spec.resources.namespaces', 'at least 1 items'),
  refusal(
    'a namespace given twice',
    resources({ namespaces: ['shop', 'shop'] }),
    'spec.resources.namespaces[1]',
    'Duplicate value',
  ),
  refusal(
    'a kind both included and excluded',
    resources({ includeKinds: ['Deployment', 'Secret'], excludeKinds: ['Secret'] }),
    'spec.resources',
    'a kind is in both includeKinds and excludeKinds: remove it from one of them',
  ),
  refusal(
    'a kind that cannot be one',
    resources({ includeKinds: ['apps/Deployment'] }),
    'spec.resources.includeKinds[0]',
    'must be a kind such as Deployment',
  ),
  refusal(
    'an excluded object without a name',
    resources({ exclude: ['Deployment'] }),
    'spec.resources.exclude[0]',
    'must name an object as Kind/namespace/name',
  ),
  refusal(
    'a label expression In without values',
    resources({ labelSelector: { matchExpressions: [{ key: 'tier', operator: 'In' }] } }),
    'spec.resources.labelSelector.matchExpressions[0]',
    'In and NotIn need at least one of values',
  ),
  refusal(
    'an edge from an object to itself',
    edges([db, db]),
    'spec.dependencies.edges[0]',
    'before and after name the same object: nothing can wait for itself',
  ),
  refusal(
    'the same edge twice',
    edges([db, web], [db, web]),
    'spec.dependencies.edges[1]',
    'Duplicate value',
  ),
  refusal(
    'two edges that contradict each other',
    edges([db, web], ['Service/shop/db', web], [web, db]),
    'spec.dependencies.edges',
    'two edges contradict each other: A before B and B before A; remove one of them',
  ),
  refusal(
    'an edge to something that is no object',
    edges([db, 'the web shop']),
    'spec.dependencies.edges[0].after',
    'must name an object as Kind/namespace/name',
  ),
  refusal(
    'a rule that says in two ways what is needed',
    rules({ name: 'queue-first', match: 'true', needs: { object: "'Secret/shop/a'", match: 'true' } }),
    'spec.dependencies.rules[0].needs',
    'needs must have exactly one of object and match',
  ),
  refusal(
    'two rules of the same name',
    rules(
      { name: 'queue-first', match: 'true', needs: { match: 'true' } },
      { name: 'queue-first', match: 'false', needs: { match: 'true' } },
    ),
    'spec.dependencies.rules[1]',
    'Duplicate value',
  ),
  refusal(
    'a rule of readiness that does not say when',
    readiness({ name: 'db', match: 'true' }),
    'spec.dependencies.readiness[0].ready',
    'Required value',
  ),
  refusal(
    'an expression that no rule needs to have',
    readiness({ name: 'db', match: 'true', ready: 'x'.repeat(1025) }),
    'spec.dependencies.readiness[0].ready',
    'Too long',
  ),
  refusal(
    'an unknown engine',
    scenario({ replication: { engine: 'rsync' } }),
    'spec.replication.engine',
    'supported values: "native"',
  ),
  refusal(
    'Velero without the bucket it keeps its backups in',
    scenario({ replication: { engine: 'velero' } }),
    'spec.replication',
    'engine velero needs store.s3',
  ),
  refusal(
    'a store at a relative path',
    scenario({ replication: { store: { filesystem: { path: 'points' } } } }),
    'spec.replication.store.filesystem.path',
    'must be an absolute path',
  ),
  refusal(
    'keeping more points than can be listed',
    scenario({ replication: { keep: 50, retention: { hourly: 24, daily: 31 } } }),
    'spec.replication',
    'more than 100 points together',
  ),
  refusal(
    'keeping no recovery point',
    scenario({ replication: { keep: 0 } }),
    'spec.replication.keep',
    'greater than or equal to 1',
  ),
  refusal(
    'an unknown failover mode',
    scenario({ failover: { mode: 'Sometimes' } }),
    'spec.failover.mode',
    'supported values: "Manual", "Automatic"',
  ),
  refusal(
    'a loss budget that is not a time',
    scenario({ failover: { maxDataLoss: 'none' } }),
    'spec.failover.maxDataLoss',
    aDuration,
  ),
  refusal(
    'a step timeout of zero',
    scenario({ failover: { stepTimeout: '0s' } }),
    'spec.failover.stepTimeout',
    'must be 1s or longer',
  ),
  refusal(
    'a name too long to derive others from',
    scenario({}, 'a'.repeat(53)),
    'metadata.name must be 52 characters or shorter',
    'names of executions and recovery points are made from it',
  ),
];

export const dnsRefusals: readonly Refusal[] = [
  refusal(
    'a record mixing IP addresses and host names',
    scenario(dnsOf(['192.0.2.1', 'lb.example.com'], ['192.0.2.2'])),
    'spec.dns.records[0].source.addresses',
    addressRemedy,
  ),
  refusal(
    'a record with two host names',
    scenario(dnsOf(['a.example.com', 'b.example.com'], ['c.example.com'])),
    'spec.dns.records[0].source.addresses',
    addressRemedy,
  ),
  refusal(
    'a mistyped IP address',
    scenario(dnsOf(['192.0.2.300'], ['192.0.2.2'])),
    'spec.dns.records[0].source.addresses',
    addressRemedy,
  ),
  refusal(
    'an A record that would become a CNAME',
    scenario(dnsOf(['192.0.2.1'], ['lb.example.com'])),
    'spec.dns.records[0]',
    oneKind,
  ),
  refusal(
    'a CNAME that would become an A record',
    scenario(dnsOf(['lb.example.com'], ['192.0.2.1'])),
    'spec.dns.records[0]',
    oneKind,
  ),
  refusal(
    'an IPv6 address without a successor',
    scenario(dnsOf(['192.0.2.1', '2001:db8::1'], ['192.0.2.2'])),
    'spec.dns.records[0]',
    'source and recovery must have the same IP families',
  ),
  refusal(
    'a record with both addresses and a Service',
    record({ source: { addresses: ['192.0.2.1'], service: { namespace: 'shop', name: 'web' } } }),
    'spec.dns.records[0].source',
    'set exactly one of addresses and service',
  ),
  refusal(
    'a record that points nowhere',
    record({ recovery: {} }),
    'spec.dns.records[0].recovery',
    'set exactly one of addresses and service',
  ),
  refusal(
    'a host name that is not full',
    record({ hostname: 'shop' }),
    'spec.dns.records[0].hostname',
    'must be a full DNS name in lower case',
  ),
  refusal('a TTL of zero', record({ ttl: 0 }), 'spec.dns.records[0].ttl', 'greater than or equal to 1'),
  refusal(
    'a DNS server without a port',
    server('ns1.example.com'),
    'spec.dns.authoritativeServers[0]',
    serverRemedy,
  ),
  refusal(
    'a DNS server with an impossible port',
    server('192.0.2.53:70000'),
    'spec.dns.authoritativeServers[0]',
    serverRemedy,
  ),
  refusal(
    'a DNS timeout of zero',
    scenario({ dns: { timeout: '0s' } }),
    'spec.dns.timeout',
    'must be 1s or longer',
  ),
];

export const regionRefusals: readonly Refusal[] = [
  refusal('a region without a cluster', region({ clusterRef: undefined }), 'spec.clusterRef', 'Required'),
  refusal(
    'a probe that asks nothing',
    probes({ name: 'web' }),
    'spec.probes[0]',
    'set exactly one of http and tcp',
  ),
  refusal(
    'a probe that asks two ways',
    probes({ name: 'web', http: { url: 'http://web.example' }, tcp: { host: 'web.example', port: 80 } }),
    'spec.probes[0]',
    'set exactly one of http and tcp',
  ),
  refusal(
    'a probe of another protocol',
    probes({ name: 'web', http: { url: 'ftp://web.example' } }),
    'spec.probes[0].http.url',
    'must be an http or https URL',
  ),
  refusal(
    'a probe whose URL holds a password',
    probes({ name: 'web', http: { url: 'https://me:secret@web.example/' } }),
    'spec.probes[0].http.url',
    'without user and password',
  ),
  refusal(
    'a probe of an impossible port',
    probes({ name: 'web', tcp: { host: 'web.example', port: 0 } }),
    'spec.probes[0].tcp.port',
    'greater than or equal to 1',
  ),
  refusal(
    'two probes of one name',
    probes({ name: 'web', tcp: { host: 'a', port: 80 } }, { name: 'web', tcp: { host: 'b', port: 80 } }),
    'spec.probes[1]',
    'Duplicate value',
  ),
  refusal('failure of zero zones', failure({ zones: 0 }), 'spec.failure.zones', zonesRemedy),
  refusal('failure of a negative number of zones', failure({ zones: -1 }), 'spec.failure.zones', zonesRemedy),
  refusal('failure of 0% of the zones', failure({ zones: '0%' }), 'spec.failure.zones', zonesRemedy),
  refusal('failure of 101% of the zones', failure({ zones: '101%' }), 'spec.failure.zones', zonesRemedy),
  refusal('a number of zones in quotes', failure({ zones: '2' }), 'spec.failure.zones', zonesRemedy),
  refusal(
    'a share of nodes without a percent sign',
    failure({ minReadyNodes: '50' }),
    'spec.failure.minReadyNodes',
    'must be a percentage from 0% to 100%',
  ),
  refusal(
    'an interval below half a second',
    region({ interval: '100ms' }),
    'spec.interval',
    'must be 500ms or longer',
  ),
  refusal(
    'a probe timeout of zero',
    region({ probeTimeout: '0s' }),
    'spec.probeTimeout',
    'must be 1ms or longer',
  ),
  refusal(
    'a probe timeout that would hold up every observation',
    region({ probeTimeout: '31s' }),
    'spec.probeTimeout',
    'must be 30s or shorter',
  ),
  refusal('a failure time in words', failure({ for: 'a while' }), 'spec.failure.for', aDuration),
];

export const executionRefusals: readonly Refusal[] = [
  refusal(
    'an unknown operation',
    execution({ kind: 'Explode' }),
    'spec.kind',
    'supported values: "Failover"',
  ),
  refusal('an execution of nothing', execution({ scenario: undefined }), 'spec.scenario', 'Required value'),
  refusal(
    'a scenario by an impossible name',
    execution({ scenario: 'The Shop' }),
    'spec.scenario',
    'must be a name of lower-case letters, digits',
  ),
  refusal('an empty reason', execution({ reason: '' }), 'spec.reason', 'at least 1 chars long'),
];
