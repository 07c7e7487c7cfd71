/** Reasons on RegionHealth conditions and Events; docs/reference/reasons.md is generated from this. */

export const regionHealthReasons = {
  // Accepted
  SpecAccepted: 'The spec is valid and in force, and the kubeconfig can be used.',
  InvalidSpec: 'A field of the spec cannot be understood; the region is not observed until it is corrected.',
  RegionNotFound: 'The RegionHealth has only just been created; its cluster is not known yet.',
  KubeconfigSecretNotFound: "The Secret named by clusterRef does not exist in the operator's namespace.",
  KubeconfigInvalid: 'The kubeconfig in the Secret is missing or cannot be used; the message says why.',
  // Reachable
  ControlPlaneAnswers: 'The API server is ready and its nodes can be read.',
  NoAnswer: 'The API server does not answer; this alone never makes a region Failed.',
  UntrustedCertificate:
    "The API server's certificate is not signed by the kubeconfig's authority, or has expired.",
  Unauthorized: 'The API server refuses the credentials of the kubeconfig.',
  Forbidden: 'The credentials of the kubeconfig do not allow listing nodes.',
  NotReady: 'The API server answers that it is not ready or too busy.',
  UnexpectedAnswer: 'Something answers that does not behave like an API server.',
  NotAsked:
    'There is no usable kubeconfig to ask the API server with, or its credentials cannot be obtained.',
  // Discovered
  ZonesDiscovered: "The region's zones have been read from its nodes, now or earlier.",
  NoZonesSeen: 'No node of the region was ever seen in its cluster, so the region cannot be judged Failed.',
  AnotherCluster:
    'The kubeconfig leads to another cluster than the one that nodes of the region were seen in; nothing is concluded until it is put right.',
  // Healthy
  RegionHealthy: 'All zones are healthy.',
  RegionDegraded: 'Some zones or probes fail or are slow, but not enough for the region to be failed.',
  RegionFailed: 'Enough zones have been failed for the configured time.',
  ControlPlaneUnreachable:
    'The control plane cannot be asked, and the probes do not say that the region is failed.',
  NothingKnown: 'Neither nodes nor probes tell anything about the region.',
  ObserverIsolated:
    'No watched region shows any sign of life, so the observer itself is probably cut off; nothing is concluded.',
  // Events only
  RegionRecovered: 'A failed region has looked well for the configured time.',
  ZoneHealthy: 'A zone became healthy.',
  ZoneDegraded: 'A zone became degraded.',
  ZoneFailed: 'A zone became failed.',
  ZoneUnknown: 'Nothing is known any more about a zone.',
} as const satisfies Record<string, string>;

export type RegionHealthReason = keyof typeof regionHealthReasons;
