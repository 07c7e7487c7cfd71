/**
 * The programs a lab is made of, in the order in which they are needed, and
 * where each comes from: the user's own installation when its version fits,
 * else a pinned Go module in `hack/lab/binaries/`, built once and cached.
 * What builds and finds them is in `build/`.
 */
import { fileURLToPath } from 'node:url';
import type { VersionRule } from './build/versions.ts';

export const BINARY_NAMES = [
  'tether',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'toxiproxy-server',
  'kwok',
  'coredns',
  'external-dns',
  'helm',
  'versitygw',
  'velero',
  'velero-plugin-for-aws',
  'csi-provisioner',
  'csi-snapshotter',
  'snapshot-controller',
] as const;
export type BinaryName = (typeof BINARY_NAMES)[number];

/** Programs of add-ons, which only who asks for them builds and waits for. */
const ADD_ON_NAMES: readonly BinaryName[] = [
  'versitygw',
  'velero',
  'velero-plugin-for-aws',
  'csi-provisioner',
  'csi-snapshotter',
  'snapshot-controller',
];
/** What every lab needs. */
export const CORE_NAMES: readonly BinaryName[] = BINARY_NAMES.filter((name) => !ADD_ON_NAMES.includes(name));

/** One Go module, what is built from it, and when something already installed serves as well. */
export interface BinaryModule {
  /** Folder in hack/lab/binaries; several programs may come from one. */
  readonly module: string;
  /** Of what the module wraps, for people and for `-X` flags. */
  readonly version: string;
  readonly purpose: string;
  /** Package to build; `.` is the module's own main.go. */
  readonly package: string;
  readonly executable: string;
  /** What callers ask for. Names other than `executable` become links to it. */
  readonly names: readonly BinaryName[];
  readonly linkerFlags?: readonly string[];
  /** How to tell that installed programs fit; all of `names` must. Absent: always built. */
  readonly installed?: { readonly [name in BinaryName]?: InstalledCheck };
}

export interface InstalledCheck {
  readonly arguments: readonly string[];
  readonly rule: VersionRule;
}

const KUBERNETES = '1.35.4';
const VELERO = '1.18.3';
const sameKubernetesMinor: VersionRule = { version: KUBERNETES, precision: 'minor' };

export const BINARY_MODULES: readonly BinaryModule[] = [
  {
    module: 'tether',
    version: '0.1.0',
    purpose: 'ends every server of the lab when the lab itself dies',
    package: '.',
    executable: 'tether',
    names: ['tether'],
  },
  {
    module: 'kubernetes',
    version: KUBERNETES,
    purpose: 'etcd, the Kubernetes control plane and kubectl',
    package: '.',
    executable: 'kubernetes',
    names: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
    linkerFlags: [`-X k8s.io/component-base/version.gitVersion=v${KUBERNETES}`],
    installed: {
      etcd: { arguments: ['--version'], rule: { version: '3.6.5', precision: 'minor' } },
      'kube-apiserver': { arguments: ['--version'], rule: sameKubernetesMinor },
      'kube-controller-manager': { arguments: ['--version'], rule: sameKubernetesMinor },
      'kube-scheduler': { arguments: ['--version'], rule: sameKubernetesMinor },
      kubectl: { arguments: ['version', '--client'], rule: sameKubernetesMinor },
    },
  },
  {
    module: 'toxiproxy',
    version: '2.12.0',
    purpose: 'network links that can be cut, delayed and throttled',
    package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
    executable: 'toxiproxy-server',
    names: ['toxiproxy-server'],
    linkerFlags: ['-X github.com/Shopify/toxiproxy/v2.Version=2.12.0'],
    installed: {
      'toxiproxy-server': { arguments: ['--version'], rule: { version: '2.12.0', precision: 'exact' } },
    },
  },
  {
    module: 'kwok',
    version: '0.8.0',
    purpose: 'nodes, and pods that become ready on them',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    executable: 'kwok',
    names: ['kwok'],
    installed: { kwok: { arguments: ['--version'], rule: { version: '0.8.0', precision: 'exact' } } },
  },
  {
    module: 'coredns',
    version: '1.14.7',
    purpose: 'authoritative DNS server',
    package: '.',
    executable: 'coredns',
    names: ['coredns'],
    installed: { coredns: { arguments: ['-version'], rule: { version: '1.14.7', precision: 'exact' } } },
  },
  {
    module: 'external-dns',
    version: '0.21.0',
    purpose: 'writes DNS records from annotations',
    package: 'sigs.k8s.io/external-dns',
    executable: 'external-dns',
    names: ['external-dns'],
    installed: {
      'external-dns': { arguments: ['--version'], rule: { version: '0.21.0', precision: 'exact' } },
    },
  },
  {
    module: 'helm',
    version: '4.2.4',
    purpose: 'installs the chart',
    package: 'helm.sh/helm/v4/cmd/helm',
    executable: 'helm',
    names: ['helm'],
    linkerFlags: ['-X helm.sh/helm/v4/internal/version.version=v4.2.4'],
    installed: {
      helm: { arguments: ['version', '--short'], rule: { version: '4.2.4', precision: 'major' } },
    },
  },
  {
    module: 'versitygw',
    version: '1.8.0',
    purpose: 'S3 server on a directory',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    executable: 'versitygw',
    names: ['versitygw'],
    linkerFlags: ['-X main.Version=1.8.0'],
    installed: { versitygw: { arguments: ['--version'], rule: { version: '1.8.0', precision: 'exact' } } },
  },
  {
    module: 'velero',
    version: VELERO,
    purpose: 'Velero, whose points and ours must be of one kind',
    package: '.',
    executable: 'velero',
    names: ['velero'],
    linkerFlags: [`-X github.com/vmware-tanzu/velero/pkg/buildinfo.Version=v${VELERO}`],
  },
  {
    module: 'velero',
    version: '1.14.3',
    purpose: "Velero's way to S3",
    package: 'github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws',
    executable: 'velero-plugin-for-aws',
    names: ['velero-plugin-for-aws'],
  },
  csiSidecar('external-provisioner/v6', 'csi-provisioner', '6.3.0', 'makes volumes of claims'),
  csiSidecar('external-snapshotter/v8', 'csi-snapshotter', '8.6.0', 'has the driver take snapshots'),
  csiSidecar('external-snapshotter/v8', 'snapshot-controller', '8.6.0', 'binds snapshots to their contents'),
];

function csiSidecar(
  repository: string,
  name: Extract<BinaryName, `${'csi' | 'snapshot'}-${string}`>,
  version: string,
  purpose: string,
): BinaryModule {
  return {
    module: 'csi',
    version,
    purpose,
    package: `github.com/kubernetes-csi/${repository}/cmd/${name}`,
    executable: name,
    names: [name],
  };
}

/** Folder of the Go modules. */
export const MODULES_DIRECTORY = fileURLToPath(new URL('./binaries/', import.meta.url));
