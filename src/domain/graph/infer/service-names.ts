/**
 * Services that a workload calls by name, found in its environment, command
 * lines and ConfigMaps. Only likely: a text may name what it never calls.
 * Secrets are never read for it: what they hold must not become evidence.
 */
import { arrayAt, at, fieldsAt, textAt } from '../../../api/fields.ts';
import { type KubeObject, type ObjectRef, refKey } from '../../../api/object.ts';
import { containersOf, type PodTemplate, podTemplatesOf } from '../pod-template.ts';
import { perWorld, type World } from '../world.ts';
import { type Host, hostOf, hostsIn, hostsInCommand, serviceNamed } from './host-names.ts';
import { POD_KINDS } from './pods.ts';
import { answeredBy, type Found, type Rule } from './rule.ts';
import { commandsOf, environmentOf } from './settings.ts';

export const serviceNameRules: readonly Rule[] = [
  {
    name: 'service-name-in-environment',
    kinds: POD_KINDS,
    reads: 'spec.template.spec.containers[*].env[*].value',
    certainty: 'likely',
    sentence: 'An environment variable names a Service, so the workload calls it and what answers for it.',
    sees: 'others',
    find: (object, world) => namesIn(object, world, environment),
  },
  {
    name: 'service-name-in-command',
    kinds: POD_KINDS,
    reads: 'spec.template.spec.containers[*].args[*]',
    certainty: 'likely',
    sentence: 'A command line names a Service, so the workload calls it and what answers for it.',
    sees: 'others',
    find: (object, world) => namesIn(object, world, commands),
  },
  {
    name: 'service-name-in-config-map',
    kinds: POD_KINDS,
    reads: 'data of the ConfigMaps in its environment and volumes',
    certainty: 'likely',
    sentence:
      'A ConfigMap that a workload reads names a Service, so the workload calls it and what answers for it.',
    sees: 'others',
    find: (object, world) => namesIn(object, world, configuration),
  },
];

/** A host, and where it was read. */
interface Named {
  readonly host: Host;
  readonly field: string;
}

type Reader = (object: KubeObject, template: PodTemplate, world: World) => readonly Named[];

function namesIn(object: KubeObject, world: World, read: Reader): readonly Found[] {
  const { namespace } = object.metadata;
  if (namespace === undefined) return [];
  return podTemplatesOf(object).flatMap((template) =>
    read(object, template, world).flatMap(({ host, field }) => {
      const to = serviceNamed(host.name, namespace, world);
      if (to === undefined || isApiServer(to) || !listensOn(to, host, world)) return [];
      return answeredBy({ to, field, matched: host.matched, optional: true }, world);
    }),
  );
}

const isApiServer = ({ namespace, name }: ObjectRef): boolean =>
  namespace === 'default' && name === 'kubernetes';

/** A Service that has other ports than the one named is not what is meant; of a headless one any port may be. */
function listensOn(to: ObjectRef, { port }: Host, world: World): boolean {
  const service = world.objects.get(refKey(to));
  const ports = arrayAt(service, 'spec', 'ports');
  if (port === undefined || ports.length === 0 || at(service, 'spec', 'clusterIP') === 'None') return true;
  return ports.some((known) => [at(known, 'port'), at(known, 'targetPort')].includes(port));
}

/** Names of settings whose value is a host: `DB_HOST`, `redis.url`, `--queue-server`, `--replicaof`, `PGHOST`. */
const HOST_SETTING =
  /(?:^|[-_.])(?:(?:PG)?HOSTS?|HOSTNAMES?|ADDR|ADDRESS|URLS?|SERVERS?|ENDPOINTS?|REPLICAOF|SLAVEOF|BROKERS?|UPSTREAMS?|SEEDS|NODES)$/i;

/** The hosts in a setting; a bare word is one only where the name of the setting says so. */
function hostsOfSetting(name: string, value: string): readonly Host[] {
  const bare = HOST_SETTING.test(name) ? value.split(',').flatMap((one) => hostOf(one.trim()) ?? []) : [];
  const known = new Set(bare.map(({ matched }) => matched));
  return [...bare, ...hostsIn(value).filter(({ matched }) => !known.has(matched))];
}

const environment: Reader = (object, template) =>
  environmentOf(object, template).flatMap(({ name, value, field }) =>
    hostsOfSetting(name, value).map((host) => ({ host, field })),
  );

const commands: Reader = (object, template) =>
  commandsOf(object, template).flatMap(({ name, value, field }) => {
    const hosts = name === '' ? hostsInCommand(value) : hostsOfSetting(name, value);
    return hosts.map((host) => ({ host, field }));
  });

/** The hosts in each entry of each ConfigMap, read once however many workloads use it. */
const configMapHosts = perWorld(() => new Map<string, ReadonlyMap<string, readonly Host[]>>());

function hostsOfConfigMap(key: string, world: World): ReadonlyMap<string, readonly Host[]> {
  const read = configMapHosts(world);
  const known = read.get(key);
  if (known !== undefined) return known;
  const entries = Object.entries(fieldsAt(world.objects.get(key), 'data') ?? {});
  const hosts = new Map(
    entries.map(([name, value]) => [name, typeof value === 'string' ? hostsOfEntry(name, value) : []]),
  );
  read.set(key, hosts);
  return hosts;
}

/** A script among the data calls servers as a command line does. */
const hostsOfEntry = (name: string, value: string): readonly Host[] =>
  name.endsWith('.sh') || value.startsWith('#!') ? hostsInCommand(value) : hostsOfSetting(name, value);

function configuration(object: KubeObject, template: PodTemplate, world: World): readonly Named[] {
  const { namespace } = object.metadata;
  const entry = (name: unknown, only?: string): readonly Named[] => {
    if (typeof name !== 'string') return [];
    const key = `ConfigMap/${namespace}/${name}`;
    const entries = [...hostsOfConfigMap(key, world)].filter(([item]) => only === undefined || item === only);
    return entries.flatMap(([item, hosts]) =>
      hosts.map((host) => ({ host, field: `data["${item}"] of ${key}` })),
    );
  };
  const inEnvironment = containersOf(template).flatMap(({ container }) => [
    ...arrayAt(container, 'envFrom').flatMap((from) => entry(at(from, 'configMapRef', 'name'))),
    ...arrayAt(container, 'env').flatMap((variable) => {
      const source = at(variable, 'valueFrom', 'configMapKeyRef');
      return entry(at(source, 'name'), textAt(source, 'key') ?? '');
    }),
  ]);
  const mounted = arrayAt(template.spec, 'volumes').flatMap((volume) => [
    ...entry(at(volume, 'configMap', 'name')),
    ...arrayAt(volume, 'projected', 'sources').flatMap((source) => entry(at(source, 'configMap', 'name'))),
  ]);
  const found = [...inEnvironment, ...mounted];
  // Several containers often read the same ConfigMap: that is one piece of evidence.
  return [...new Map(found.map((named) => [`${named.field} ${named.host.matched}`, named])).values()];
}
